//! Limits the bytes of response bodies while they are read.
//!
//! A body over the limit fails with a [`TooLarge`] error; what was read before is its beginning. One whose
//! length is known to be over it is not read at all: then there is no response but the error, which
//! has its [status and headers](Error::failure).
//!
//! The limit is that of the layer, or of [`RequestOptions::limit`] for one request; without either this
//! layer does nothing. For streams of lines that option is the limit of a line, and of the whole body
//! too where this layer is.
//!
//! Who collects a body has a limit already, such as [`DecodeLayer`](crate::DecodeLayer): this one is for
//! bodies that are read piece by piece. Above (outside of) [decompression](crate#features) it counts what
//! is decoded, below it what is on the wire.
//!
//! ```
//! use axum::{Router, body::Body as Answer};
//! use futures_util::stream;
//! use http::Request;
//! use http_body_util::BodyExt;
//! use std::convert::Infallible;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, BodyLimitLayer, TooLarge};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let endless = async || Answer::from_stream(stream::repeat_with(|| Ok::<_, Infallible>("more ")));
//! let service =
//!     ServiceBuilder::new().layer(BodyLimitLayer::new(12)).service(Router::new().fallback(endless));
//!
//! let mut body = service.oneshot(Request::get("/").body(Body::empty())?).await?.into_body();
//! assert_eq!(body.frame().await.unwrap()?.into_data().unwrap(), "more ");
//! let error = body.collect().await.unwrap_err();
//! assert_eq!(error.find_source::<TooLarge>().unwrap().limit(), 12);
//! # Ok(())
//! # }
//! ```

use crate::{
    BoxError, Error, RequestOptions, TooLarge,
    error::{Failure, RequestLine},
    macros::inner_service_accessors,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Limits the bytes of response bodies.
///
/// Makes [`BodyLimit`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct BodyLimitLayer {
    limit: Option<usize>,
}

impl BodyLimitLayer {
    /// Limits every body to `bytes`.
    #[must_use]
    pub const fn new(bytes: usize) -> Self {
        Self { limit: Some(bytes) }
    }

    /// Limits only bodies whose request has a [`RequestOptions::limit`].
    #[must_use]
    pub const fn none() -> Self {
        Self { limit: None }
    }
}

impl<S> Layer<S> for BodyLimitLayer {
    type Service = BodyLimit<S>;

    fn layer(&self, inner: S) -> BodyLimit<S> {
        BodyLimit { inner, limit: self.limit }
    }
}

/// Made by [`BodyLimitLayer`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit<S> {
    inner: S,
    limit: Option<usize>,
}

impl<S> BodyLimit<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for BodyLimit<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
    R: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Response = Response<LimitedBody<R>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let own = RequestOptions::of(&request).and_then(RequestOptions::limit_value);
        let limit = own.or(self.limit).map(|bytes| Limit::new(bytes, &request));
        ResponseFuture { future: self.inner.call(request), limit }
    }
}

pin_project! {
    /// Waits for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        limit: Option<Limit>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
    R: Body,
{
    type Output = Result<Response<LimitedBody<R>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(cx)).map_err(Error::from_service)?;
        let limit = this.limit.take();
        if let Some(limit) = &limit
            && response.body().size_hint().lower() > limit.bytes as u64
        {
            let (head, _) = response.into_parts();
            let failure = Failure::kept(head.status, head.headers, Bytes::new(), true);
            return Poll::Ready(Err(limit.passed().with_failure(failure)));
        }
        Poll::Ready(Ok(response.map(|body| LimitedBody { body, limit, is_over: false })))
    }
}

pin_project! {
    /// A response body that fails when it has more bytes than its limit. It is [`Unpin`] when the body
    /// below is.
    #[derive(Debug)]
    pub struct LimitedBody<B> {
        #[pin]
        body: B,
        limit: Option<Limit>,
        is_over: bool,
    }
}

