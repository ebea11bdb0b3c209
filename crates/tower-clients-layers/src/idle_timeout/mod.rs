//! Limits the time in which nothing comes of a response.
//!
//! The time is that of the layer, or of [`RequestOptions::idle_timeout`] for one request; without
//! either this layer does nothing. It runs while the server is waited for: from when the request was
//! sent until the head of the response comes, and then from each frame of the body to the next. It runs
//! anew with all that comes, so a body may take as long as it goes on. It also runs while the server
//! takes nothing of the body of the request, but neither while the program makes the next part of that
//! nor while it does not read the response.
//!
//! When it passes, the response future or the body fails with an
//! [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) error that says which limit it was and in which
//! attempt.
//!
//! It goes below (inside of) `RetryLayer`, above what makes the connection. The body of a request counts
//! as sent when the service below has taken it, which may be some 100 KiB ahead of the wire. So that
//! large ones are taken bit by bit, each frame that is larger than 64 KiB is cut. That is why the body of
//! requests is a [`Body`]; of one that is cut, layers below cannot make a copy any more.
//!
//! A limit costs one allocation, another two for a body of the request that is a stream or large, and
//! needs a tokio runtime with its timer enabled.
//!
//! ```
//! use axum::Router;
//! use http::Request;
//! use std::{future::pending, time::Duration};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, IdleTimeoutLayer};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(IdleTimeoutLayer::new(Duration::from_secs(2)))
//!     .service(Router::new().fallback(async || pending::<()>().await));
//!
//! let error = service.oneshot(Request::get("/").body(Body::empty())?).await.unwrap_err();
//! assert_eq!(error.timeout().unwrap().to_string(), "the idle timeout of 2s passed");
//! # Ok(())
//! # }
//! ```

mod idle;
#[cfg(test)]
mod tests;
mod upload;

use self::{idle::Idle, upload::Upload};
use crate::{Body, BoxError, Error, RequestOptions, macros::inner_service_accessors};
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tower_layer::Layer;
use tower_service::Service;

/// Limits the time in which nothing comes of a response.
///
/// Makes [`IdleTimeout`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct IdleTimeoutLayer {
    timeout: Option<Duration>,
}

impl IdleTimeoutLayer {
    /// Limits the time in which nothing comes to `timeout`.
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        Self { timeout: Some(timeout) }
    }

    /// Limits only requests that have a [`RequestOptions::idle_timeout`].
    #[must_use]
    pub const fn none() -> Self {
        Self { timeout: None }
    }
}

impl<S> Layer<S> for IdleTimeoutLayer {
    type Service = IdleTimeout<S>;

    fn layer(&self, inner: S) -> IdleTimeout<S> {
        IdleTimeout { inner, timeout: self.timeout }
    }
}

/// Made by [`IdleTimeoutLayer`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct IdleTimeout<S> {
    inner: S,
    timeout: Option<Duration>,
}

impl<S> IdleTimeout<S> {
    inner_service_accessors!();
}

impl<S, R> Service<Request<Body>> for IdleTimeout<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
{
    type Response = Response<IdleTimeoutBody<R>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let own = RequestOptions::of(&request).and_then(RequestOptions::idle_timeout_value);
        let idle = own.or(self.timeout).map(|timeout| {
            let upload = Upload::watch(request.body_mut());
            Box::pin(Idle::new(timeout, &request, upload))
        });
        ResponseFuture { future: self.inner.call(request), idle }
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
        future: F,
        idle: Option<Pin<Box<Idle>>>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<IdleTimeoutBody<R>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(cx) {
            Poll::Ready(Ok(response)) => {
                let mut idle = this.idle.take();
                if let Some(idle) = &mut idle {
                    idle.as_mut().progressed();
                }
                Poll::Ready(Ok(response.map(|body| IdleTimeoutBody { body, idle, failed: false })))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(Error::from_service(error))),
            Poll::Pending => match this.idle {
                Some(idle) => idle.as_mut().poll_passed(cx).map(Err),
                None => Poll::Pending,
            },
        }
    }
}

pin_project! {
    /// A response body that fails when nothing comes of it for too long.
    #[derive(Debug)]
    pub struct IdleTimeoutBody<B> {
        #[pin]
        body: B,
        idle: Option<Pin<Box<Idle>>>,
        failed: bool,
    }
}

impl<B> IdleTimeoutBody<B> {
    /// The body, for which there is no limit.
    pub fn without_limit(body: B) -> Self {
        Self { body, idle: None, failed: false }
    }

    /// The body, without the limit.
    pub fn into_inner(self) -> B {
        self.body
    }
}

impl<B> HttpBody for IdleTimeoutBody<B>
where
    B: HttpBody<Error: Into<BoxError>>,
{
    type Data = B::Data;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Error>>> {
        let this = self.project();
        if *this.failed {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            if let Some(idle) = this.idle {
                idle.as_mut().progressed();
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from_response_body)));
        }
        let Some(idle) = this.idle else { return Poll::Pending };
        let error = ready!(idle.as_mut().poll_passed(cx));
        *this.failed = true;
        Poll::Ready(Some(Err(error)))
    }

    fn is_end_stream(&self) -> bool {
        self.failed || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

const _: () = {
    const fn body_stays_movable<T: Send + Sync + Unpin>() {}
    body_stays_movable::<IdleTimeoutBody<Body>>();
};
