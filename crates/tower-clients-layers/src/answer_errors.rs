//! Answers errors with responses, so that the service above cannot fail.
//!
//! The response is that of [`Error::to_gateway_response`]. It has the error among its extensions, as an
//! `Arc<Error>`, for a layer above that logs: the caller is not told what it says.
//!
//! ```
//! use http::{Request, Response};
//! use std::{io, sync::Arc};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_clients_layers::{AnswerErrorsLayer, Body, Error};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let broken = service_fn(async |_: Request<Body>| {
//!     Err::<Response<Body>, _>(io::Error::other("the server is at 10.0.0.7"))
//! });
//! let Ok(response) = AnswerErrorsLayer::new().layer(broken).oneshot(Request::default()).await;
//!
//! assert_eq!(response.status(), 502);
//! let error = response.extensions().get::<Arc<Error>>().ok_or("no error")?;
//! assert!(format!("{error:#}").contains("10.0.0.7"));
//! # Ok(())
//! # }
//! ```

use crate::{Body, BoxError, Error, macros::inner_service_accessors, maybe_refused::MaybeRefused};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Either;
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Answers errors with responses.
///
/// Makes [`AnswerErrors`]. See the [module docs](self).
#[derive(Debug, Clone, Copy, Default)]
pub struct AnswerErrorsLayer(());

impl AnswerErrorsLayer {
    /// Tells callers nothing but the status.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for AnswerErrorsLayer {
    type Service = AnswerErrors<S>;

    fn layer(&self, inner: S) -> AnswerErrors<S> {
        AnswerErrors { inner, failed: None }
    }
}

/// Made by [`AnswerErrorsLayer`]. See the [module docs](self).
#[derive(Debug)]
pub struct AnswerErrors<S> {
    inner: S,
    /// Why it is not ready, which the next call is answered with.
    failed: Option<Error>,
}

impl<S> AnswerErrors<S> {
    inner_service_accessors!();
}

/// Of a service that has not failed.
impl<S: Clone> Clone for AnswerErrors<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), failed: None }
    }
}

impl<S, B, R> Service<Request<B>> for AnswerErrors<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
    R: http_body::Body<Data = Bytes>,
{
    type Response = Response<Either<R, Body>>;
    type Error = Infallible;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.failed.is_none()
            && let Err(error) = ready!(self.inner.poll_ready(cx))
        {
            self.failed = Some(Error::from_service(error));
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let future = match self.failed.take() {
            None => MaybeRefused::called(self.inner.call(request)),
            Some(error) => MaybeRefused::refused(error, &request),
        };
        ResponseFuture { future }
    }
}

pin_project! {
    /// Waits for the head of the response, or of an answer in its place.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: MaybeRefused<F>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: http_body::Body<Data = Bytes>,
    E: Into<BoxError>,
{
    type Output = Result<Response<Either<R, Body>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match ready!(self.project().future.poll(cx)) {
            Ok(response) => response.map(Either::Left),
            Err(error) => answer(error).map(Either::Right),
        }))
    }
}

fn answer(error: Error) -> Response<Body> {
    let mut response = error.to_gateway_response();
    response.extensions_mut().insert(Arc::new(error));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use http::StatusCode;
    use tower::ServiceExt;

    #[tokio::test]
    async fn service_that_is_not_ready_is_answered_for() {
        struct Unready;
        impl Service<Request<Body>> for Unready {
            type Response = Response<Body>;
            type Error = Error;
            type Future = std::future::Ready<Result<Response<Body>, Error>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
                Poll::Ready(Err(Error::new(ErrorKind::Unavailable, "closed")))
            }

            fn call(&mut self, _: Request<Body>) -> Self::Future {
                unreachable!("it is not ready")
            }
        }
        let service = AnswerErrorsLayer::new().layer(Unready);
        let Ok(response) = service.oneshot(Request::default()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
