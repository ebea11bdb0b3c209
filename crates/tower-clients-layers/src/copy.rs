//! Requests that are sent a second time.

use crate::Body;
use http::{Request, Uri};

/// The request with another URI, or none when its body is a stream.
pub(crate) fn copy(request: &Request<Body>, uri: Uri) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = uri;
    *copy.version_mut() = request.version();
    copy.headers_mut().clone_from(request.headers());
    copy.extensions_mut().clone_from(request.extensions());
    Some(copy)
}
