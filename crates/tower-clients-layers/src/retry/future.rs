//! One request, and its attempts.

use super::policy::{Next, Plan};
use crate::{Body, BoxError, Error, deadline, exchange::MaybeExchange, macros::opaque_debug};
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::time::{Instant, Sleep, sleep};
use tower_service::Service;

pin_project! {
    /// Waits for a response that is not to be retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives up the attempt that is under way, and those that would follow.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, F> {
        #[pin]
        future: MaybeExchange<F, Exchange<S, F>>,
    }
}

pin_project! {
    struct Exchange<S, F> {
        service: S,
        plan: Plan,
        next: Option<Request<Body>>,
        #[pin]
        stage: Stage<F>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F> {
        Sent { #[pin] future: F, since: Option<Instant> },
        Pausing { #[pin] sleep: Sleep },
        // For the service below.
        Readying,
    }
}

impl<S, F> ResponseFuture<S, F> {
    pub(super) fn untouched(future: F) -> Self {
        Self { future: MaybeExchange::Untouched { future } }
    }

    /// Goes on with `service` when the first attempt, which is `future`, fails.
    pub(super) fn retrying(plan: Plan, service: S, future: F) -> Self {
        let stage = Stage::Sent { future, since: None };
        let exchange = Exchange { service, plan, next: None, stage };
        Self { future: MaybeExchange::exchange(exchange) }
    }
}

impl<S, R> Future for ResponseFuture<S, S::Future>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}

impl<S, R> Future for Exchange<S, S::Future>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            deadline::in_attempt(this.plan.attempt());
            let next = match this.stage.as_mut().project() {
                StageProjection::Sent { future, since } => {
                    let since = *since.get_or_insert_with(Instant::now);
                    let outcome = ready!(future.poll(cx)).map_err(Error::from_service);
                    match this.plan.next(&outcome, since.elapsed()) {
                        Ok(Next { request, pause }) => {
                            *this.next = Some(request);
                            this.plan.failed(outcome, pause);
                            Stage::Pausing { sleep: sleep(pause) }
                        }
                        Err(why) => return Poll::Ready(this.plan.conclude(outcome, why)),
                    }
                }
                StageProjection::Pausing { sleep } => {
                    ready!(sleep.poll(cx));
                    Stage::Readying
                }
                StageProjection::Readying => {
                    if let Err(error) = ready!(this.service.poll_ready(cx)) {
                        let error = Err(Error::from_service(error));
                        return Poll::Ready(this.plan.conclude(error, None));
                    }
                    let request = this.next.take().expect("polled after completion");
                    Stage::Sent { future: this.service.call(request), since: None }
                }
            };
            this.stage.set(next);
        }
    }
}

opaque_debug!([S, F] ResponseFuture<S, F>);

const _: () = {
    type Below = [usize; 9];
    assert!(size_of::<ResponseFuture<(), Below>>() == size_of::<Below>() + size_of::<usize>());
};
