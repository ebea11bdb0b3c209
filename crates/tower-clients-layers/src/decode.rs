//! Decodes response bodies.
//!
//! The value takes the place of the body: `Response<R>` becomes `Response<D::Output>`, with status,
//! headers and extensions kept. See [`FromBody`] for what can be decoded.
//!
//! A body is read up to a limit, 10 MiB by default ([`DecodeLayer::limit`], or
//! [`RequestOptions::limit`] for one request). Answers to `HEAD` and responses with 204, 205 or 304
//! have no content, whatever their headers say (RFC 9110 §6.4.1). The status is not looked at
//! otherwise: put [`CheckStatusLayer`](crate::CheckStatusLayer) below (inside of) this one.
//!
//! ```
//! use axum::{Json as Answer, Router};
//! use http::Request;
//! use serde_json::json;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, DecodeLayer, Json};
//!
//! #[derive(serde::Deserialize)]
//! struct User {
//!     name: String,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(DecodeLayer::<Json<User>>::new())
//!     .service(Router::new().fallback(async || Answer(json!({"name": "Ada"}))));
//!
//! let response = service.oneshot(Request::get("/").body(Body::empty())?).await?;
//! assert_eq!(response.body().name, "Ada");
//! # Ok(())
//! # }
//! ```

use crate::{
    BoxError, Error, ErrorKind, FromBody, RequestOptions, TooLarge,
    collect::{Collect, Collected, End},
    error::RequestLine,
    macros::inner_service_accessors,
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, response};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// The default limit: 10 MiB.
pub const DEFAULT_LIMIT: usize = 10 * 1024 * 1024;

/// Decodes response bodies.
///
/// Makes [`Decode`]. See the [module docs](self).
pub struct DecodeLayer<D> {
    limit: usize,
    decoder: PhantomData<fn() -> D>,
}

impl<D> DecodeLayer<D> {
    /// Decodes bodies of up to 10 MiB.
    #[must_use]
    pub const fn new() -> Self {
        Self { limit: DEFAULT_LIMIT, decoder: PhantomData }
    }

    /// Decodes bodies of up to `bytes`; 10 MiB by default. A larger one is an [`ErrorKind::Body`] error, by
    /// [`TooLarge`].
    #[must_use]
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

impl<D> Default for DecodeLayer<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D> Clone for DecodeLayer<D> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<S, D> Layer<S> for DecodeLayer<D> {
    type Service = Decode<S, D>;

    fn layer(&self, inner: S) -> Decode<S, D> {
        Decode { inner, limit: self.limit, decoder: PhantomData }
    }
}

/// Made by [`DecodeLayer`]. See the [module docs](self).
pub struct Decode<S, D> {
    inner: S,
    limit: usize,
    decoder: PhantomData<fn() -> D>,
}

impl<S, D> Decode<S, D> {
    inner_service_accessors!();
}

impl<S: Clone, D> Clone for Decode<S, D> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), ..*self }
    }
}

impl<S, D, B, R> Service<Request<B>> for Decode<S, D>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
    R: Body<Data = Bytes, Error: Into<BoxError>>,
    D: FromBody,
{
    type Response = Response<D::Output>;
    type Error = Error;
    type Future = ResponseFuture<S::Future, R, D>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let line = RequestLine::of(&request);
        let limit = RequestOptions::of(&request).and_then(RequestOptions::limit_value);
        ResponseFuture {
            state: State::Head { future: self.inner.call(request) },
            limit: limit.unwrap_or(self.limit),
            line,
            decoder: PhantomData,
        }
    }
}

pin_project! {
    /// Waits for the response and its body, and decodes it.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange, and what was read of the body. The server may have seen the request.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, R, D> {
        #[pin]
        state: State<F, R>,
        limit: usize,
        line: RequestLine,
        decoder: PhantomData<fn() -> D>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, R> {
        Head { #[pin] future: F },
        Body { head: Option<response::Parts>, #[pin] body: Collect<R> },
    }
}

impl<F, R, E, D> Future for ResponseFuture<F, R, D>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
    R: Body<Data = Bytes, Error: Into<BoxError>>,
    D: FromBody,
{
    type Output = Result<Response<D::Output>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let result = loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Head { future } => match future.poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(error)) => break Err(Error::from_service(error)),
                    Poll::Ready(Ok(response)) => {
                        let (head, body) = response.into_parts();
                        if has_no_content(this.line.method(), head.status) {
                            break decode::<D>(head, Bytes::new());
                        }
                        let body = Collect::new(body, *this.limit);
                        if body.is_known_to_exceed() {
                            break Err(TooLarge::new(*this.limit).into());
                        }
                        State::Body { head: Some(head), body }
                    }
                },
                StateProjection::Body { head, body } => {
                    let Collected { bytes, end } = ready!(body.poll_collected(cx));
                    let head = head.take().expect("polled after completion");
                    break match end {
                        End::Complete => decode::<D>(head, bytes),
                        End::Limit => Err(TooLarge::new(*this.limit).into()),
                        End::Failed(error) => Err(Error::from_response_body(error)),
                    };
                }
            };
            this.state.set(next);
        };
        Poll::Ready(result.map_err(|error| this.line.named_in(error)))
    }
}

