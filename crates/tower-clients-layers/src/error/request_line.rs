//! What a layer keeps of a request.

use super::Error;
use http::{Method, Request, Uri};

/// The method and URI of a request, kept by a layer to name the request in its errors.
///
/// ```
/// use http::Request;
/// use tower_clients_layers::error::{Error, ErrorKind, RequestLine};
///
/// let request = Request::put("http://example.com/a?key=secret").body(())?;
/// let line = RequestLine::of(&request);
/// let error = line.named_in(Error::new(ErrorKind::Transport, "reset"));
/// assert_eq!(error.to_string(), "PUT http://example.com/a?key…: the exchange failed");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone)]
pub struct RequestLine {
    method: Method,
    uri: Uri,
}

impl RequestLine {
    /// A method and a URI.
    #[must_use]
    pub const fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri }
    }

    /// The line of a request. The first clone of a URI may allocate, further ones do not.
    pub fn of<B>(request: &Request<B>) -> Self {
        Self { method: request.method().clone(), uri: request.uri().clone() }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URI, as the layer saw it: with all its secrets.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The error with the request named in it, unless it names one already.
    #[must_use]
    pub fn named_in(&self, error: Error) -> Error {
        error.for_request(&self.method, &self.uri)
    }
}

/// The URI as it may be logged.
impl std::fmt::Debug for RequestLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, crate::url::redact(&self.uri))
    }
}
