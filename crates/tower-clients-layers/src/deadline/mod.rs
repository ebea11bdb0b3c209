//! Limits the time of a whole exchange, response body included.
//!
//! The time is that of the layer, or of [`RequestOptions::timeout`] for one request; without either this
//! layer does nothing. When it passes, the response future or the body fails with an
//! [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) error that says which limit it was. Dropping the
//! exchange then frees what it held, as dropping it at any other time does.
//!
//! The clock starts when the future is first polled. Waiting for the service below to become ready
//! comes before that, in `poll_ready`; [`limit`] covers it too when it is given a whole `oneshot`.
//!
//! A head that comes right at the deadline is not late, nor is the frame of its body that comes with it: it
//! is the answer of a handler whose own calls ended then.
//!
//! The body of a response is a [`DeadlineBody`] around that of the service below. So what makes a value
//! of the body, such as [`DecodeLayer`](crate::DecodeLayer), goes above this layer, or its value comes
//! out by [`into_inner`](DeadlineBody::into_inner).
//!
//! Layers below see when the exchange must be over by [`current`] and [`remaining`], at no cost: what
//! would take longer than that need not be begun.
//!
//! A limit costs one allocation: the timer moves from the future into the body, which stays
//! [`Unpin`] when the body below is. It needs a tokio runtime with its timer enabled.
//!
//! ```
//! use axum::Router;
//! use http::Request;
//! use std::{future::pending, time::Duration};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, DeadlineLayer};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(DeadlineLayer::new(Duration::from_secs(2)))
//!     .service(Router::new().fallback(async || pending::<()>().await));
//!
//! let error = service.oneshot(Request::get("/").body(Body::empty())?).await.unwrap_err();
//! assert!(error.is_timeout());
//! assert_eq!(error.timeout().unwrap().to_string(), "the total timeout of 2s passed");
//! # Ok(())
//! # }
//! ```

mod current;
mod timed;
mod timer;

#[cfg(any(feature = "limits", feature = "token"))]
pub(crate) use self::current::hide;
#[cfg(feature = "retry")]
pub(crate) use self::current::in_attempt;
pub use self::current::{current, remaining};
pub(crate) use self::{timed::Timed, timer::Timer};

use crate::{
    BoxError, Error, RequestOptions, TimeoutError, error::RequestLine,
    macros::inner_service_accessors,
};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Limits the time of a whole exchange.
///
/// Makes [`Deadline`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct DeadlineLayer {
    timeout: Option<Duration>,
    deadline: Option<Instant>,
}

impl DeadlineLayer {
    /// Limits every exchange to `timeout`.
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        Self { timeout: Some(timeout), deadline: None }
    }

    /// Limits only exchanges whose request has a [`RequestOptions::timeout`].
    #[must_use]
    pub const fn none() -> Self {
        Self { timeout: None, deadline: None }
    }

    /// Another time for every exchange, up to the same [deadline](Self::until).
    #[must_use]
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// Limits every exchange also to end by `deadline`, whatever its own time: that of what it is made for.
    /// None before is put off.
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        let deadline = self.deadline.map_or(deadline, |before| before.min(deadline));
        Self { deadline: Some(deadline), ..self }
    }

    /// The time that a request has: that of its options, else that of the layer; up to the
    /// [deadline](Self::until), if there is one.
    pub fn timeout_of<B>(&self, request: &Request<B>) -> Option<Duration> {
        let own = RequestOptions::of(request).and_then(RequestOptions::timeout_value);
        let left = self.deadline.map(|end| end.saturating_duration_since(Instant::now()));
        own.or(self.timeout).into_iter().chain(left).min()
    }

    /// What [`limit`] needs: the time that a request has, if any, and the request's name.
    pub fn limit_of<B>(&self, request: &Request<B>) -> Option<(Duration, RequestLine)> {
        self.timeout_of(request).map(|timeout| (timeout, RequestLine::of(request)))
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline { inner, layer: *self }
    }
}

