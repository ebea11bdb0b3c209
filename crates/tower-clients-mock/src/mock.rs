//! A service that answers from a script.

use crate::reply::{Outcome, Reply};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, combinators::Collect};
use pin_project_lite::pin_project;
use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tower_clients_layers::{Body, BoxError};
use tower_service::Service;

/// A service that answers from a script, in order, and remembers what it was asked. Clones share
/// both. A request that the script does not foresee is an error that names it.
///
/// The body of a request is read to its end before the request is remembered and answered.
#[derive(Debug, Clone, Default)]
pub struct Mock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Reply>,
    requests: Vec<Request<Bytes>>,
}

impl Mock {
    /// An empty script.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the next request that no earlier reply answers.
    #[must_use]
    pub fn reply(self, reply: impl Into<Reply>) -> Self {
        self.with(|state| state.script.push_back(reply.into()));
        self
    }

    /// The requests so far, in the order in which their bodies ended.
    #[must_use]
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.with(|state| state.requests.clone())
    }

    /// How many replies are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.with(|state| state.script.len())
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, request: Request<Bytes>) -> Outcome {
        self.with(|state| {
            let unforeseen = format!("no reply for {} {}", request.method(), request.uri());
            state.requests.push(request);
            state.script.pop_front().unwrap_or_else(|| Reply::fail(unforeseen)).outcome
        })
    }
}

impl<B> Service<Request<B>> for Mock
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = ResponseFuture<B>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<B> {
        let (head, body) = request.into_parts();
        let head = Some(Request::from_parts(head, ()));
        ResponseFuture { mock: self.clone(), head, body: body.collect(), hangs: false }
    }
}

pin_project! {
    /// Reads the request, then answers it.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<B: http_body::Body> {
        mock: Mock,
        head: Option<Request<()>>,
        #[pin]
        body: Collect<B>,
        hangs: bool,
    }
}

impl<B> Future for ResponseFuture<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Output = Result<Response<Body>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if *this.hangs {
            return Poll::Pending;
        }
        let body = ready!(this.body.poll(cx)).map_err(Into::into)?.to_bytes();
        let head = this.head.take().expect("polled after completion");
        match this.mock.answer(head.map(|()| body)) {
            Outcome::Answer(response) => Poll::Ready(Ok(*response)),
            Outcome::Fail(error) => Poll::Ready(Err(error)),
            Outcome::Hang => {
                *this.hangs = true;
                Poll::Pending
            }
        }
    }
}

impl<B: http_body::Body> fmt::Debug for ResponseFuture<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tower::ServiceExt;

    fn get(uri: &str) -> Request<Body> {
        Request::get(uri).body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn replies_come_in_order_and_clones_share_them() {
        let mock = Mock::new().reply(Reply::text("a")).reply(Reply::status(404));
        let copy = mock.clone();
        assert_eq!(mock.clone().oneshot(get("/1")).await.unwrap().status(), 200);
        assert_eq!(copy.remaining(), 1);
        assert_eq!(copy.oneshot(get("/2")).await.unwrap().status(), 404);
        assert_eq!(mock.requests()[1].uri(), "/2");
    }

    #[tokio::test]
    async fn unforeseen_request_is_an_error_that_names_it() {
        let error = Mock::new().oneshot(get("/x")).await.unwrap_err();
        assert_eq!(error.to_string(), "no reply for GET /x");
    }

    #[tokio::test]
    async fn body_can_break_off() {
        let reply = Reply::status(200).cut_body("ab");
        let mut body = Mock::new().reply(reply).oneshot(get("/x")).await.unwrap().into_body();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
        assert!(body.frame().await.unwrap().is_err());
        assert!(body.frame().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn hanging_reply_never_comes() {
        let answer = Mock::new().reply(Reply::hang()).oneshot(get("/x"));
        let hour = Duration::from_secs(3600);
        assert!(tokio::time::timeout(hour, answer).await.is_err());
    }
}
