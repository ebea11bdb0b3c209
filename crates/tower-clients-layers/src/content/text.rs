//! Text by its charset.

use super::ContentError;
use crate::MediaType;

/// Decodes text. Malformed text is an error, not a replacement character.
#[cfg(feature = "charset")]
pub(super) fn decode(media_type: &MediaType, body: &[u8]) -> Result<String, ContentError> {
    let encoding = match media_type.parameter("charset") {
        None => encoding_rs::UTF_8,
        Some(label) => encoding_rs::Encoding::for_label(label.as_bytes())
            .ok_or_else(|| ContentError::Charset { label: label.into() })?,
    };
    let (text, encoding, malformed) = encoding.decode(body);
    if malformed {
        return Err(ContentError::Malformed { charset: encoding.name() });
    }
    Ok(text.into_owned())
}

/// Decodes text. Malformed text is an error, not a replacement character.
#[cfg(not(feature = "charset"))]
pub(super) fn decode(media_type: &MediaType, body: &[u8]) -> Result<String, ContentError> {
    match media_type.parameter("charset") {
        None => decode_utf_8(body),
        Some(label)
            if ["utf-8", "utf8", "us-ascii", "ascii"]
                .iter()
                .any(|name| label.eq_ignore_ascii_case(name)) =>
        {
            decode_utf_8(body)
        }
        Some(label) => Err(ContentError::Charset { label: label.into() }),
    }
}

pub(super) fn decode_utf_8(body: &[u8]) -> Result<String, ContentError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = str::from_utf8(body).map_err(|_| ContentError::Malformed { charset: "UTF-8" })?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(media_type: &str, body: &[u8]) -> Result<String, ContentError> {
        decode(&media_type.parse().unwrap(), body)
    }

    #[test]
    fn e5_text_is_utf_8_without_a_charset() {
        assert_eq!(text("text/plain", "é".as_bytes()).unwrap(), "é");
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
    }

    #[test]
    fn e5_unknown_label_is_an_error_that_names_it() {
        let error = text("text/plain;charset=klingon", b"x").unwrap_err();
        assert_eq!(error, ContentError::Charset { label: "klingon".into() });
        assert!(error.to_string().contains("klingon"));
    }
}
