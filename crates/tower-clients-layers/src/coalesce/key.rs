//! Which requests are equal.

use crate::{Body, RequestOptions};
use http::{
    HeaderMap, HeaderName, Method, Request, Uri, Version,
    header::{CACHE_CONTROL, HeaderValue},
};
use http_body::Body as _;
use std::hash::{Hash, Hasher};

/// Headers that name one request among others, and do not change its answer.
const IRRELEVANT: [HeaderName; 4] = [
    HeaderName::from_static("baggage"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("x-request-id"),
];

/// What equal requests have in common: everything but [`IRRELEVANT`] headers and foreign extensions.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
    options: Option<RequestOptions>,
}

impl Key {
    /// `None` when the request is to be sent by itself.
    pub(super) fn of(request: &Request<Body>) -> Option<Self> {
        let is_read = [Method::GET, Method::HEAD].contains(request.method());
        if !is_read || !request.body().is_end_stream() || wants_its_own(request.headers()) {
            return None;
        }
        let mut headers = request.headers().clone();
        for name in IRRELEVANT {
            headers.remove(name);
        }
        Some(Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers,
            options: RequestOptions::of(request).cloned(),
        })
    }
}

/// Whether a request says that it wants no answer to another one (RFC 9111 §5.2.1).
fn wants_its_own(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CACHE_CONTROL).iter().map(HeaderValue::as_bytes);
    lines.flat_map(|line| line.split(|byte| *byte == b',')).any(|directive| {
        let directive = directive.trim_ascii();
        directive.eq_ignore_ascii_case(b"no-cache") || directive.eq_ignore_ascii_case(b"no-store")
    })
}

/// Equal keys have equal hashes; headers only tell keys apart.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.method.hash(state);
        self.uri.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(uri: &str, headers: &[(&str, &str)]) -> Option<Key> {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Key::of(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn requests_that_differ_in_anything_are_not_equal() {
        let base = key("http://h/a", &[("accept", "a")]).unwrap();
        for (uri, headers, equal) in [
            ("http://h/a", &[("accept", "a")][..], true),
            ("http://H/a", &[("Accept", "a")], true),
            ("http://h/a", &[("accept", "a"), ("traceparent", "1")], true),
            ("http://h/a", &[("x-request-id", "1"), ("accept", "a")], true),
            ("http://h/b", &[("accept", "a")], false),
            ("http://h/a?q", &[("accept", "a")], false),
            ("https://h/a", &[("accept", "a")], false),
            ("http://h/a", &[("accept", "b")], false),
            ("http://h/a", &[("accept", "a"), ("accept", "b")], false),
            ("http://h/a", &[], false),
            ("http://h/a", &[("accept", "a"), ("authorization", "x")], false),
            ("http://h/a", &[("accept", "a"), ("cookie", "x")], false),
            ("http://h/a", &[("accept", "a"), ("range", "bytes=1-")], false),
        ] {
            assert_eq!(key(uri, headers).unwrap() == base, equal, "{uri} {headers:?}");
        }
        let head = Request::head("http://h/a").header("accept", "a").body(Body::empty()).unwrap();
        assert!(Key::of(&head).unwrap() != base);
        let mut limited = head.map(|body| body);
        *limited.method_mut() = Method::GET;
        RequestOptions::of_mut(&mut limited).clone_from(&RequestOptions::new().limit(1));
        assert!(Key::of(&limited).unwrap() != base);
    }

    #[test]
    fn some_requests_are_sent_by_themselves() {
        for value in ["no-cache", "max-age=0, No-Store", "no-store,x"] {
            assert!(key("http://h/", &[("cache-control", value)]).is_none(), "{value}");
        }
        for value in ["max-age=0", "no-cachet", "only-if-cached"] {
            assert!(key("http://h/", &[("cache-control", value)]).is_some(), "{value}");
        }
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let request = Request::builder().method(method).uri("/").body(Body::empty()).unwrap();
            assert!(Key::of(&request).is_none());
        }
        assert!(Key::of(&Request::get("/").body("x".into()).unwrap()).is_none());
    }
}
