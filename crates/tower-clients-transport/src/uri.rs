//! What the transport reads in a URI.

use http::{HeaderValue, Method, Uri, uri::Scheme};
use tower_clients_layers::{Error, ErrorKind};

/// Fails where a URI cannot be requested.
pub(crate) fn check(uri: &Uri) -> Result<(), Error> {
    match (uri.scheme(), uri.authority()) {
        (Some(scheme), Some(_)) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => Ok(()),
        (Some(_), Some(_)) => Err(refused("its scheme is neither `http` nor `https`")),
        _ => Err(refused(
            "it is relative: give an absolute URL, or join it to a base URL in a layer",
        )),
    }
}

pub(crate) fn is_https(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTPS)
}

/// The port where none is named.
pub(crate) fn default_port(uri: &Uri) -> u16 {
    if is_https(uri) { 443 } else { 80 }
}

/// What HTTP/1.1 names a server by: host and port, which is left out where it goes without saying
/// (RFC 9110 §4.2.3).
pub(crate) fn host_field(uri: &Uri) -> Result<HeaderValue, Error> {
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(refused(
            "it has user information: send that in an `Authorization` header instead",
        ));
    }
    let host = uri.host().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| refused("it names no host"))?;
    match uri.port_u16().filter(|port| *port != default_port(uri)) {
        Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
        None => HeaderValue::try_from(host),
    }
    .map_err(|_| refused("its host is no text of ASCII"))
}

/// The origin form, or the authority form for `CONNECT` (RFC 9112 §3.2).
pub(crate) fn request_target(uri: &Uri, method: &Method) -> Uri {
    match (uri.path_and_query(), uri.authority()) {
        (_, Some(authority)) if *method == Method::CONNECT => authority.clone().into(),
        (Some(path), _) => path.clone().into(),
        (None, _) => Uri::default(),
    }
}

fn refused(reason: &'static str) -> Error {
    Error::new(ErrorKind::Url, reason)
}
