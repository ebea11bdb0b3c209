//! Text by its charset.

use super::ContentError;
use crate::MediaType;
use std::borrow::Cow;

/// Decodes text. Malformed text is an error, not a replacement character.
pub(crate) fn decode(media_type: Option<&MediaType>, body: &[u8]) -> Result<String, ContentError> {
    match media_type.and_then(|media_type| media_type.parameter("charset")) {
        None => decode_labelled("utf-8", body),
        Some(label) => decode_labelled(label, body),
    }
}

/// Decodes text, with replacement characters where it is malformed.
pub(crate) fn decode_lossy<'a>(media_type: Option<&MediaType>, body: &'a [u8]) -> Cow<'a, str> {
    match decode(media_type, body) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(body),
    }
}

#[cfg(feature = "charset")]
fn decode_labelled(label: &str, body: &[u8]) -> Result<String, ContentError> {
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes())
        .ok_or_else(|| ContentError::Charset { label: label.into() })?;
    let (text, encoding, malformed) = encoding.decode(body);
    if malformed {
        return Err(ContentError::Malformed { charset: encoding.name() });
    }
    Ok(text.into_owned())
}

#[cfg(not(feature = "charset"))]
fn decode_labelled(label: &str, body: &[u8]) -> Result<String, ContentError> {
    let is = |names: &[&str]| names.iter().any(|name| label.eq_ignore_ascii_case(name));
    let known = is(&["utf-8", "utf8"]) || is(&["us-ascii", "ascii"]) && body.is_ascii();
    let utf_16 = body.starts_with(b"\xff\xfe") || body.starts_with(b"\xfe\xff");
    if !known || utf_16 {
        return Err(ContentError::Charset { label: label.into() });
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = str::from_utf8(body).map_err(|_| ContentError::Malformed { charset: "UTF-8" })?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(media_type: &str, body: &[u8]) -> Result<String, ContentError> {
        decode(media_type.parse().ok().as_ref(), body)
    }

    #[test]
    fn e5_text_is_utf_8_without_a_charset() {
        assert_eq!(text("text/plain", "é".as_bytes()).unwrap(), "é");
        assert_eq!(text("no media type", "é".as_bytes()).unwrap(), "é");
        assert_eq!(text("text/plain;charset=us-ascii", b"e").unwrap(), "e");
        assert_eq!(text("text/plain;charset=UTF-8", b"\xef\xbb\xbfx").unwrap(), "x");
        assert_eq!(text("text/plain", b"\xff"), Err(ContentError::Malformed { charset: "UTF-8" }));
    }

    #[test]
    #[cfg(feature = "charset")]
    fn e5_labels_of_the_encoding_standard_are_known() {
        assert_eq!(text("text/plain;charset=latin1", b"\xe9\x80").unwrap(), "é€");
        assert_eq!(text("text/plain;charset=\"Shift_JIS\"", b"\x93\xfa").unwrap(), "日");
        assert_eq!(text("text/plain;charset=utf-16le", b"a\0").unwrap(), "a");
        assert_eq!(text("text/plain;charset=latin1", b"\xff\xfea\0").unwrap(), "a");
        assert_eq!(text("no media type", b"\xff\xfea\0").unwrap(), "a");
    }

    #[test]
    fn e5_unknown_label_is_an_error_that_names_it() {
        let error = text("text/plain;charset=klingon", b"x").unwrap_err();
        assert_eq!(error, ContentError::Charset { label: "klingon".into() });
        assert!(error.to_string().contains("klingon"));
    }
}
