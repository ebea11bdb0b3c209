//! Proxies that forward requests.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use std::{env, ffi::OsString, fmt};
use tower_clients_layers::{Error, ErrorKind};

/// The proxies of a transport, for [`TransportBuilder::proxy`](crate::TransportBuilder::proxy).
///
/// A proxy is named by a URL; a user and a password in it are for the proxy:
///
/// | URL | proxy |
/// |---|---|
/// | `http://host:3128`, `host:3128` | of HTTP: `http` requests in absolute form (RFC 9112 §3.2.2), `https` by `CONNECT` (RFC 9110 §9.3.6) |
/// | `socks5://host:1080`, `socks5h://host:1080` | SOCKS 5 (RFC 1928 and 1929) |
///
/// Without a port it is 80, or 1080 for SOCKS. Either kind of proxy resolves the names of hosts, so that no
/// [address filter](crate::TransportBuilder::filter_addresses) could judge them: a transport with both is
/// refused. HTTP/2 goes through a proxy with TLS only.
///
/// The credentials go to the proxy alone, and show in no text. A connection that cannot be made through the
/// proxy is a [`Connect`](ErrorKind::Connect) error; the answer of a proxy to an `http` request, such as 407,
/// is a response.
///
/// ```
/// use tower_clients_transport::{ProxyConfig, Transport};
///
/// let proxies = ProxyConfig::all("http://user:password@proxy.example:3128")?
///     .no_proxy("localhost, .internal.example, 10.0.0.0/8");
/// let transport = Transport::builder().proxy(proxies).build()?;
/// assert!(!format!("{transport:?}").contains("password"));
///
/// let refused = ProxyConfig::all("https://proxy.example").unwrap_err();
/// assert!(refused.is_config());
/// # Ok::<(), tower_clients_layers::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct ProxyConfig {
    http: Option<String>,
    https: Option<String>,
    no: String,
}

impl ProxyConfig {
    /// One proxy for all requests.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) if the URL is not one of a proxy. The error does not show it.
    pub fn all(url: &str) -> Result<Self, Error> {
        Self::default().http(url)?.https(url)
    }

    /// A proxy for `http` requests.
    ///
    /// # Errors
    ///
    /// As [`all`](Self::all).
    pub fn http(mut self, url: &str) -> Result<Self, Error> {
        self.http = Some(proxy(url, "the proxy")?);
        Ok(self)
    }

    /// A proxy for `https` requests.
    ///
    /// # Errors
    ///
    /// As [`all`](Self::all).
    pub fn https(mut self, url: &str) -> Result<Self, Error> {
        self.https = Some(proxy(url, "the proxy")?);
        Ok(self)
    }

    /// Hosts that are connected to directly, separated by commas: names, with all below them, with a dot in
    /// front or without; addresses and networks (`10.0.0.0/8`); `*` for all. In place of those before.
    ///
    /// They are compared with the host as it is in the URL; nothing is resolved for it.
    #[must_use]
    pub fn no_proxy(mut self, hosts: &str) -> Self {
        hosts.clone_into(&mut self.no);
        self
    }

    /// What the environment says now: the variables `http_proxy`, `https_proxy`, `all_proxy` for what has
    /// none of its own, and `no_proxy`; in capitals where they are not set so. An empty one counts as none.
    ///
    /// Where `REQUEST_METHOD` is set, as for a program of CGI, `HTTP_PROXY` is a header of the caller: then
    /// it does not count, nor does `http_proxy`.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) if one that counts is not the URL of a proxy: better no request than one
    /// that passes by the proxy.
    ///
    /// ```
    /// use tower_clients_transport::{ProxyConfig, Transport};
    ///
    /// let transport = Transport::builder().proxy(ProxyConfig::from_env()?).build()?;
    /// # Ok::<(), tower_clients_layers::Error>(())
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let text = |name: &str| {
            let value = variable(name).or_else(|| variable(&name.to_ascii_uppercase()));
            let value = value.filter(|value| !value.is_empty()).map(OsString::into_string);
            value.transpose().map_err(|_| refused(name, "no text"))
        };
        let proxy = |name| text(name)?.map(|url| proxy(&url, name)).transpose();
        let all = proxy("all_proxy")?;
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let http = if is_cgi { None } else { proxy("http_proxy")? };
        let https = proxy("https_proxy")?;
        let no = text("no_proxy")?.unwrap_or_default();
        Ok(Self { http: http.or_else(|| all.clone()), https: https.or(all), no })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    pub(crate) fn into_matcher(self) -> Matcher {
        let Self { http, https, no } = self;
        let matcher = Matcher::builder().http(http.unwrap_or_default());
        matcher.https(https.unwrap_or_default()).no(no).build()
    }
}

/// Shows the proxies without credentials.
impl fmt::Debug for ProxyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().into_matcher().fmt(f)
    }
}