/// Made by [`DeadlineLayer`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct Deadline<S> {
    inner: S,
    layer: DeadlineLayer,
}

impl<S> Deadline<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Deadline<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
{
    type Response = Response<DeadlineBody<R>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let time = self.layer.limit_of(&request);
        limit(self.inner.call(request), time)
    }
}

pin_project! {
    /// Waits for the head of the response, or the deadline.
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

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<DeadlineBody<R>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut future = self.project().future;
        let response = ready!(future.as_mut().poll(cx))?;
        let timer = future.take_timer();
        Poll::Ready(Ok(response.map(|body| DeadlineBody::new(body, timer))))
    }
}

pin_project! {
    /// A response body that fails at the deadline of its exchange.
    #[derive(Debug)]
    pub struct DeadlineBody<B> {
        #[pin]
        body: B,
        timer: Option<Pin<Box<Timer>>>,
        // The head came at the deadline, and so may what came with it.
        grace: bool,
        failed: bool,
    }
}

impl<B> DeadlineBody<B> {
    fn new(body: B, timer: Option<Pin<Box<Timer>>>) -> Self {
        let grace = timer.as_ref().is_some_and(|timer| timer.is_over());
        Self { body, timer, grace, failed: false }
    }

    /// The body, without the deadline.
    pub fn into_inner(self) -> B {
        self.body
    }
}

