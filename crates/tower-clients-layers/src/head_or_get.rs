//! Asks by `GET` where `HEAD` is refused.
//!
//! A server may allow no `HEAD` (405), or not know it (501), though RFC 9110 §9.1 asks for it. Then
//! the same request is sent again as `GET`, without the body that it may have had. Both methods are
//! safe, so this repeats nothing that matters. Requests with other methods pass unchanged.
//!
//! The body of the answer to `GET` is left as it is. Whoever drops a large one unread gives up the
//! connection below (HTTP/1) or the stream (HTTP/2).
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::get};
//! use http::Request;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, HeadOrGetLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new().route("/", get("hello").head(StatusCode::METHOD_NOT_ALLOWED));
//! let service = ServiceBuilder::new().layer(HeadOrGetLayer::new()).service(server);
//!
//! let response = service.oneshot(Request::head("/").body(Body::empty())?).await?;
//! assert_eq!(response.status(), 200);
//! # Ok(())
//! # }
//! ```

use crate::{
    copy::head_of,
    macros::{inner_service_accessors, opaque_debug},
};
use http::{
    Method, Request, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

/// Asks by `GET` where `HEAD` is refused.
///
/// Makes [`HeadOrGet`]. See the [module docs](self).
#[derive(Debug, Clone, Copy, Default)]
pub struct HeadOrGetLayer(());

impl HeadOrGetLayer {
    /// Asks by `GET` where `HEAD` is refused.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for HeadOrGetLayer {
    type Service = HeadOrGet<S>;

    fn layer(&self, inner: S) -> HeadOrGet<S> {
        HeadOrGet { inner }
    }
}

/// Made by [`HeadOrGetLayer`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct HeadOrGet<S> {
    inner: S,
}

impl<S> HeadOrGet<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for HeadOrGet<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    B: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let get = (*request.method() == Method::HEAD).then(|| {
            let mut get = head_of(&request, request.uri().clone()).map(|()| B::default());
            *get.method_mut() = Method::GET;
            for name in [CONTENT_LENGTH, TRANSFER_ENCODING, CONTENT_TYPE] {
                get.headers_mut().remove(name);
            }
            (self.inner.clone(), get)
        });
        ResponseFuture { state: State::Called { future: self.inner.call(request) }, get }
    }
}

pin_project! {
    /// Waits for the answer to `HEAD`, and for that to `GET` if there is one.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives up the request that is under way. The server may have seen it.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request<B>>, B> {
        #[pin]
        state: State<S, B>,
        get: Option<(S, Request<B>)>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Request<B>>, B> {
        Called { #[pin] future: S::Future },
        // The service is that of the fallback, and to be made ready.
        Refused { service: S, request: Option<Request<B>> },
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Called { future } => {
                    let response = ready!(future.poll(cx))?;
                    match this.get.take().filter(|_| is_refusal(response.status())) {
                        Some((service, request)) => {
                            State::Refused { service, request: Some(request) }
                        }
                        None => return Poll::Ready(Ok(response)),
                    }
                }
                StateProjection::Refused { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let request = request.take().expect("polled after completion");
                    State::Called { future: service.call(request) }
                }
            };
            this.state.set(next);
        }
    }
}

fn is_refusal(status: StatusCode) -> bool {
    matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED)
}

opaque_debug!([S: Service<Request<B>>, B] ResponseFuture<S, B>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;
    use std::{
        convert::Infallible,
        sync::{Arc, Mutex},
    };
    use tower::{ServiceExt, service_fn};

    /// The status that comes of it, and the requests, as `METHOD header extension body`.
    async fn ask(method: Method, refusal: u16) -> (StatusCode, Vec<String>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let service = service_fn(move |request: Request<Body>| {
            let header = request.headers()["x-a"].to_str().unwrap();
            let extension = request.extensions().get::<u8>().unwrap();
            let line = format!("{} {header} {extension} {:?}", request.method(), request.body());
            log.lock().unwrap().push(line);
            let status = if request.method() == Method::GET { 200 } else { refusal };
            let response = Response::builder().status(status).body(()).unwrap();
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let request = Request::builder().method(method).header("x-a", "1").extension(7u8);
        let service = HeadOrGetLayer::new().layer(service);
        let response = service.oneshot(request.body("x".into()).unwrap()).await.unwrap();
        let seen = seen.lock().unwrap().clone();
        (response.status(), seen)
    }

    #[tokio::test]
    async fn f3s_get_follows_where_head_is_refused() {
        for refusal in [405, 501] {
            let (status, seen) = ask(Method::HEAD, refusal).await;
            assert_eq!(status, 200);
            assert_eq!(seen, ["HEAD 1 7 Body(1 bytes)", "GET 1 7 Body(empty)"]);
        }
    }

    #[tokio::test]
    async fn every_other_answer_stays() {
        for (method, status) in [
            (Method::HEAD, 200),
            (Method::HEAD, 404),
            (Method::HEAD, 500),
            (Method::POST, 405),
            (Method::PUT, 501),
        ] {
            let (given, seen) = ask(method, status).await;
            assert_eq!((given.as_u16(), seen.len()), (status, 1));
        }
    }
}
