//! The clock of an exchange that has a limit.

use super::upload::Upload;
use crate::{Error, ErrorKind, RequestOptions, TimeoutError, error::RequestLine};
use http::Request;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

pin_project! {
    /// It is not set anew with all that comes: when it fires, it looks whether it is time.
    #[derive(Debug)]
    pub(crate) struct Idle {
        // Made when something is first waited for.
        #[pin]
        sleep: Option<Sleep>,
        since: Option<Instant>,
        limit: TimeoutError,
        upload: Option<Arc<Upload>>,
        line: RequestLine,
    }
}

impl Idle {
    pub(super) fn new<B>(
        timeout: Duration,
        request: &Request<B>,
        upload: Option<Arc<Upload>>,
    ) -> Self {
        let attempt = RequestOptions::of(request).and_then(RequestOptions::attempt_value);
        let limit = TimeoutError::idle(timeout).in_attempt(attempt.unwrap_or(0));
        Self { sleep: None, since: None, limit, upload, line: RequestLine::of(request) }
    }

    /// Something has come, and it is not known when more is asked for.
    pub(super) fn progressed(self: Pin<&mut Self>) {
        *self.project().since = None;
    }

    /// To be polled whenever something is waited for.
    pub(super) fn poll_passed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Error> {
        let mut this = self.project();
        loop {
            let now = Instant::now();
            let since = *this.since.get_or_insert(now);
            let last = this.upload.as_ref().map_or(since, |upload| upload.last(now).max(since));
            let Some(end) = last.checked_add(this.limit.after()) else { return Poll::Pending };
            match this.sleep.as_mut().as_pin_mut() {
                None => this.sleep.set(Some(sleep_until(end))),
                Some(mut sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    if end <= now {
                        let error = Error::new(ErrorKind::Timeout, this.limit.clone());
                        return Poll::Ready(this.line.named_in(error));
                    }
                    sleep.reset(end);
                }
            }
        }
    }
}
