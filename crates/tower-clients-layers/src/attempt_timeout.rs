//! Limits the time of one attempt, until the head of its response.
//!
//! The time is that of the layer, or of [`RequestOptions::attempt_timeout`] for one request; without
//! either this layer does nothing. When it passes, the response future fails with an
//! [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) error that says which limit it was and in which
//! attempt. The clock starts when the future is first polled, and making a connection counts.
//!
//! It goes below (inside of) `RetryLayer`, so that each attempt has the time anew and another one
//! follows on one that takes too long. [`DeadlineLayer`](crate::DeadlineLayer) limits all of them
//! together, and the body; [`IdleTimeoutLayer`](crate::IdleTimeoutLayer) is for bodies without end.
//!
//! A limit costs one allocation, and needs a tokio runtime with its timer enabled.
//!
//! ```
//! use axum::Router;
//! use http::Request;
//! use std::{future::pending, time::Duration};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{AttemptTimeoutLayer, Body, RetryLayer};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(RetryLayer::new().attempts(2))
//!     .layer(AttemptTimeoutLayer::new(Duration::from_secs(2)))
//!     .service(Router::new().fallback(async || pending::<()>().await));
//!
//! let error = service.oneshot(Request::get("/").body(Body::empty())?).await.unwrap_err();
//! let timeout = error.timeout().unwrap();
//! assert_eq!(timeout.to_string(), "the attempt timeout of 2s passed in attempt 2");
//! # Ok(())
//! # }
//! ```

use crate::{
    BoxError, Error, RequestOptions, TimeoutError,
    deadline::{Timed, Timer},
    error::RequestLine,
    macros::inner_service_accessors,
};
use http::Request;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tower_layer::Layer;
use tower_service::Service;

/// Limits the time of one attempt.
///
/// Makes [`AttemptTimeout`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct AttemptTimeoutLayer {
    timeout: Option<Duration>,
}

impl AttemptTimeoutLayer {
    /// Limits every attempt to `timeout`.
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        Self { timeout: Some(timeout) }
    }

    /// Limits only requests that have a [`RequestOptions::attempt_timeout`].
    #[must_use]
    pub const fn none() -> Self {
        Self { timeout: None }
    }
}

impl<S> Layer<S> for AttemptTimeoutLayer {
    type Service = AttemptTimeout<S>;

    fn layer(&self, inner: S) -> AttemptTimeout<S> {
        AttemptTimeout { inner, timeout: self.timeout }
    }
}

/// Made by [`AttemptTimeoutLayer`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct AttemptTimeout<S> {
    inner: S,
    timeout: Option<Duration>,
}

impl<S> AttemptTimeout<S> {
    inner_service_accessors!();
}

impl<S, B> Service<Request<B>> for AttemptTimeout<S>
where
    S: Service<Request<B>, Error: Into<BoxError>>,
{
    type Response = S::Response;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let options = RequestOptions::of(&request);
        let own = options.and_then(RequestOptions::attempt_timeout_value);
        let timer = own.or(self.timeout).map(|timeout| {
            let attempt = options.and_then(RequestOptions::attempt_value).unwrap_or(0);
            let limit = TimeoutError::of_attempt(timeout).in_attempt(attempt);
            Timer::new(limit, RequestLine::of(&request))
        });
        ResponseFuture { future: Timed::new(self.inner.call(request), timer) }
    }
}

pin_project! {
    /// Waits for the head of the response, or the limit.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: Timed<F>,
    }
}

impl<F, T, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, deadline};
    use http::Response;
    use std::convert::Infallible;
    use tokio::time::{Instant, sleep};
    use tower::{ServiceExt, service_fn};

    const SECOND: Duration = Duration::from_secs(1);

    async fn call(
        layer: AttemptTimeoutLayer,
        options: RequestOptions,
    ) -> Result<Response<Body>, Error> {
        let service = layer.layer(service_fn(async |_: Request<()>| {
            sleep(5 * SECOND).await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }));
        service.oneshot(Request::get("http://h/x").extension(options).body(()).unwrap()).await
    }

    #[tokio::test(start_paused = true)]
    async fn head_that_comes_too_late_is_an_error_that_names_the_limit() {
        let start = Instant::now();
        let options = RequestOptions::new().attempt(3);
        let error = call(AttemptTimeoutLayer::new(2 * SECOND), options).await.unwrap_err();
        assert_eq!(start.elapsed(), 2 * SECOND);
        assert!(error.is_timeout() && error.may_have_been_sent());
        assert_eq!(
            format!("{error:#}"),
            "GET http://h/x: the request ran out of time: the attempt timeout of 2s passed in attempt 3"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn option_of_the_request_beats_the_layer() {
        let options = RequestOptions::new().attempt_timeout(SECOND);
        let error = call(AttemptTimeoutLayer::none(), options).await.unwrap_err();
        assert_eq!(error.timeout().unwrap().attempt(), None);
        let options = RequestOptions::new().attempt_timeout(6 * SECOND);
        assert!(call(AttemptTimeoutLayer::new(SECOND), options).await.is_ok());
        assert!(call(AttemptTimeoutLayer::none(), RequestOptions::new()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn layers_below_see_the_earlier_limit() {
        let service =
            AttemptTimeoutLayer::new(2 * SECOND).layer(service_fn(async |_: Request<Body>| {
                Ok::<_, Infallible>(Response::new(deadline::remaining().unwrap()))
            }));
        let request = || Request::new(Body::empty());
        assert_eq!(service.oneshot(request()).await.unwrap().into_body(), 2 * SECOND);
        let outer = AttemptTimeoutLayer::new(SECOND).layer(service);
        assert_eq!(outer.oneshot(request()).await.unwrap().into_body(), SECOND);
        assert_eq!(deadline::remaining(), None);
    }
}
