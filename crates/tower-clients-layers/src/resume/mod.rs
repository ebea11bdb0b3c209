//! Goes on with a body that breaks off.
//!
//! A `GET` is sent as it is. When the body of its 200 response fails, or ends before its
//! `Content-Length`, the missing rest is asked for (`Range`, on the condition of `If-Range`; RFC
//! 9110 §13.1.5 and §14), and the same body goes on with it. Whoever reads the body, as a stream, a
//! value or a file, sees nothing of it but a pause.
//!
//! # What is resumed
//!
//! A body is resumed when all of this holds; everything else passes unchanged, errors included:
//!
//! * the request is a `GET` without a body of its own, and without `Range`;
//! * the response has the status 200, a strong `ETag`, or no `ETag` and a strong `Last-Modified`
//!   (see [`validators`](crate::validators)), no content coding, no `Accept-Ranges: none`, and no
//!   `Content-Length` that cannot be read;
//! * bytes are missing, as far as that is known.
//!
//! # What can go wrong
//!
//! The answer must be a 206 of the same document that begins where the body broke off, or the body
//! ends with an [`ErrorKind::Body`](crate::ErrorKind::Body) error whose source, a [`ResumeError`],
//! says [why](NotResumed). So a body is whole, or an error: never a mixture.
//!
//! An answer of 5xx and none at all are followed by the next attempt, and so is a part that is shorter than
//! the rest or breaks off itself. The first attempt is made at once, the second after 100 ms, and each
//! further one after double the time, 10 s at most: a server that restarts is met again. `Retry-After` is not
//! looked at, and any other status, 429 too, ends the body. When no attempt is left, the error is the last
//! one that happened.
//!
//! A deadline above covers all of this, since it drops the body. What limits time or size below is
//! set anew for each part.
//!
//! # Where it goes
//!
//! Below what changes the body, such as decompression: the bytes of a range are those on the wire.
//! Above what is bound to an origin, such as [`AuthorizeLayer`](crate::AuthorizeLayer): the same
//! request goes to the same URI through the same service below, and gets there what the first got.
//!
//! # What it costs
//!
//! Of a request that could be resumed, the URI, headers and extensions are copied, and the service
//! below is cloned; of a response that can be, the validator is. A resumption is one allocation, and
//! the broken body is dropped before. Resumptions after the first need a tokio runtime with its
//! timer enabled.
//!
//! ```
//! use http::{Request, Response};
//! use http_body_util::BodyExt;
//! use std::convert::Infallible;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_clients_layers::{Body, ResumeLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! // It breaks off after five bytes.
//! let server = service_fn(async |request: Request<Body>| {
//!     let response = Response::builder().header("etag", "\"1\"");
//!     let response = match request.headers().get("range") {
//!         None => response.header("content-length", 11).body("hello".into()),
//!         Some(range) => {
//!             assert_eq!(range, "bytes=5-");
//!             assert_eq!(request.headers()["if-range"], "\"1\"");
//!             let response = response.status(206).header("content-range", "bytes 5-10/11");
//!             response.body(" world".into())
//!         }
//!     };
//!     Ok::<Response<Body>, Infallible>(response.unwrap())
//! });
//! let service = ServiceBuilder::new().layer(ResumeLayer::new(3)).service(server);
//!
//! let response = service.oneshot(Request::get("http://h/x").body(Body::empty())?).await?;
//! assert_eq!(response.into_body().collect().await?.to_bytes(), "hello world");
//! # Ok(())
//! # }
//! ```

mod body;
mod error;
mod range;
#[cfg(test)]
mod tests;

pub use self::{
    body::ResumeBody,
    error::{NotResumed, ResumeError},
};

use self::body::Plan;
use crate::{
    HttpService,
    copy::head_of,
    macros::{inner_service_accessors, opaque_debug},
};
use http::{Method, Request, Response, header::RANGE};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Goes on with a body that breaks off.
///
/// Makes [`Resume`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct ResumeLayer {
    attempts: u32,
}

impl ResumeLayer {
    /// Asks at most `attempts` times for the rest of one body; 0 for never.
    #[must_use]
    pub const fn new(attempts: u32) -> Self {
        Self { attempts }
    }
}

impl<S> Layer<S> for ResumeLayer {
    type Service = Resume<S>;

    fn layer(&self, inner: S) -> Resume<S> {
        Resume { inner, attempts: self.attempts }
    }
}

/// Made by [`ResumeLayer`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct Resume<S> {
    inner: S,
    attempts: u32,
}

impl<S> Resume<S> {
    inner_service_accessors!();
}

impl<S, B> Service<Request<B>> for Resume<S>
where
    S: HttpService<B> + Clone,
    B: Body + Default,
{
    type Response = Response<ResumeBody<S, B>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let again = (self.attempts > 0 && is_for_a_whole(&request)).then(|| Again {
            service: self.inner.clone(),
            request: head_of(&request, request.uri().clone()),
            attempts: self.attempts,
        });
        ResponseFuture { future: self.inner.call(request), again }
    }
}

pin_project! {
    /// Waits for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request<B>>, B> {
        #[pin]
        future: S::Future,
        again: Option<Again<S>>,
    }
}

impl<S, B> Future for ResponseFuture<S, B>
where
    S: HttpService<B>,
{
    type Output = Result<Response<ResumeBody<S, B>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(cx))?;
        let plan = this.again.take().and_then(|again| Plan::new(again, &response));
        Poll::Ready(Ok(response.map(|body| ResumeBody::new(body, plan))))
    }
}

fn is_for_a_whole<B: Body>(request: &Request<B>) -> bool {
    *request.method() == Method::GET
        && request.body().is_end_stream()
        && !request.headers().contains_key(RANGE)
}

/// What it takes to send the request again.
struct Again<S> {
    service: S,
    request: Request<()>,
    attempts: u32,
}

opaque_debug!([S: Service<Request<B>>, B] ResponseFuture<S, B>);
