//! What characters and segments a URL may have here.

use crate::error::{Reason, UrlError};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use url::Url;

/// Bytes that mean themselves in a path and cannot begin a scheme, an encoding or a query.
pub(super) fn is_plain_path_byte(byte: u8) -> bool {
    PLAIN[usize::from(byte)]
}

/// Every byte of every reference is looked up here.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < plain.len() {
        plain[byte] = (byte as u8).is_ascii_alphanumeric()
            || matches!(byte as u8, b'-' | b'.' | b'_' | b'~' | b'/' | b'!' | b'$' | b'&' | b'(')
            || matches!(byte as u8, b')' | b'*' | b'+' | b',' | b';' | b'=' | b'@');
        byte += 1;
    }
    plain
};

/// Whether a path has a segment that some server reads as `.` or `..`: raw, percent-encoded,
/// followed by parameters, or beside an encoded slash or a backslash.
pub(super) fn has_dot_segment(path: &str) -> bool {
    if !path.contains(['.', '%']) {
        return false;
    }
    let decoded: Cow<'_, [u8]> = percent_decode_str(path).into();
    decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(|segment| {
        let name = segment.split(|&byte| byte == b';').next().unwrap_or(segment);
        matches!(name, b"." | b"..")
    })
}

/// Parsers drop some of these characters silently, and then read something else than was checked.
pub(super) fn forbid_control_characters(reference: &str) -> Result<(), UrlError> {
    match reference.chars().find(|char| char.is_ascii_control() || *char == '\\') {
        Some(char) => Err(Reason::Forbidden(char).into()),
        None => Ok(()),
    }
}

/// The path of a URL as `http` takes it: `url` leaves `^`, which RFC 3986 does not allow.
pub(super) fn uri_path(url: &Url) -> String {
    url.path().replace('^', "%5E")
}

/// The query of a URL as `http` takes it: `url` leaves the backtick.
pub(super) fn uri_query(url: &Url) -> Option<String> {
    url.query().map(|query| query.replace('`', "%60"))
}

pub(super) fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Parses a URL that must have a scheme, `//` and a host.
pub(super) fn parse_absolute(text: &str) -> Result<Url, UrlError> {
    forbid_control_characters(text)?;
    let rest = text.split_once("://").ok_or(Reason::NotAbsolute)?.1;
    if rest.starts_with('/') {
        return Err(Reason::NotAbsolute.into());
    }
    Ok(Url::parse(text).map_err(Reason::Invalid)?)
}