impl<B> Body for LimitedBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.project();
        if *this.is_over {
            return Poll::Ready(None);
        }
        let frame =
            ready!(this.body.poll_frame(cx)).transpose().map_err(Error::from_response_body)?;
        if let Some(limit) = this.limit
            && let Some(data) = frame.as_ref().and_then(Frame::data_ref)
        {
            match limit.left.checked_sub(data.len()) {
                Some(left) => limit.left = left,
                None => {
                    *this.is_over = true;
                    return Poll::Ready(Some(Err(limit.passed())));
                }
            }
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[derive(Debug)]
struct Limit {
    bytes: usize,
    left: usize,
    line: RequestLine,
}

impl Limit {
    fn new<B>(bytes: usize, request: &Request<B>) -> Self {
        Self { bytes, left: bytes, line: RequestLine::of(request) }
    }

    #[cold]
    fn passed(&self) -> Error {
        self.line.named_in(TooLarge::new(self.bytes).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body as Sent;
    use http_body_util::BodyExt;
    use std::convert::Infallible;
    use tower::{ServiceExt, service_fn};

    async fn sent(
        layer: BodyLimitLayer,
        options: Option<RequestOptions>,
        body: Sent,
    ) -> Result<Response<LimitedBody<Sent>>, Error> {
        let mut body = Some(body);
        let server = service_fn(move |_: Request<()>| {
            let response = Response::builder().status(500).body(body.take().unwrap());
            std::future::ready(Ok::<_, Infallible>(response.unwrap()))
        });
        let mut request = Request::get("http://h/x?key=secret").body(()).unwrap();
        request.extensions_mut().extend(options.map(with).unwrap_or_default());
        layer.layer(server).oneshot(request).await
    }

    fn with(options: RequestOptions) -> http::Extensions {
        let mut extensions = http::Extensions::new();
        extensions.insert(options);
        extensions
    }

    /// Three frames of two bytes.
    fn stream() -> Sent {
        let frames = ["ab", "cd", "ef"].map(Ok::<_, Infallible>);
        Sent::from_stream(futures_util::stream::iter(frames))
    }

    fn is_over(error: &Error, limit: usize) -> bool {
        error.is_body() && error.find_source() == Some(&TooLarge::new(limit))
    }

    #[tokio::test]
    async fn body_up_to_the_limit_is_whole() {
        for layer in [BodyLimitLayer::new(6), BodyLimitLayer::none()] {
            let body = sent(layer, None, stream()).await.unwrap().into_body();
            assert_eq!(body.collect().await.unwrap().to_bytes(), "abcdef");
        }
        let body = sent(BodyLimitLayer::new(0), None, Sent::empty()).await.unwrap().into_body();
        assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));
    }

    #[tokio::test]
    async fn body_over_the_limit_fails_after_what_fits() {
        let mut body = sent(BodyLimitLayer::new(5), None, stream()).await.unwrap().into_body();
        for data in ["ab", "cd"] {
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), data);
        }
        let error = body.frame().await.unwrap().unwrap_err();
        assert!(is_over(&error, 5));
        assert_eq!(error.url(), Some("http://h/x?key…"));
        assert!(body.frame().await.is_none() && body.is_end_stream());
    }

    #[tokio::test]
    async fn e7_length_over_the_limit_fails_at_once_and_keeps_the_head() {
        let error = sent(BodyLimitLayer::new(5), None, "abcdef".into()).await.unwrap_err();
        assert!(is_over(&error, 5) && error.may_have_been_sent());
        assert_eq!(error.status().unwrap(), 500);
        assert!(error.failure().unwrap().is_truncated());
    }

    #[tokio::test]
    async fn option_of_the_request_beats_the_layer() {
        for layer in [BodyLimitLayer::new(5), BodyLimitLayer::none()] {
            let six = Some(RequestOptions::new().limit(6));
            assert!(sent(layer, six, "abcdef".into()).await.is_ok());
            let one = Some(RequestOptions::new().limit(1));
            assert!(is_over(&sent(layer, one, "abcdef".into()).await.unwrap_err(), 1));
        }
    }
}
