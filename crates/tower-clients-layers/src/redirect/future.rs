//! One request and where it is led.

use super::{
    NotFollowed, RedirectError, Redirected, Redirects,
    rules::{Rules, become_get, becomes_get, is_same_origin},
};
use crate::{
    Body, BoxError, Error, RequestOptions,
    error::{Failure, Reason},
    macros::opaque_debug,
    url::location,
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri, header::LOCATION};
use http_body::Body as _;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower_service::Service;

pin_project! {
    /// Waits for a response that does not redirect.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives up the exchange that is under way.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, F, R> {
        #[pin]
        state: State<F, R>,
        following: Option<Following<S>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, R> {
        Asking { #[pin] exchange: F },
        // What is left of a response that redirects, so that its connection can be used again.
        Draining { #[pin] body: R },
        // For the service below.
        Readying,
    }
}

/// Reading so much is cheaper than another connection.
const DRAINED: u64 = 64 * 1024;

/// What it takes to ask again.
pub(super) struct Following<S> {
    service: S,
    redirects: Redirects,
    rules: Option<Arc<Rules>>,
    /// What was sent last; not the body, which may be a stream.
    head: Request<()>,
    body: Option<Body>,
    /// The URIs before that.
    history: Vec<Uri>,
}

impl<S, F, R> ResponseFuture<S, F, R> {
    pub(super) fn new(exchange: F, following: Option<Following<S>>) -> Self {
        Self { state: State::Asking { exchange }, following }
    }
}

impl<S, R> Future for ResponseFuture<S, S::Future, R>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
    R: http_body::Body,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Asking { exchange } => {
                    let mut result = ready!(exchange.poll(cx)).map_err(Error::from_service);
                    let Some(following) = this.following else { return Poll::Ready(result) };
                    match &mut result {
                        Ok(response) if following.is_led_on(response)? => {}
                        Ok(response) => {
                            following.mark(response);
                            return Poll::Ready(result);
                        }
                        Err(_) => {
                            return Poll::Ready(result.map_err(|error| following.failed(error)));
                        }
                    }
                    State::Draining { body: result?.into_body() }
                }
                StateProjection::Draining { body } => {
                    let is_short = body.size_hint().upper().is_some_and(|left| left <= DRAINED);
                    if is_short && matches!(ready!(body.poll_frame(cx)), Some(Ok(_))) {
                        continue;
                    }
                    State::Readying
                }
                StateProjection::Readying => {
                    let following = this.following.as_mut().expect("it has led on");
                    let ready = ready!(following.service.poll_ready(cx));
                    ready.map_err(|error| following.failed(Error::from_service(error)))?;
                    let request = following.request();
                    State::Asking { exchange: following.service.call(request) }
                }
            };
            this.state.set(next);
        }
    }
}

impl<S> Following<S> {
    pub(super) fn new(
        service: S,
        redirects: Redirects,
        rules: Option<Arc<Rules>>,
        head: Request<()>,
        body: Option<Body>,
    ) -> Self {
        Self { service, redirects, rules, head, body, history: Vec::new() }
    }

    fn request(&self) -> Request<Body> {
        let body = self.body.as_ref().and_then(Body::try_clone).unwrap_or_default();
        self.head.clone().map(|()| body)
    }

    /// That a later request was not sent proves nothing about the first one.
    fn failed(&self, error: Error) -> Error {
        if self.history.is_empty() { error } else { error.sent() }
    }

    fn mark<R>(&mut self, response: &mut Response<R>) {
        if !self.history.is_empty() {
            let uri = mem::take(self.head.uri_mut());
            let redirected = Redirected::new(mem::take(&mut self.history), uri);
            response.extensions_mut().insert(redirected);
        }
    }

    /// Whether the response leads to another request, which is then the next one.
    fn is_led_on<R>(&mut self, response: &Response<R>) -> Result<bool, Error> {
        let status = response.status();
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(false);
        }
        let (target, reason) = match target(self.head.uri(), response.headers()) {
            Err(reason) => (None, reason),
            Ok(target) => match self.follow(status, &target) {
                Ok(()) => return Ok(true),
                Err(reason) => (Some(target), reason),
            },
        };
        let line = (self.head.method(), self.head.uri());
        let mut history = mem::take(&mut self.history);
        history.push(line.1.clone());
        let error: Error = RedirectError::new(reason, status, history, target).into();
        let failure = Failure::kept(status, response.headers().clone(), Bytes::new(), true);
        Err(error.with_failure(failure).for_request(line.0, line.1))
    }

    /// Whether the last URI has led to this one before.
    fn has_followed(&self, target: &Uri) -> bool {
        let last = self.head.uri();
        let next = self.history.iter().skip(1).chain([last]);
        self.history.iter().zip(next).any(|hop| hop == (last, target))
    }

    fn follow(&mut self, status: StatusCode, target: &Uri) -> Result<(), NotFollowed> {
        let default;
        let rules = match self.rules.as_deref() {
            Some(rules) => rules,
            None => {
                default = Rules::default();
                &default
            }
        };
        if self.has_followed(target) {
            return Err(NotFollowed::Loop);
        }
        if self.history.len() >= rules.limit {
            return Err(NotFollowed::Limit(rules.limit));
        }
        let from = self.head.uri();
        rules.check(self.redirects, self.history.first().unwrap_or(from), from, target)?;
        let crosses = !is_same_origin(from, target);

        if becomes_get(status, self.head.method()) {
            become_get(&mut self.head);
            self.body = Some(Body::empty());
        }
        let has_body = self.body.as_ref().is_none_or(|body| !body.is_end_stream());
        if crosses {
            rules.cross(&mut self.head, has_body)?;
        }
        if self.body.is_none() {
            return Err(NotFollowed::Stream);
        }
        RequestOptions::forget_template(&mut self.head);
        let from = mem::replace(self.head.uri_mut(), target.clone());
        self.history.push(from);
        Ok(())
    }
}

/// Where a response leads.
fn target(from: &Uri, headers: &HeaderMap) -> Result<Uri, NotFollowed> {
    if headers.get(LOCATION).is_none_or(|value| value.as_bytes().trim_ascii().is_empty()) {
        return Err(NotFollowed::NoLocation);
    }
    if from.authority().is_none() {
        return Err(NotFollowed::Location(Reason::Unaddressed.into()));
    }
    let target = location(from, headers).map_err(NotFollowed::Location)?;
    target.ok_or(NotFollowed::NoLocation)
}

opaque_debug!([S, F, R] ResponseFuture<S, F, R>);
