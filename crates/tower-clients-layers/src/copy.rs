//! Requests that are sent a second time.

use http::{Request, Uri};

/// The request with another URI, or none when its body is a stream.
#[cfg(any(feature = "balance", feature = "limits", feature = "token"))]
pub(crate) fn copy(request: &Request<crate::Body>, uri: Uri) -> Option<Request<crate::Body>> {
    let body = request.body().try_clone()?;
    Some(head_of(request, uri).map(|()| body))
}

/// The request with another URI, without its body.
pub(crate) fn head_of<B>(request: &Request<B>, uri: Uri) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = uri;
    *head.version_mut() = request.version();
    if !request.headers().is_empty() {
        head.headers_mut().clone_from(request.headers());
    }
    head.extensions_mut().clone_from(request.extensions());
    head
}
