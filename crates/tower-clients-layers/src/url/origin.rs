//! The origin of a URL: what credentials are bound to.

use super::rules::{has_user_info, parse_absolute};
use crate::error::{Error, Reason, UrlError};
use http::{Request, Uri, uri::Authority};
use std::{fmt, str::FromStr, sync::Arc};
use url::Url;

/// An extension of requests that a redirect led to from another origin, over however many hops.
/// [`RedirectLayer`](crate::RedirectLayer) adds it; with it, a request gets nothing that is bound to an
/// origin, wherever it goes: another server has chosen its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrossedOrigin;

/// Scheme, host and port (RFC 6454), in one canonical form.
///
/// ```
/// use tower_clients_layers::url::Origin;
///
/// let origin: Origin = "https://EXAMPLE.com:443".parse()?;
/// assert!(origin.contains(&http::Uri::from_static("https://example.com/any/path")));
/// assert!(!origin.contains(&http::Uri::from_static("http://example.com/")));
/// assert_eq!(origin.to_string(), "https://example.com");
/// # Ok::<(), tower_clients_layers::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    inner: Arc<Inner>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Inner {
    https: bool,
    host: Box<str>,
    port: u16,
    /// Host and port as nearly every URI writes them.
    authority: Box<str>,
}

impl Origin {
    /// The origin of an absolute `http` or `https` URI.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when it is not absolute, or its host or port
    /// cannot be used.
    pub fn of(uri: &Uri) -> Result<Self, Error> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(UrlError::from(Reason::NotAbsolute).into());
        };
        let host = authority.as_str().rsplit('@').next().unwrap_or("");
        format!("{scheme}://{host}").parse()
    }

    pub(super) fn of_url(url: &Url) -> Result<Self, UrlError> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Reason::Scheme.into()),
        };
        let host = url.host_str().ok_or(Reason::NotAbsolute)?;
        if host.ends_with('.') {
            return Err(Reason::HostDot.into());
        }
        let port = url.port_or_known_default().filter(|&port| port != 0).ok_or(Reason::Port)?;
        let authority = match port == default_port(https) {
            true => host.into(),
            false => format!("{host}:{port}").into(),
        };
        Ok(Self { inner: Arc::new(Inner { https, host: host.into(), port, authority }) })
    }

    /// Whether a URI lies on this origin. A URI without scheme and authority lies on none.
    #[must_use]
    pub fn contains(&self, uri: &Uri) -> bool {
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return false,
        };
        let Some(authority) = uri.authority().filter(|_| https == self.inner.https) else {
            return false;
        };
        authority.as_str() == &*self.inner.authority
            || self.inner.host.eq_ignore_ascii_case(authority.host())
                && port_of(authority, https) == Some(self.inner.port)
    }

    /// Whether a request gets what is bound to this origin: its URI lies here, and no redirect from
    /// another origin [led](CrossedOrigin) to it.
    #[must_use]
    pub fn binds<B>(&self, request: &Request<B>) -> bool {
        self.contains(request.uri()) && request.extensions().get::<CrossedOrigin>().is_none()
    }

    /// Whether a parsed URL lies on this origin.
    pub(super) fn is_of(&self, url: &Url) -> bool {
        let scheme = if self.inner.https { "https" } else { "http" };
        url.scheme() == scheme
            && url.host_str() == Some(&self.inner.host)
            && url.port_or_known_default() == Some(self.inner.port)
    }
}

/// The port of an authority; `None` when it is written in a way that is no port.
fn port_of(authority: &Authority, https: bool) -> Option<u16> {
    let after_user = authority.as_str().rsplit('@').next()?;
    match after_user.strip_prefix(authority.host())? {
        "" | ":" => Some(default_port(https)),
        port => {
            let digits = port.strip_prefix(':')?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
        }
    }
}

fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

impl FromStr for Origin {
    type Err = Error;

