//! Turns responses without success into errors that keep the response.
//!
//! A status outside of 2xx becomes an [`ErrorKind::Status`](crate::ErrorKind::Status) error with
//! the [`Failure`]: status, headers, and the body up to a limit, 64 KiB by default. A body that
//! ends within the limit is read to its end, so the connection can serve the next request; a
//! larger one is cut off there.
//!
//! ```
//! use axum::{Router, http::StatusCode};
//! use http::Request;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, CheckStatusLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(CheckStatusLayer::new())
//!     .service(Router::new().fallback(async || (StatusCode::CONFLICT, "someone was faster")));
//!
//! let error = service.oneshot(Request::get("/").body(Body::empty())?).await.unwrap_err();
//! assert_eq!(error.status(), Some(StatusCode::CONFLICT));
//! assert_eq!(error.failure().unwrap().text(), "someone was faster");
//! # Ok(())
//! # }
//! ```
//!
//! [`CheckStatusLayer::streaming`] leaves the body to be read, whatever its size:
//!
//! ```
//! # use axum::{Router, http::StatusCode};
//! # use http::Request;
//! # use http_body_util::BodyExt;
//! # use tower::{ServiceBuilder, ServiceExt};
//! # use tower_clients_layers::{Body, CheckStatusLayer};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(CheckStatusLayer::streaming())
//!     .service(Router::new().fallback(async || (StatusCode::CONFLICT, "a long story")));
//!
//! let error = service.oneshot(Request::get("/").body(Body::empty())?).await.unwrap_err();
//! let body = error.into_failure().unwrap().into_body();
//! assert_eq!(body.collect().await?.to_bytes(), "a long story");
//! # Ok(())
//! # }
//! ```

mod streaming;

pub use self::streaming::{Streaming, StreamingFuture};

use crate::{
    BoxError, Error,
    collect::{Collect, Collected, End},
    error::{Attempts, Failure, RequestLine},
    macros::inner_service_accessors,
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Turns responses without success into errors.
///
/// Makes [`CheckStatus`]. See the [module docs](self).
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckStatusLayer<M = Keep> {
    mode: M,
}

impl CheckStatusLayer {
    /// Keeps up to 64 KiB of a refused body.
    #[must_use]
    pub const fn new() -> Self {
        Self { mode: Keep::DEFAULT }
    }

    /// Lets the statuses pass for which `accepts` is true, in place of those of 2xx.
    ///
    /// ```
    /// use http::StatusCode;
    /// use tower_clients_layers::CheckStatusLayer;
    ///
    /// let layer = CheckStatusLayer::new()
    ///     .accept(|status| status.is_success() || status == StatusCode::NOT_MODIFIED);
    /// ```
    #[must_use]
    pub const fn accept(mut self, accepts: fn(StatusCode) -> bool) -> Self {
        self.mode.accepts = accepts;
        self
    }

    /// Keeps up to `bytes` of a refused body; 64 KiB by default. A larger one is cut off there.
    #[must_use]
    pub const fn keep(mut self, bytes: usize) -> Self {
        self.mode.limit = bytes;
        self
    }

    /// Leaves it to a layer above, such as [`DecodeLayer`](crate::DecodeLayer), to name the request in
    /// errors, which saves a copy of its URI.
    #[must_use]
    pub const fn unnamed(mut self) -> Self {
        self.mode.names_request = false;
        self
    }
}

impl CheckStatusLayer<Streaming> {
    /// Leaves a refused body to be read with [`Failure::into_body`].
    #[must_use]
    pub const fn streaming() -> Self {
        Self { mode: Streaming }
    }
}

impl<S, M: Clone> Layer<S> for CheckStatusLayer<M> {
    type Service = CheckStatus<S, M>;

    fn layer(&self, inner: S) -> CheckStatus<S, M> {
        CheckStatus { inner, mode: self.mode.clone() }
    }
}

/// Made by [`CheckStatusLayer`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct CheckStatus<S, M = Keep> {
    inner: S,
    mode: M,
}

impl<S, M> CheckStatus<S, M> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for CheckStatus<S, Keep>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
    R: Body<Data = Bytes>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let line = self.mode.names_request.then(|| RequestLine::of(&request));
        ResponseFuture {
            state: State::Head { future: self.inner.call(request) },
            mode: self.mode,
            line,
        }
    }
}

