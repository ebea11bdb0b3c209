//! Turns answers that tell of a failure in their body into errors.
//!
//! Some APIs answer 200 whatever happens, and say in the body that the call failed. A [`Check`]
//! reads status, headers and the decoded body, and gives the output or a typed error; the output
//! takes the place of the body. Retries and metrics above the layer then see such a failure as one.
//!
//! The layer lies outside of [`DecodeLayer`](crate::DecodeLayer), as it needs a decoded body. The
//! status is left to the check, unless a [`CheckStatusLayer`](crate::CheckStatusLayer) lies below.
//!
//! ```
//! use axum::{Json as Answer, Router};
//! use http::{Request, response::Parts};
//! use serde_json::{Value, json};
//! use std::fmt;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, CheckLayer, DecodeLayer, Json};
//!
//! #[derive(Debug)]
//! struct ChatError(String);
//!
//! impl fmt::Display for ChatError {
//!     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         f.write_str("the chat refused the call")
//!     }
//! }
//!
//! impl std::error::Error for ChatError {}
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(CheckLayer::new(|_: &Parts, body: Value| match body["ok"].as_bool() {
//!         Some(true) => Ok(body),
//!         _ => Err(ChatError(body["error"].as_str().unwrap_or_default().to_owned())),
//!     }))
//!     .layer(DecodeLayer::<Json<Value>>::new())
//!     .service(Router::new().fallback(async || Answer(json!({"ok": false, "error": "no_auth"}))));
//!
//! let error = service.oneshot(Request::get("/").body(Body::empty())?).await.unwrap_err();
//! assert!(error.is_check());
//! assert_eq!(error.status().unwrap(), 200);
//! assert_eq!(error.find_source::<ChatError>().unwrap().0, "no_auth");
//! # Ok(())
//! # }
//! ```

use crate::{
    BoxError, Error, ErrorKind, Failure,
    error::RequestLine,
    macros::{inner_service_accessors, opaque_debug},
};
use http::{Request, Response, response};
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Turns answers that tell of a failure into errors.
///
/// Makes [`CheckAnswer`]. See the [module docs](self).
#[derive(Clone, Copy)]
pub struct CheckLayer<C> {
    check: C,
}

impl<C> CheckLayer<C> {
    /// Checks answers by `check`, which is cloned once for each request.
    #[must_use]
    pub const fn new(check: C) -> Self {
        Self { check }
    }
}

impl<S, C: Clone> Layer<S> for CheckLayer<C> {
    type Service = CheckAnswer<S, C>;

    fn layer(&self, inner: S) -> CheckAnswer<S, C> {
        CheckAnswer::new(inner, self.check.clone())
    }
}

/// Made by [`CheckLayer`]. See the [module docs](self).
#[derive(Clone, Copy)]
pub struct CheckAnswer<S, C> {
    inner: S,
    check: C,
}

impl<S, C> CheckAnswer<S, C> {
    /// Checks the answers of `inner`.
    pub const fn new(inner: S, check: C) -> Self {
        Self { inner, check }
    }

    inner_service_accessors!();
}

impl<S, C, B, T> Service<Request<B>> for CheckAnswer<S, C>
where
    S: Service<Request<B>, Response = Response<T>, Error: Into<BoxError>>,
    C: Check<T> + Clone,
{
    type Response = Response<C::Output>;
    type Error = Error;
    type Future = ResponseFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let line = RequestLine::of(&request);
        ResponseFuture { future: self.inner.call(request), check: self.check.clone(), line }
    }
}

pin_project! {
    /// Waits for the answer and checks it.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C> {
        #[pin]
        future: F,
        check: C,
        line: RequestLine,
    }
}

impl<F, C, E, T> Future for ResponseFuture<F, C>
where
    F: Future<Output = Result<Response<T>, E>>,
    E: Into<BoxError>,
    C: Check<T>,
{
    type Output = Result<Response<C::Output>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = match ready!(this.future.poll(cx)) {
            Ok(response) => {
                let (head, body) = response.into_parts();
                match this.check.check(&head, body) {
                    Ok(output) => Ok(Response::from_parts(head, output)),
                    Err(error) => Err(refuse(head, error.into())),
                }
            }
            Err(error) => Err(Error::from_service(error)),
        };
        Poll::Ready(result.map_err(|error| this.line.named_in(error)))
    }
}

