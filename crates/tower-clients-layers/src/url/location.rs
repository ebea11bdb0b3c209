//! What the `Location` of a response names.

use super::{
    Origin,
    rules::{forbid_control_characters, has_user_info, uri_path, uri_query},
};
use crate::error::{Reason, UrlError};
use http::{HeaderMap, Uri, header::LOCATION};
use url::{Position, Url};

/// The `Location` of a response, resolved against the URI of its request (RFC 9110 §10.2.2), which
/// must be absolute; `None` without one.
///
/// It is data, and may lead anywhere: whoever follows it gives it to a
/// [`BaseUrl`](super::BaseUrl), which checks it. A fragment is left out. Characters above ASCII are
/// encoded.
///
/// # Errors
///
/// There are lines that differ; the value is not UTF-8, does not parse, has another scheme than
/// `http` and `https`, or has user information (RFC 9110 §4.2.4), an empty host, a control character
/// or a backslash.
///
/// ```
/// use http::{HeaderMap, HeaderValue, Uri, header::LOCATION};
/// use tower_clients_layers::url::location;
///
/// let request = Uri::from_static("http://h/v1/users");
/// let mut headers = HeaderMap::new();
/// assert_eq!(location(&request, &headers)?, None);
/// headers.insert(LOCATION, HeaderValue::from_static("users/7"));
/// assert_eq!(location(&request, &headers)?.unwrap(), "http://h/v1/users/7");
/// # Ok::<(), tower_clients_layers::UrlError>(())
/// ```
pub fn location(request: &Uri, headers: &HeaderMap) -> Result<Option<Uri>, UrlError> {
    let mut values = headers.get_all(LOCATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.any(|other| other != value) {
        return Err(Reason::Locations.into());
    }
    let reference = str::from_utf8(value.as_bytes()).map_err(|_| Reason::NotUtf8)?;
    forbid_control_characters(reference)?;
    let url = Url::parse(&request.to_string())
        .and_then(|url| url.join(reference))
        .map_err(Reason::Invalid)?;
    if has_user_info(&url) {
        return Err(Reason::UserInfo.into());
    }
    Origin::of_url(&url)?;
    if has_empty_host(reference) {
        return Err(Reason::NoHost.into());
    }
    let mut text = format!("{}{}", &url[..Position::BeforePath], uri_path(&url));
    if let Some(query) = uri_query(&url) {
        text.push('?');
        text.push_str(&query);
    }
    Ok(Some(text.parse::<Uri>().map_err(http::Error::from)?))
}

/// As `http:///x` has. Some parsers skip the slashes and then read a host.
fn has_empty_host(reference: &str) -> bool {
    let is_scheme =
        |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let rest = match reference.trim_start().split_once("//") {
        Some(("", rest)) => rest,
        Some((scheme, rest)) if scheme.strip_suffix(':').is_some_and(is_scheme) => rest,
        _ => return false,
    };
    rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn located(lines: &[&[u8]]) -> Result<Option<Uri>, UrlError> {
        let lines = lines.iter().map(|line| (LOCATION, HeaderValue::from_bytes(line).unwrap()));
        location(&Uri::from_static("http://h/v1/users?q=1"), &lines.collect())
    }

    #[test]
    fn a7_reference_is_resolved_against_the_request() {
        for (reference, uri) in [
            ("/v1/users/7", "http://h/v1/users/7"),
            ("users/7", "http://h/v1/users/7"),
            ("../x", "http://h/x"),
            ("?id=7#f", "http://h/v1/users?id=7"),
            ("", "http://h/v1/users?q=1"),
            ("http://h/v2/7", "http://h/v2/7"),
            ("HTTP://H:80/", "http://h/"),
            ("https://other:8443/x", "https://other:8443/x"),
            ("//other/x", "http://other/x"),
            ("@host", "http://h/v1/@host"),
            ("/a///b", "http://h/a///b"),
            ("x?u=http:///b", "http://h/v1/x?u=http:///b"),
            ("/é^?`", "http://h/%C3%A9%5E?%60"),
        ] {
            let given = located(&[reference.as_bytes()]).unwrap().unwrap();
            assert_eq!(given, uri, "{reference}");
        }
    }

    #[test]
    fn a7_missing_location_is_none() {
        assert_eq!(located(&[]).unwrap(), None);
    }

    #[test]
    fn a7_what_cannot_be_read_is_an_error() {
        for (reference, reason) in [
            (&b"/\xff"[..], "not UTF-8"),
            (b"http://user:CANARY@h/", "user information"),
            (b"//h@evil/", "user information"),
            (b"/\\evil/", "not allowed"),
            (b"/a\tb", "not allowed"),
            (b"ftp://h/x", "schemes"),
            (b"mailto:a", "schemes"),
            (b"http://", "does not parse"),
            (b"http:///evil/", "a host"),
            (b" ////evil/", "empty host"),
        ] {
            let error = located(&[reference]).unwrap_err().to_string();
            assert!(error.contains(reason) && !error.contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn a7_two_lines_must_agree() {
        assert_eq!(located(&[b"/a", b"/a"]).unwrap().unwrap(), "http://h/a");
        assert!(located(&[b"/a", b"/b"]).unwrap_err().to_string().contains("differ"));
    }
}
