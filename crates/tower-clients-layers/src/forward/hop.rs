//! What is for one hop only (RFC 9110 §7.6.1).

use super::error::Reason;
use crate::Error;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request,
    header::{
        CONNECTION, CONTENT_LENGTH, MAX_FORWARDS, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
        TRANSFER_ENCODING, UPGRADE,
    },
};

/// What is for one hop although `Connection` may not name it.
const ONE_HOP: [HeaderName; 9] = [
    CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
];

/// The elements of a header that is a list.
pub(super) fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|element| !element.is_empty())
}

/// Refuses what is said to this hop itself, and counts it where hops are counted (RFC 9110 §7.6.2).
pub(super) fn check<B>(request: &mut Request<B>) -> Result<(), Error> {
    match *request.method() {
        Method::CONNECT => Err(Reason::Tunnel.into()),
        Method::TRACE => Err(Reason::Trace.into()),
        Method::OPTIONS => {
            let headers = request.headers_mut();
            let left = headers.get(MAX_FORWARDS).and_then(|left| left.to_str().ok()?.parse().ok());
            let Some(left) = left else { return Ok(()) };
            let left = u64::checked_sub(left, 1).ok_or(Reason::LastHop)?;
            headers.insert(MAX_FORWARDS, left.into());
            Ok(())
        }
        _ => Ok(()),
    }
}

/// `protocol` is what the connection is to change to.
pub(super) fn strip_request(headers: &mut HeaderMap, protocol: Option<&HeaderValue>) {
    let wants_trailers = list(headers, &TE).any(|coding| coding.eq_ignore_ascii_case("trailers"));
    strip(headers);
    if wants_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.append(CONNECTION, HeaderValue::from_static("te"));
    }
    if let Some(protocol) = protocol {
        change_to(headers, protocol.clone());
    }
}

pub(super) fn strip_response(headers: &mut HeaderMap, changes: bool) {
    let protocol = headers.get(UPGRADE).filter(|_| changes).cloned();
    strip(headers);
    if let Some(protocol) = protocol {
        change_to(headers, protocol);
    }
}

fn change_to(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.append(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, protocol);
}

fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> =
        list(headers, &CONNECTION).filter_map(|name| name.parse().ok()).collect();
    if headers.contains_key(TRANSFER_ENCODING) {
        // It was of no effect (RFC 9112 §6.3), and would be of one again.
        headers.remove(CONTENT_LENGTH);
    }
    for name in named.iter().chain(&ONE_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field =
            |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        fields.iter().map(field).collect()
    }

    #[test]
    fn what_connection_names_is_left_out() {
        let mut map = headers(&[
            ("connection", "close, X-One"),
            ("connection", "x-two , \\"),
            ("x-one", "1"),
            ("x-two", "2"),
            ("x-three", "3"),
        ]);
        strip_request(&mut map, None);
        assert_eq!(map, headers(&[("x-three", "3")]));
    }

    #[test]
    fn what_is_for_one_hop_is_left_out_unnamed() {
        let mut map = headers(&[
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic eDp5"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABkAARAAAAAAAIAAAAA"),
            ("te", "gzip"),
            ("trailer", "x-checksum"),
        ]);
        strip_request(&mut map, None);
        assert_eq!(map, headers(&[("trailer", "x-checksum")]));
    }

    #[test]
    fn wish_for_trailers_is_passed_on() {
        let mut map = headers(&[("te", "gzip, Trailers"), ("connection", "te")]);
        strip_request(&mut map, None);
        assert_eq!(map, headers(&[("te", "trailers"), ("connection", "te")]));
    }

    #[test]
    fn change_of_the_protocol_is_asked_for_and_told_anew() {
        let fields = [("connection", "Upgrade, keep-alive"), ("upgrade", "websocket")];
        let changed = headers(&[("connection", "upgrade"), ("upgrade", "websocket")]);
        let mut request = headers(&fields);
        strip_request(&mut request, Some(&HeaderValue::from_static("websocket")));
        assert_eq!(request, changed);
        let mut response = headers(&fields);
        strip_response(&mut response, true);
        assert_eq!(response, changed);
        strip_response(&mut response, false);
        assert_eq!(response, HeaderMap::new());
    }
}