/// The URL of a proxy, with its scheme and, for SOCKS, its port.
fn proxy(url: &str, name: &str) -> Result<String, Error> {
    let refused = |reason| Err(refused(name, reason));
    let Ok(uri) = url.parse::<Uri>() else { return refused("no URL") };
    let Some(authority) = uri.authority().filter(|authority| !authority.host().is_empty()) else {
        return refused("no URL with a host");
    };
    match (uri.scheme_str(), authority.port()) {
        (None | Some("http"), _) => Ok(format!("http://{authority}")),
        (Some(scheme @ ("socks5" | "socks5h")), Some(_)) => Ok(format!("{scheme}://{authority}")),
        (Some(scheme @ ("socks5" | "socks5h")), None) => Ok(format!("{scheme}://{authority}:1080")),
        (Some("https"), _) => {
            refused("one that is spoken to by TLS, which is not possible: use `http` or `socks5`")
        }
        _ => refused("none of `http`, `socks5` or `socks5h`"),
    }
}

/// The value is not shown: it may have a password.
fn refused(name: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{name} is {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes where, by such an environment: `http`, then `https`.
    fn routes(variables: &[(&str, &str)], host: &str) -> [Option<String>; 2] {
        let variable = |name: &str| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let matcher = ProxyConfig::from_variables(variable).unwrap().into_matcher();
        ["http", "https"].map(|scheme| {
            let uri = format!("{scheme}://{host}/").parse().unwrap();
            matcher.intercept(&uri).map(|proxy| proxy.uri().to_string())
        })
    }

    const P: &str = "http://p:1/";

    #[test]
    fn c6_environment_counts_by_scheme_and_in_either_case() {
        let (p, q) = (|| Some(P.to_owned()), || Some("http://q:2/".to_owned()));
        for (variables, expected) in [
            (&[][..], [None, None]),
            (&[("http_proxy", "p:1")], [p(), None]),
            (&[("HTTP_PROXY", "http://u:pw@p:1/x")], [p(), None]),
            (&[("HTTPS_PROXY", "p:1")], [None, p()]),
            (&[("ALL_PROXY", "p:1")], [p(), p()]),
            (&[("ALL_PROXY", "p:1"), ("http_proxy", "q:2")], [q(), p()]),
            (&[("http_proxy", "q:2"), ("HTTP_PROXY", "p:1")], [q(), None]),
            (&[("http_proxy", ""), ("HTTP_PROXY", "p:1")], [None, None]),
        ] {
            assert_eq!(routes(variables, "h.example"), expected, "{variables:?}");
        }
    }

    #[test]
    fn c6_proxy_that_a_caller_may_have_named_does_not_count() {
        let cgi = ("REQUEST_METHOD", "GET");
        for name in ["HTTP_PROXY", "http_proxy"] {
            assert_eq!(routes(&[cgi, (name, "p:1")], "h"), [None, None]);
        }
        assert_eq!(routes(&[cgi, ("HTTPS_PROXY", "p:1")], "h"), [None, Some(P.into())]);
    }

    #[test]
    fn c6_hosts_without_a_proxy_are_named_in_any_form() {
        for (no, host, is_direct) in [
            ("h.example", "h.example", true),
            ("h.example", "H.EXAMPLE:8080", true),
            (".h.example", "h.example", true),
            ("example", "h.example", true),
            ("other, example", "h.example", true),
            ("ample", "h.example", false),
            ("h.example.evil", "h.example", false),
            ("*", "h.example", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("::1", "[::1]:80", true),
            ("", "h.example", false),
        ] {
            let routes = routes(&[("all_proxy", "p:1"), ("NO_PROXY", no)], host);
            assert_eq!(
                routes,
                [(!is_direct).then(|| P.into()), (!is_direct).then(|| P.into())],
                "{no}"
            );
        }
    }

    #[test]
    fn c6_what_is_no_proxy_is_an_error_that_does_not_show_it() {
        for url in
            ["https://u:CANARY@p", "ftp://u:CANARY@p", "http://u:CANARY@", "/CANARY", " CANARY"]
        {
            for error in [
                ProxyConfig::all(url).unwrap_err(),
                ProxyConfig::from_variables(|_| Some(url.into())).unwrap_err(),
            ] {
                assert!(error.is_config(), "{error:?}");
                assert!(!format!("{error:?} {error:#}").contains("CANARY"), "{error:#}");
            }
        }
        let variable = |name: &str| (name == "https_proxy").then(|| "ftp://p".into());
        let error = ProxyConfig::from_variables(variable).unwrap_err();
        assert!(format!("{error:#}").contains("https_proxy is none of `http`"), "{error:#}");
    }

    #[test]
    fn s1_credentials_do_not_print() {
        for url in ["http://CANARY:CANARY@p:1", "socks5://CANARY:CANARY@p"] {
            let debug = format!("{:?}", ProxyConfig::all(url).unwrap());
            assert!(debug.contains("//p:1") && !debug.contains("CANARY"), "{debug}");
        }
    }
}