#[cold]
fn refuse(mut head: response::Parts, error: BoxError) -> Error {
    let attempts = head.extensions.remove();
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => Error::new(ErrorKind::Check, error).with_failure(Failure::decoded(head)),
    }
    .with_attempts(attempts)
}

/// Tells from an answer with the decoded body `T` whether the call succeeded.
///
/// Every `Fn(&response::Parts, T) -> Result<Output, Error>` is one. A closure must name the types
/// of its parameters: `|head: &Parts, body: Value| ..`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot check an answer with the body `{T}`",
    label = "no `Check<{T}>`",
    note = "a closure names the types of its parameters and gives a `Result`: `|head: &http::response::Parts, body: {T}| ..`"
)]
pub trait Check<T> {
    /// What a call that succeeded gives; it takes the place of the body.
    type Output;
    /// Why a call failed. It becomes the source of an [`ErrorKind::Check`] error, so its texts
    /// should hold no value of the body; an [`Error`] is passed on as it is.
    type Error: Into<BoxError>;

    /// Looks at an answer of any status.
    ///
    /// # Errors
    ///
    /// The answer says that the call failed.
    fn check(&self, head: &response::Parts, body: T) -> Result<Self::Output, Self::Error>;
}

impl<F, T, O, E> Check<T> for F
where
    F: Fn(&response::Parts, T) -> Result<O, E>,
    E: Into<BoxError>,
{
    type Output = O;
    type Error = E;

    fn check(&self, head: &response::Parts, body: T) -> Result<O, E> {
        self(head, body)
    }
}

/// Every answer will do: the body comes back as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unchecked;

impl<T> Check<T> for Unchecked {
    type Output = T;
    type Error = Infallible;

    fn check(&self, _: &response::Parts, body: T) -> Result<T, Infallible> {
        Ok(body)
    }
}

opaque_debug!([C] CheckLayer<C>);

impl<S: fmt::Debug, C> fmt::Debug for CheckAnswer<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckAnswer").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<F, C> fmt::Debug for ResponseFuture<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("line", &self.line).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use tower::{ServiceExt, service_fn};

    #[derive(Debug, PartialEq)]
    struct Odd(u32);

    impl fmt::Display for Odd {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("odd")
        }
    }

    impl std::error::Error for Odd {}

    fn half(head: &response::Parts, body: u32) -> Result<String, BoxError> {
        match (head.status, body % 2) {
            (StatusCode::OK, 0) => Ok((body / 2).to_string()),
            (StatusCode::OK, _) => Err(Odd(body).into()),
            _ => Err(Error::new(ErrorKind::Decode, "no number").into()),
        }
    }

    async fn answer<C: Check<u32> + Clone>(
        check: C,
        status: u16,
        body: u32,
    ) -> Result<Response<C::Output>, Error> {
        let service = CheckLayer::new(check).layer(service_fn(move |_: Request<()>| {
            let response = Response::builder().status(status).header("x", "y").extension(7u8);
            std::future::ready(response.body(body))
        }));
        service.oneshot(Request::get("http://h/a?key=secret").body(()).unwrap()).await
    }

    #[tokio::test]
    async fn output_takes_the_place_of_the_body() {
        let response = answer(half, 200, 8).await.unwrap();
        assert_eq!(
            (response.body().as_str(), &response.headers()["x"]),
            ("4", &"y".parse().unwrap())
        );
        assert_eq!(response.extensions().get(), Some(&7u8));
        assert_eq!(answer(Unchecked, 500, 8).await.unwrap().into_body(), 8);
    }

    #[tokio::test]
    async fn typed_error_is_kept_with_the_head_of_the_answer() {
        let error = answer(half, 200, 7).await.unwrap_err();
        assert!(error.is_check() && error.may_have_been_sent());
        assert_eq!(error.find_source(), Some(&Odd(7)));
        assert_eq!(
            format!("{error:#}"),
            "GET http://h/a?key…: the answer says that the call failed: odd"
        );
        let failure = error.into_failure().unwrap();
        assert_eq!(
            (failure.status(), &failure.headers()["x"]),
            (StatusCode::OK, &"y".parse().unwrap())
        );
        assert!(failure.bytes().is_empty() && failure.is_truncated());
    }

    #[tokio::test]
    async fn own_error_of_a_check_is_passed_on() {
        let error = answer(half, 500, 8).await.unwrap_err();
        assert!(error.is_decode() && error.failure().is_none());
        assert_eq!(error.url(), Some("http://h/a?key…"));
    }
}