    /// Parses scheme, host and port. Anything more than a final slash is an error, since it would
    /// not be part of the origin.
    fn from_str(text: &str) -> Result<Self, Error> {
        let url = parse_absolute(text)?;
        let rest = &url[url::Position::BeforePath..];
        if has_user_info(&url) || !matches!(rest, "" | "/") {
            return Err(UrlError::from(Reason::MoreThanOrigin).into());
        }
        Ok(Self::of_url(&url)?)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { https, authority, .. } = &*self.inner;
        write!(f, "{}://{authority}", if *https { "https" } else { "http" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Result<Origin, Error> {
        text.parse()
    }

    #[test]
    fn a6_host_forms_have_one_canonical_origin() {
        for (text, canonical) in [
            ("HTTP://H:80", "http://h"),
            ("https://h:443/", "https://h"),
            ("http://h:443", "http://h:443"),
            ("http://0x7f.1", "http://127.0.0.1"),
            ("http://0177.0.0.1:08080", "http://127.0.0.1:8080"),
            ("http://[0:0::1]:80", "http://[::1]"),
            ("http://bücher.example", "http://xn--bcher-kva.example"),
            ("http://XN--BCHER-KVA.example", "http://xn--bcher-kva.example"),
        ] {
            assert_eq!(origin(text).unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn a6_unusable_hosts_and_ports_are_errors() {
        for text in [
            "http://h:0",
            "http://h:99999",
            "http://h.",
            "http://[fe80::1%25eth0]",
            "http://xn--example-.org",
            "ftp://h",
            "h",
            "",
            "https://h/path",
            "https://h?q",
            "https://u@h",
            "https:h",
            "https:\\\\h",
            "ht\ntps://h",
        ] {
            assert!(origin(text).unwrap_err().is_url(), "{text}");
        }
    }

    #[test]
    fn default_port_may_be_written_or_not() {
        let origin = origin("http://h").unwrap();
        for (uri, inside) in [
            ("http://h/x", true),
            ("http://h:80/x", true),
            ("http://H/x", true),
            ("http://h:81/x", false),
            ("https://h/x", false),
            ("https://h:80/x", false),
            ("http://h:/x", true),
            ("http://h:65536/x", false),
            ("http://h:99999/x", false),
            ("http://h./x", false),
            ("http://hh/x", false),
            ("/x", false),
        ] {
            assert_eq!(origin.contains(&uri.parse().unwrap()), inside, "{uri}");
        }
    }

    #[test]
    fn b2_nothing_is_bound_to_a_request_that_crossed_origins() {
        let origin = origin("http://h").unwrap();
        let mut request = Request::get("http://h/x").body(()).unwrap();
        assert!(origin.binds(&request));
        request.extensions_mut().insert(CrossedOrigin);
        assert!(!origin.binds(&request));
    }

    #[test]
    fn user_information_is_no_part_of_an_origin() {
        let origin = origin("http://good").unwrap();
        assert!(!origin.contains(&Uri::from_static("http://good@evil/")));
        assert!(origin.contains(&Uri::from_static("http://evil@good/")));
    }

    mod properties {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #[test]
            fn a6_equality_is_what_contains_says(
                host in "[a-cA-C]{1,2}", port in prop::option::of(79u16..82), https: bool,
                other_host in "[a-c]{1,2}", other_port in prop::option::of(79u16..82), other_https: bool,
            ) {
                let text = |https: bool, host: &str, port: Option<u16>| {
                    let scheme = if https { "https" } else { "http" };
                    port.map_or(format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}"))
                };
                let (a, b) = (text(https, &host, port), text(other_https, &other_host, other_port));
                let (left, right) = (origin(&a).unwrap(), origin(&b).unwrap());
                prop_assert_eq!(left == right, left.contains(&format!("{b}/x").parse().unwrap()));
                prop_assert_eq!(left == right, right.contains(&format!("{a}/x").parse().unwrap()));
                prop_assert_eq!(&origin(&left.to_string()).unwrap(), &left);
            }
        }
    }
}