impl<B> Body for DeadlineBody<B>
where
    B: Body<Error: Into<BoxError>>,
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
        let Some(timer) = this.timer else {
            let frame = ready!(this.body.poll_frame(cx));
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from_response_body)));
        };
        let in_time = !timer.is_over() || mem::take(this.grace) || this.body.is_end_stream();
        if in_time && let Poll::Ready(frame) = timer.as_mut().watch(|| this.body.poll_frame(cx)) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from_response_body)));
        }
        ready!(timer.as_mut().poll_passed(cx));
        *this.failed = true;
        Poll::Ready(Some(Err(timer.error())))
    }

    fn is_end_stream(&self) -> bool {
        self.failed || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Limits the time of an exchange that is given as a future, and names `RequestLine` in the error.
pub fn limit<F>(exchange: F, limit: Option<(Duration, RequestLine)>) -> ResponseFuture<F> {
    let timer = limit.map(|(timeout, line)| Timer::new(TimeoutError::total(timeout), line));
    ResponseFuture { future: Timed::new(exchange, timer) }
}

const _: () = {
    const fn body_stays_movable<T: Unpin>() {}
    body_stays_movable::<DeadlineBody<crate::Body>>();
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body as OwnBody;
    use bytes::Bytes;
    use futures_core::Stream;
    use http_body_util::BodyExt;
    use std::convert::Infallible;
    use tokio::time::{Sleep, sleep, sleep_until};
    use tower::{ServiceExt, service_fn};

    const SECOND: Duration = Duration::from_secs(1);

    /// One byte a second.
    struct Drip(Pin<Box<Sleep>>);

    impl Stream for Drip {
        type Item = Result<Bytes, Infallible>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            ready!(self.0.as_mut().poll(cx));
            self.0.as_mut().reset(Instant::now() + SECOND);
            Poll::Ready(Some(Ok("x".into())))
        }
    }

    async fn call(
        layer: DeadlineLayer,
        head_after: Duration,
        options: RequestOptions,
    ) -> Result<Response<DeadlineBody<OwnBody>>, Error> {
        let service = layer.layer(service_fn(async |_: Request<()>| {
            sleep(head_after).await;
            Ok::<_, Infallible>(Response::new(OwnBody::from_stream(Drip(Box::pin(sleep(SECOND))))))
        }));
        service.oneshot(Request::get("http://h/x").extension(options).body(()).unwrap()).await
    }

    #[tokio::test(start_paused = true)]
    async fn head_that_comes_too_late_is_an_error_at_the_deadline() {
        let start = Instant::now();
        let error = call(DeadlineLayer::new(2 * SECOND), 9 * SECOND, RequestOptions::new())
            .await
            .unwrap_err();
        assert_eq!(start.elapsed(), 2 * SECOND);
        assert!(error.is_timeout() && error.may_have_been_sent());
        assert_eq!(
            format!("{error:#}"),
            "GET http://h/x: the request ran out of time: the total timeout of 2s passed"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn deadline_ends_what_has_more_time_and_leaves_what_has_less() {
        for (timeout, after) in [(9, 3), (1, 1)] {
            let start = Instant::now();
            let layer = DeadlineLayer::none().until(start + 4 * SECOND);
            sleep(SECOND).await;
            let options = RequestOptions::new().timeout(timeout * SECOND);
            let error = call(layer, 20 * SECOND, options).await.unwrap_err();
            assert_eq!(error.timeout().unwrap().after(), after * SECOND);
        }
        let earlier = DeadlineLayer::none().until(Instant::now()).until(Instant::now() + SECOND);
        assert_eq!(earlier.timeout_of(&Request::new(())), Some(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn answer_that_comes_at_the_deadline_is_whole_if_it_is_one_frame() {
        let answer = |body: fn() -> OwnBody| {
            let service = service_fn(move |_: Request<()>| async move {
                sleep_until(current().unwrap()).await;
                Ok::<_, Infallible>(Response::new(body()))
            });
            DeadlineLayer::new(SECOND).layer(service).oneshot(Request::new(()))
        };
        let body = answer(|| OwnBody::from("late")).await.unwrap().into_body();
        assert_eq!(body.collect().await.unwrap().to_bytes(), "late");

        let mut body = answer(|| OwnBody::from_stream(Flood)).await.unwrap().into_body();
        assert!(body.frame().await.unwrap().is_ok());
        assert!(body.frame().await.unwrap().unwrap_err().is_timeout());
    }

    #[tokio::test(start_paused = true)]
    async fn d10_body_that_drips_ends_at_the_same_deadline() {
        let start = Instant::now();
        let response =
            call(DeadlineLayer::new(5 * SECOND), 2 * SECOND, RequestOptions::new()).await.unwrap();
        let error = response.into_body().collect().await.unwrap_err();
        assert_eq!(start.elapsed(), 5 * SECOND);
        assert_eq!(error.timeout().unwrap().after(), 5 * SECOND);
    }

    /// Frames that are always ready, each a second after the other.
    struct Flood;

    impl Stream for Flood {
        type Item = Result<Bytes, Infallible>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(Some(Ok("x".into())))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn body_that_is_always_ready_ends_at_the_deadline_and_once() {
        let service = service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(OwnBody::from_stream(Flood)))
        });
        let service = DeadlineLayer::new(3 * SECOND).layer(service);
        let response = service.oneshot(Request::new(())).await.unwrap();
        let mut body = response.into_body();
        for _ in 0..3 {
            assert!(body.frame().await.unwrap().is_ok());
            tokio::time::advance(SECOND).await;
        }
        assert!(body.frame().await.unwrap().unwrap_err().is_timeout());
        assert!(body.frame().await.is_none() && body.is_end_stream());
    }

    #[tokio::test(start_paused = true)]
    async fn option_of_the_request_beats_the_layer() {
        let options = RequestOptions::new().timeout(3 * SECOND);
        let error = call(DeadlineLayer::none(), 9 * SECOND, options.clone()).await.unwrap_err();
        assert_eq!(error.timeout().unwrap().after(), 3 * SECOND);
        assert!(call(DeadlineLayer::new(SECOND), 2 * SECOND, options).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn longest_duration_is_no_deadline() {
        let options = RequestOptions::new().timeout(Duration::MAX);
        assert!(call(DeadlineLayer::none(), 1000 * SECOND, options).await.is_ok());
    }
}
