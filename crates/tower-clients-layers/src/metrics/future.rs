//! One request and its measurement.

use super::{Labels, Outcome, Recorder};
use crate::{BoxError, Error, deadline, url::redact};
use http::{Request, Response, Uri};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::time::Instant;

pin_project! {
    /// Waits for the head of the response.
    ///
    /// Dropping it counts as cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        // Boxed, so that a layer that is not configured is as small as if it were not there.
        open: Option<Box<Open>>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, open: Option<Open>) -> Self {
        Self { future, open: open.map(Box::new) }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(open) = this.open {
            open.deadline = deadline::current();
        }
        let result = ready!(this.future.poll(cx)).map_err(Error::from_service);
        if let Some(open) = this.open.take() {
            open.end(Outcome::of(&result));
        }
        Poll::Ready(result)
    }
}

/// A request that is measured until it is over, or dropped.
pub(super) struct Open {
    recorder: Arc<dyn Recorder>,
    method: &'static str,
    template: Option<&'static str>,
    uri: Uri,
    since: Instant,
    deadline: Option<Instant>,
    outcome: Option<Outcome>,
}

impl Open {
    pub(super) fn begin<B>(recorder: &Arc<dyn Recorder>, request: &Request<B>) -> Self {
        let labels = Labels::of(request);
        recorder.begin(&labels);
        Self {
            recorder: Arc::clone(recorder),
            method: labels.method,
            template: labels.template,
            uri: request.uri().clone(),
            since: Instant::now(),
            deadline: None,
            outcome: None,
        }
    }

    fn end(mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let outcome = self.outcome.unwrap_or_else(|| Outcome::dropped(self.deadline));
        let labels = Labels::new(self.method, &self.uri, self.template);
        self.recorder.end(&labels, &outcome, self.since.elapsed());
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").field("uri", &redact(&self.uri)).finish_non_exhaustive()
    }
}
