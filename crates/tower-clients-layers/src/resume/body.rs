//! The body that is put together from parts.

use super::{Again, NotResumed, ResumeError, range::Document};
use crate::{BoxError, Error, HttpService, macros::opaque_debug};
use bytes::Bytes;
use http::{
    HeaderValue, Request, Response,
    header::{IF_RANGE, RANGE},
};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep};
use tower_service::Service;

/// The wait before the second attempt; it doubles for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

pin_project! {
    /// A response body that goes on with the missing rest when it breaks off. It is [`Unpin`] when
    /// the body below is.
    pub struct ResumeBody<S: HttpService<B>, B> {
        // None while the rest is asked for, and after an error.
        #[pin]
        body: Option<S::ResBody>,
        asking: Option<Pin<Box<Asking<S, B>>>>,
        plan: Option<Plan<S>>,
    }
}

/// What it takes to resume a body, and how far it is.
pub(super) struct Plan<S> {
    again: Again<S>,
    document: Document,
    received: u64,
    /// Where the part ends that is read; nothing for the first response, which is no part.
    end: Option<u64>,
    attempts: u32,
    /// The last error that an attempt came from.
    cause: Option<Error>,
}

/// Why a body does not go on.
enum Broken {
    By(Error),
    Because(NotResumed),
}

impl<S> Plan<S> {
    pub(super) fn new<R>(again: Again<S>, response: &Response<R>) -> Option<Self> {
        let document = Document::of(response)?;
        Some(Self { again, document, received: 0, end: None, attempts: 0, cause: None })
    }

    /// Bytes that are missing, as far as that is known.
    fn missing(&self) -> Option<u64> {
        self.document.total.map(|total| total.saturating_sub(self.received))
    }

    /// Counts what the body gave.
    fn receive<E: Into<BoxError>>(
        &mut self,
        frame: Option<Result<Frame<Bytes>, E>>,
    ) -> Result<Option<Frame<Bytes>>, Broken> {
        let frame = frame.transpose().map_err(|e| Broken::By(Error::from_response_body(e)))?;
        let received = self.received;
        match (frame.as_ref().and_then(Frame::data_ref), self.document.total) {
            (Some(data), _) => self.received += data.len() as u64,
            (None, Some(total)) if received < total => {
                let short = NotResumed::Short { received, total };
                return Err(Broken::By(ResumeError::new(short, None).into()));
            }
            // Trailers, or the end.
            (None, _) => {}
        }
        match self.end.is_some_and(|end| end < self.received) {
            true => Err(Broken::Because(NotResumed::WrongPart)),
            false => Ok(frame),
        }
    }

    /// The body of an answer that is the missing part, or the beginning of it.
    fn accept<R>(&mut self, answer: Result<Response<R>, Error>) -> Result<R, Broken> {
        let response = answer.map_err(|error| {
            Broken::By(ResumeError::new(NotResumed::Unanswered, Some(error)).into())
        })?;
        let end = self.document.end_of_part(&response, self.received).map_err(Broken::Because)?;
        self.end = Some(end);
        Ok(response.into_body())
    }

    fn request_for_rest<B: Default>(&self) -> Request<B> {
        let mut request = self.again.request.clone().map(|()| B::default());
        let range = HeaderValue::try_from(format!("bytes={}-", self.received));
        request.headers_mut().insert(RANGE, range.expect("it is ASCII"));
        request.headers_mut().insert(IF_RANGE, self.document.condition().clone());
        request
    }
}

impl<S: Clone> Plan<S> {
    /// The next attempt; the error when there is none, or nothing is missing.
    fn go_on<B>(&mut self, broken: Broken) -> Result<Asking<S, B>, Error>
    where
        S: Service<Request<B>>,
    {
        let may_help = match &broken {
            Broken::By(_) => self.missing() != Some(0),
            Broken::Because(NotResumed::Status(status)) => status.is_server_error(),
            Broken::Because(_) => false,
        };
        if !may_help || self.attempts == self.again.attempts {
            let error = match broken {
                Broken::By(error) => error,
                Broken::Because(reason) => ResumeError::new(reason, self.cause.take()).into(),
            };
            let request = &self.again.request;
            return Err(error.for_request(request.method(), request.uri()));
        }
        if let Broken::By(error) = broken {
            self.cause = Some(error);
        }
        self.attempts += 1;
        Ok(match self.attempts.checked_sub(2) {
            None => Asking::Readying { service: self.again.service.clone() },
            Some(doublings) => {
                let wait = FIRST_WAIT.saturating_mul(2u32.saturating_pow(doublings));
                Asking::Waiting { sleep: sleep(wait.min(LONGEST_WAIT)) }
            }
        })
    }
}

pin_project! {
    #[project = AskingProjection]
    enum Asking<S: Service<Request<B>>, B> {
        Waiting { #[pin] sleep: Sleep },
        Readying { service: S },
        Asked { #[pin] future: S::Future },
    }
}

impl<S, B> Asking<S, B>
where
    S: HttpService<B> + Clone,
    B: Default,
{
    fn poll_answer(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        plan: &Plan<S>,
    ) -> Poll<Result<Response<S::ResBody>, Error>> {
        loop {
            let next = match self.as_mut().project() {
                AskingProjection::Waiting { sleep } => {
                    ready!(sleep.poll(cx));
                    Self::Readying { service: plan.again.service.clone() }
                }
                AskingProjection::Readying { service } => {
                    ready!(service.poll_ready(cx)).map_err(Error::from_service)?;
                    Self::Asked { future: service.call(plan.request_for_rest()) }
                }
                AskingProjection::Asked { future } => {
                    return future.poll(cx).map_err(Error::from_service);
                }
            };
            self.set(next);
        }
    }
}

impl<S: HttpService<B>, B> ResumeBody<S, B> {
    pub(super) fn new(body: S::ResBody, plan: Option<Plan<S>>) -> Self {
        Self { body: Some(body), asking: None, plan }
    }
}

impl<S, B> Body for ResumeBody<S, B>
where
    S: HttpService<B> + Clone,
    B: Default,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut this = self.project();
        loop {
            let body = this.body.as_mut().as_pin_mut();
            let Some(plan) = this.plan.as_mut() else {
                let Some(body) = body else { return Poll::Ready(None) };
                return body.poll_frame(cx).map_err(Error::from_response_body);
            };
            let broken = if let Some(asking) = this.asking.as_mut() {
                let answer = ready!(asking.as_mut().poll_answer(cx, plan));
                *this.asking = None;
                match plan.accept(answer) {
                    Ok(part) => {
                        this.body.set(Some(part));
                        continue;
                    }
                    Err(broken) => broken,
                }
            } else {
                let Some(body) = body else { return Poll::Ready(None) };
                match plan.receive(ready!(body.poll_frame(cx))) {
                    Ok(frame) => return Poll::Ready(frame.map(Ok)),
                    Err(broken) => broken,
                }
            };
            // It may hold what the service below needs to be ready again.
            this.body.set(None);
            match plan.go_on(broken) {
                Ok(asking) => *this.asking = Some(Box::pin(asking)),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let missing = self.plan.as_ref().and_then(Plan::missing).unwrap_or(0);
        match &self.body {
            Some(body) => missing == 0 && body.is_end_stream(),
            None => self.asking.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match (self.plan.as_ref().and_then(Plan::missing), &self.body) {
            (Some(missing), _) => SizeHint::with_exact(missing),
            (None, Some(body)) => body.size_hint(),
            (None, None) => SizeHint::default(),
        }
    }
}

opaque_debug!([S: HttpService<B>, B] ResumeBody<S, B>);