pin_project! {
    /// Waits for the response, and for the start of a refused body.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, R> {
        #[pin]
        state: State<F, R>,
        mode: Keep,
        line: Option<RequestLine>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, R> {
        Head { #[pin] future: F },
        // Boxed, because it is rare and this future is moved for each request.
        Refused { refused: Pin<Box<Refused<R>>> },
    }
}

pin_project! {
    struct Refused<R> {
        status: StatusCode,
        headers: HeaderMap,
        attempts: Option<Attempts>,
        #[pin]
        body: Collect<R>,
    }
}

impl<F, R, E> Future for ResponseFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
    R: Body<Data = Bytes>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let error = loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Head { future } => match future.poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(response)) if (this.mode.accepts)(response.status()) => {
                        return Poll::Ready(Ok(response));
                    }
                    Poll::Ready(Ok(response)) => {
                        let (mut head, body) = response.into_parts();
                        let refused = Refused {
                            status: head.status,
                            headers: head.headers,
                            attempts: head.extensions.remove(),
                            body: Collect::new(body, this.mode.limit),
                        };
                        State::Refused { refused: Box::pin(refused) }
                    }
                    Poll::Ready(Err(error)) => break Error::from_service(error),
                },
                StateProjection::Refused { refused } => {
                    let this = refused.as_mut().project();
                    // A body that breaks off must not hide the status.
                    let Collected { bytes, end } = ready!(this.body.poll_collected(cx));
                    let truncated = !matches!(end, End::Complete);
                    let headers = mem::take(this.headers);
                    let failure = Failure::kept(*this.status, headers, bytes, truncated);
                    break Error::status_failure(failure).with_attempts(this.attempts.take());
                }
            };
            this.state.set(next);
        };
        Poll::Ready(Err(match this.line {
            Some(line) => line.named_in(error),
            None => error,
        }))
    }
}

/// Keeps the start of a refused body in the error.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    limit: usize,
    accepts: fn(StatusCode) -> bool,
    names_request: bool,
}

impl Keep {
    const DEFAULT: Self =
        Self { limit: 64 * 1024, accepts: |status| status.is_success(), names_request: true };
}

impl Default for Keep {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<F, R> fmt::Debug for ResponseFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("limit", &self.mode.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body as OwnBody;
    use futures_core::Stream;
    use std::{convert::Infallible, io};
    use tower::{ServiceExt, service_fn};

    struct Endless;

    impl Stream for Endless {
        type Item = Result<Bytes, io::Error>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(Some(Ok(Bytes::from_static(&[b'x'; 1000]))))
        }
    }

    struct Broken(Option<&'static str>);

    impl Stream for Broken {
        type Item = Result<Bytes, io::Error>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(Some(self.0.take().map(Bytes::from).ok_or_else(|| io::Error::other("cut"))))
        }
    }

    async fn check(
        layer: CheckStatusLayer,
        status: u16,
        body: OwnBody,
    ) -> Result<StatusCode, Error> {
        let mut response =
            Some(Response::builder().status(status).header("x", "y").body(body).unwrap());
        let service = layer.layer(service_fn(move |_: Request<()>| {
            std::future::ready(Ok::<_, Infallible>(response.take().unwrap()))
        }));
        let request = Request::get("http://h/a?key=secret").body(()).unwrap();
        service.oneshot(request).await.map(|response| response.status())
    }

    #[tokio::test]
    async fn f1s_success_passes_and_every_other_class_is_refused() {
        for status in [200, 201, 204, 206, 299] {
            assert_eq!(check(CheckStatusLayer::new(), status, ().into()).await.unwrap(), status);
        }
        for status in [101, 301, 304, 400, 404, 418, 500, 999] {
            let error = check(CheckStatusLayer::new(), status, ().into()).await.unwrap_err();
            assert_eq!(error.status().unwrap(), status);
            assert!(error.is_status() && error.may_have_been_sent());
        }
    }

    #[tokio::test]
    async fn what_passes_can_be_chosen() {
        let layer = CheckStatusLayer::new().accept(|status| status == StatusCode::NOT_MODIFIED);
        assert_eq!(check(layer, 304, ().into()).await.unwrap(), 304);
        assert!(check(layer, 200, ().into()).await.unwrap_err().is_status());
    }

    #[tokio::test]
    async fn failure_keeps_headers_and_body_and_names_the_request() {
        let error = check(CheckStatusLayer::new(), 404, "gone".into()).await.unwrap_err();
        assert_eq!(error.to_string(), "GET http://h/a?key…: the server answered 404 Not Found");
        let failure = error.into_failure().unwrap();
        assert_eq!(
            (failure.text().as_ref(), &failure.headers()["x"]),
            ("gone", "y".parse().as_ref().unwrap())
        );
        assert!(!failure.is_truncated());
    }

    #[tokio::test]
    async fn name_of_the_request_can_be_left_to_a_layer_above() {
        let layer = CheckStatusLayer::new().unnamed();
        let error = check(layer, 404, "gone".into()).await.unwrap_err();
        assert_eq!(error.to_string(), "the server answered 404 Not Found");
        assert_eq!(error.failure().unwrap().text(), "gone");
    }

    #[tokio::test]
    async fn e7_endless_body_is_cut_at_the_limit() {
        let body = OwnBody::from_stream(Endless);
        let error = check(CheckStatusLayer::new(), 500, body).await.unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!((failure.bytes().len(), failure.is_truncated()), (64 * 1024, true));
        let error = check(CheckStatusLayer::new().keep(3), 500, "abcd".into()).await.unwrap_err();
        assert_eq!(error.failure().unwrap().text(), "abc");
    }

    #[tokio::test]
    async fn body_that_breaks_off_does_not_hide_the_status() {
        let body = OwnBody::from_stream(Broken(Some("half")));
        let error = check(CheckStatusLayer::new(), 500, body).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 500);
        let failure = error.failure().unwrap();
        assert_eq!((failure.text().as_ref(), failure.is_truncated()), ("half", true));
    }
}
