//! One request, and its second attempt.

use super::observed::Observed;
use crate::{Body, RequestOptions, RetryBudget, later::Later, macros::opaque_debug};
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};
use tower_service::Service;

pin_project! {
    /// Waits for a response; after a while, for one of two.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives up both attempts.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, F: Future> {
        // Until it has failed.
        #[pin]
        first: Option<F>,
        watch: Option<(Arc<Observed>, Instant)>,
        // Boxed, so that a request without a second attempt is small.
        second: Option<Pin<Box<Second<S, F>>>>,
    }
}

pin_project! {
    pub(super) struct Second<S, F: Future> {
        later: Later<S, Body>,
        budget: RetryBudget,
        #[pin]
        stage: Stage<F>,
        // What came of the attempt that failed first.
        failed: Option<F::Output>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F> {
        Delayed { #[pin] sleep: Sleep },
        // For the service below.
        Readying,
        Sent { #[pin] future: F },
        Over,
    }
}

impl<S, F: Future> Second<S, F> {
    pub(super) fn new(later: Later<S, Body>, delay: Duration, budget: RetryBudget) -> Self {
        Self { later, budget, stage: Stage::Delayed { sleep: sleep(delay) }, failed: None }
    }

    fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Readying | Stage::Sent { .. })
    }
}

impl<S, F: Future> ResponseFuture<S, F> {
    pub(super) fn new(
        first: F,
        observed: Option<Arc<Observed>>,
        second: Option<Second<S, F>>,
    ) -> Self {
        let watch = observed.map(|observed| (observed, Instant::now()));
        Self { first: Some(first), watch, second: second.map(Box::pin) }
    }
}

/// Says which sending it is, so that no layer below sends it again.
fn number(request: &mut Request<Body>) {
    let options = RequestOptions::of_mut(request);
    if options.attempt_value().is_none() {
        *options = mem::take(options).attempt(2);
    }
}

/// Whether a response is worth to be had. An overloaded server is quick to refuse.
fn is_answer<R, E>(outcome: &Result<Response<R>, E>) -> bool {
    outcome.as_ref().is_ok_and(|response| !response.status().is_server_error())
}

impl<S, R> Second<S, S::Future>
where
    S: Service<Request<Body>, Response = Response<R>>,
{
    /// Goes on with the second attempt: `None` when there will be none.
    fn poll_outcome(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Response<R>, S::Error>>> {
        let mut this = self.project();
        loop {
            let next = match this.stage.as_mut().project() {
                StageProjection::Delayed { sleep } => {
                    ready!(sleep.poll(cx));
                    let request = this.later.request_mut();
                    let allowed = request.filter(|request| this.budget.withdraw(request.uri()));
                    let Some(request) = allowed else { return Poll::Ready(None) };
                    number(request);
                    Stage::Readying
                }
                StageProjection::Readying => match ready!(this.later.poll_call(cx)) {
                    Ok(future) => Stage::Sent { future },
                    Err(error) => {
                        this.stage.set(Stage::Over);
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                StageProjection::Sent { future } => {
                    let outcome = ready!(future.poll(cx));
                    this.stage.set(Stage::Over);
                    return Poll::Ready(Some(outcome));
                }
                StageProjection::Over => return Poll::Pending,
            };
            this.stage.set(next);
        }
    }
}

impl<S, R> ResponseFuture<S, S::Future>
where
    S: Service<Request<Body>, Response = Response<R>>,
{
    /// The first answer; where both attempts fail, what came first.
    fn poll_both(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<R>, S::Error>> {
        let mut this = self.project();
        if let Some(first) = this.first.as_mut().as_pin_mut()
            && let Poll::Ready(outcome) = first.poll(cx)
        {
            this.first.set(None);
            match this.second.as_mut().filter(|_| !is_answer(&outcome)) {
                Some(second) if second.is_under_way() => {
                    *second.as_mut().project().failed = Some(outcome);
                }
                Some(second) => {
                    let earlier = second.as_mut().project().failed.take();
                    return Poll::Ready(earlier.unwrap_or(outcome));
                }
                None => return Poll::Ready(outcome),
            }
        }
        let Some(second) = this.second.as_mut() else { return Poll::Pending };
        let Some(outcome) = ready!(second.as_mut().poll_outcome(cx)) else {
            *this.second = None;
            return Poll::Pending;
        };
        let failed = second.as_mut().project().failed;
        if is_answer(&outcome) {
            return Poll::Ready(outcome);
        }
        match failed.take() {
            Some(earlier) => Poll::Ready(earlier),
            None => {
                *failed = Some(outcome);
                Poll::Pending
            }
        }
    }
}

impl<S, R> Future for ResponseFuture<S, S::Future>
where
    S: Service<Request<Body>, Response = Response<R>>,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(self.as_mut().poll_both(cx));
        let mut this = self.project();
        // The other attempt is given up.
        this.first.set(None);
        *this.second = None;
        if let Some((observed, began)) = this.watch.take()
            && is_answer(&outcome)
        {
            // Where the second attempt was faster, the first would have taken longer still.
            observed.record(began.elapsed());
        }
        Poll::Ready(outcome)
    }
}

opaque_debug!([S, F: Future] ResponseFuture<S, F>);
