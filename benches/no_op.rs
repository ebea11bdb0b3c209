//! A service that does nothing, so that what lies over it is all that costs.

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderValue, Request, Response, header::CONTENT_TYPE};
use http_body::{Frame, SizeHint};
use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};
use tower::{Service, ServiceExt};
use tower_clients::Body;

/// Answers every request at once with the same response.
#[derive(Debug, Clone, Default)]
pub struct NoOp {
    body: Canned,
}

impl NoOp {
    /// Answers with an empty response, which allocates nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Answers with JSON. The header map allocates, as that of any response.
    #[must_use]
    pub fn json(body: Canned) -> Self {
        Self { body }
    }
}

impl Service<Request<Body>> for NoOp {
    type Response = Response<Canned>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Canned>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let mut response = Response::new(self.body.clone());
        if !self.body.rest.is_empty() {
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
        }
        ready(Ok(response))
    }
}

/// A prepared body of known length, given in frames of a size. It allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Canned {
    rest: Bytes,
    frame: usize,
}

impl Canned {
    /// One frame.
    #[must_use]
    pub fn whole(bytes: Bytes) -> Self {
        Self { frame: bytes.len(), rest: bytes }
    }

    /// Frames of up to `frame` bytes.
    #[must_use]
    pub fn in_frames(bytes: Bytes, frame: usize) -> Self {
        Self { rest: bytes, frame }
    }
}

impl http_body::Body for Canned {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.frame.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Readies and calls a service that is always ready, without the clone that a `oneshot` needs.
pub fn call<S>(service: &mut S, request: Request<Body>) -> S::Future
where
    S: Service<Request<Body>, Error: std::fmt::Debug>,
{
    let ready = service.ready().now_or_never().expect("a layer over a no-op is ready");
    ready.expect("a no-op does not fail").call(request)
}
