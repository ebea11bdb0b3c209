//! What is known of a request before it is sent.

use crate::RequestOptions;
use http::{Method, Request, Uri};

/// What requests are told apart by: few values each, so that they can be labels of metrics.
///
/// ```
/// use http::Request;
/// use tower_clients_layers::{RequestOptions, metrics::Labels};
///
/// let request = Request::get("https://api.example.com/users/7?key=secret")
///     .extension(RequestOptions::new().template("/users/{id}"))
///     .body(())?;
/// let labels = Labels::of(&request);
/// assert_eq!((labels.method, labels.template), ("GET", Some("/users/{id}")));
/// assert_eq!((labels.server_address, labels.server_port), (Some("api.example.com"), Some(443)));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Labels<'a> {
    /// `http.request.method`: one of RFC 9110, `PATCH` or `QUERY`; `_OTHER` for any other.
    pub method: &'static str,
    /// `server.address`: the host of the URI, an IPv6 address without brackets.
    pub server_address: Option<&'a str>,
    /// `server.port`: that of the URI, or that of its scheme.
    pub server_port: Option<u16>,
    /// `url.template`: see [`RequestOptions::template`].
    pub template: Option<&'static str>,
}

impl<'a> Labels<'a> {
    /// Those of a request.
    pub fn of<B>(request: &'a Request<B>) -> Self {
        let template = RequestOptions::of(request).and_then(RequestOptions::template_value);
        Self::new(name_of(request.method()), request.uri(), template)
    }

    pub(crate) fn new(method: &'static str, uri: &'a Uri, template: Option<&'static str>) -> Self {
        let server_address = uri.host().map(|host| host.trim_matches(['[', ']']));
        let server_port = uri.port_u16().or(match uri.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        });
        Self { method, server_address, server_port, template }
    }
}

/// The name of a method, if it is well known.
fn name_of(method: &Method) -> &'static str {
    const KNOWN: [&str; 10] =
        ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(method: &str, uri: &str) -> (&'static str, Option<String>, Option<u16>) {
        let request = Request::builder().method(method).uri(uri).body(()).unwrap();
        let Labels { method, server_address, server_port, .. } = Labels::of(&request);
        (method, server_address.map(str::to_owned), server_port)
    }

    #[test]
    fn unknown_method_is_one_of_all_others() {
        assert_eq!(labels("QUERY", "/").0, "QUERY");
        for method in ["PROPFIND", "get", "1f3a"] {
            assert_eq!(labels(method, "/").0, "_OTHER");
        }
    }

    #[test]
    fn server_is_that_of_the_uri_without_brackets_and_user_information() {
        let server = |uri| (labels("GET", uri).1, labels("GET", uri).2);
        let host = |host: &str| Some(host.to_owned());
        assert_eq!(server("http://user:pass@h/"), (host("h"), Some(80)));
        assert_eq!(server("https://[::1]:8443/"), (host("::1"), Some(8443)));
        assert_eq!(server("/relative"), (None, None));
    }
}