fn has_no_content(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD
        || matches!(
            status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        )
}

fn decode<D: FromBody>(head: response::Parts, body: Bytes) -> Result<Response<D::Output>, Error> {
    let value = D::from_body(&head, body).map_err(|error| Error::new(ErrorKind::Decode, error))?;
    Ok(Response::from_parts(head, value))
}

impl<D> fmt::Debug for DecodeLayer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeLayer").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, D> fmt::Debug for Decode<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decode").field("inner", &self.inner).field("limit", &self.limit).finish()
    }
}

impl<F, R, D> fmt::Debug for ResponseFuture<F, R, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("limit", &self.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body as OwnBody, Content, ContentError, Json, JsonError};
    use futures_core::Stream;
    use serde_json::json;
    use std::{convert::Infallible, io};
    use tower::{ServiceExt, service_fn};

    fn response(content_type: &str, body: impl Into<OwnBody>) -> Response<OwnBody> {
        Response::builder().header("content-type", content_type).body(body.into()).unwrap()
    }

    async fn decoded<D: FromBody>(
        layer: DecodeLayer<D>,
        request: http::request::Builder,
        response: Response<OwnBody>,
    ) -> Result<Response<D::Output>, Error> {
        let mut response = Some(response);
        let service = layer.layer(service_fn(move |_: Request<()>| {
            std::future::ready(Ok::<_, Infallible>(response.take().unwrap()))
        }));
        service.oneshot(request.body(()).unwrap()).await
    }

    #[tokio::test]
    async fn value_takes_the_place_of_the_body() {
        let mut response = response("application/json", "[1]");
        response.extensions_mut().insert(7u8);
        let response =
            decoded(DecodeLayer::<Content>::new(), Request::get("/"), response).await.unwrap();
        assert_eq!(response.extensions().get(), Some(&7u8));
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.into_body(), Content::Json(json!([1])));
    }

    #[tokio::test]
    async fn answer_without_content_is_empty_whatever_its_headers() {
        for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 205), ("GET", 304)] {
            let mut response = response("application/json", "not read");
            *response.status_mut() = status.try_into().unwrap();
            let request = Request::builder().method(method);
            let response = decoded(DecodeLayer::<Content>::new(), request, response).await.unwrap();
            assert_eq!(response.into_body(), Content::Empty, "{method} {status}");
        }
    }

    #[tokio::test]
    async fn body_over_the_limit_is_an_error() {
        let layer = DecodeLayer::<Bytes>::new().limit(3);
        assert!(decoded(layer.clone(), Request::get("/"), response("a/b", "123")).await.is_ok());
        for body in ["1234".into(), OwnBody::from_stream(Chunks(vec![Ok("34"), Ok("12")]))] {
            let error =
                decoded(layer.clone(), Request::get("/"), response("a/b", body)).await.unwrap_err();
            assert!(error.is_body());
            assert!(format!("{error:#}").ends_with("limit of 3 bytes"), "{error:#}");
        }
        let request = Request::get("/").extension(RequestOptions::new().limit(4));
        assert!(decoded(layer, request, response("a/b", "1234")).await.is_ok());
    }

    #[tokio::test]
    async fn body_that_breaks_off_is_an_error() {
        let body = OwnBody::from_stream(Chunks(vec![Err("cut"), Ok("{}")]));
        let response = response("application/json", body);
        let error =
            decoded(DecodeLayer::<Content>::new(), Request::get("/"), response).await.unwrap_err();
        assert!(error.is_body() && error.may_have_been_sent());
        assert_eq!(format!("{error:#}"), "GET /: the response body cannot be read: cut");
    }

    #[tokio::test]
    async fn causes_can_be_told_apart() {
        let get = || Request::get("http://h/x");
        let layer = DecodeLayer::<Json<u8>>::new();
        let error = decoded(layer.clone(), get(), response("text/html", "1")).await.unwrap_err();
        assert!(error.is_decode() && error.find_source::<ContentError>().is_some());
        let error = decoded(layer, get(), response("application/json", "{}")).await.unwrap_err();
        assert_eq!(error.find_source::<JsonError>().unwrap().path(), ".");
        assert_eq!(
            error.to_string(),
            "GET http://h/x: the response body is not what was asked for"
        );
    }

    struct Chunks(Vec<Result<&'static str, &'static str>>);

    impl Stream for Chunks {
        type Item = Result<Bytes, io::Error>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop().map(|chunk| chunk.map(Bytes::from).map_err(io::Error::other)))
        }
    }
}
