//! A service that answers by rules.

use crate::{
    Call, Reply,
    matcher::{Matcher, Mismatch},
    reply::Outcome,
    rule::{Answer, Rule, RuleState, When},
    template::Template,
};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, combinators::Collect};
use pin_project_lite::pin_project;
use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::time::Sleep;
use tower_clients_layers::{Body, BoxError};
use tower_service::Service;

/// A service that answers by rules, and remembers what it was asked. Clones share both.
///
/// The first rule that is for the request and has a reply left answers it. [`reply`](Self::reply) adds a
/// rule for any one request, so replies without more are a script. A request that no rule answers is an
/// [error](Unanswered) that names it and the nearest rule.
///
/// The body of a request is read to its end before the request is remembered and answered.
#[derive(Clone, Default)]
pub struct Mock {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) rules: Vec<RuleState>,
    pub(crate) log: Vec<Entry>,
}

pub(crate) struct Entry {
    pub(crate) call: Call,
    /// The number of the rule, or why there is none.
    pub(crate) answered_by: Result<usize, String>,
}

impl Mock {
    /// No rules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers one request, any that no earlier rule answers: `any().reply(reply).times(1)`.
    #[must_use]
    pub fn reply(self, reply: impl Into<Reply>) -> Self {
        self.any().reply(reply).times(1);
        self
    }

    /// A rule for any request.
    pub fn any(&self) -> When {
        When::new(self.clone(), Matcher::default())
    }

    /// A rule for requests with this method and path. In the path, `{name}` is for one segment, and `{*name}`
    /// at the end for the rest.
    ///
    /// # Panics
    ///
    /// The path does not begin with a slash, or goes on behind `{*name}`.
    pub fn on(&self, method: Method, path: &str) -> When {
        let path = Some(Arc::new(Template::new(path)));
        When::new(self.clone(), Matcher { method: Some(method), path, ..Matcher::default() })
    }

    /// [`on`](Self::on) `GET`.
    pub fn get(&self, path: &str) -> When {
        self.on(Method::GET, path)
    }

    /// [`on`](Self::on) `HEAD`.
    pub fn head(&self, path: &str) -> When {
        self.on(Method::HEAD, path)
    }

    /// [`on`](Self::on) `POST`.
    pub fn post(&self, path: &str) -> When {
        self.on(Method::POST, path)
    }

    /// [`on`](Self::on) `PUT`.
    pub fn put(&self, path: &str) -> When {
        self.on(Method::PUT, path)
    }

    /// [`on`](Self::on) `PATCH`.
    pub fn patch(&self, path: &str) -> When {
        self.on(Method::PATCH, path)
    }

    /// [`on`](Self::on) `DELETE`.
    pub fn delete(&self, path: &str) -> When {
        self.on(Method::DELETE, path)
    }

    /// The requests so far, in the order in which their bodies ended.
    #[must_use]
    pub fn requests(&self) -> Vec<Call> {
        self.with(|state| state.log.iter().map(|entry| entry.call.clone()).collect())
    }

    /// How many calls the rules that ask for a [number](Rule::times) of them still wait for; of a script, how
    /// many replies are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.with(|state| {
            let rules = state.rules.iter();
            let limits = rules.filter_map(|rule| Some(rule.limit?.saturating_sub(rule.calls)));
            limits.sum()
        })
    }

    /// Panics unless each rule with a [number of calls](Rule::times) got it, and each request an answer.
    ///
    /// # Panics
    ///
    /// As said; the message lists the rules with their calls, and the requests.
    #[track_caller]
    pub fn verify(&self) {
        let fault = self.with(|state| {
            let is_short = state.rules.iter().any(RuleState::is_short);
            let is_unanswered = state.log.iter().any(|entry| entry.answered_by.is_err());
            (is_short || is_unanswered).then(|| state.to_string())
        });
        if let Some(fault) = fault {
            panic!("the mock was not asked as expected\n{fault}");
        }
    }

    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs no closure of the test under the lock: it may ask the mock.
    fn answer(&self, request: Request<Bytes>) -> Reply {
        let matchers: Vec<_> =
            self.with(|state| state.rules.iter().map(|rule| Arc::clone(&rule.matcher)).collect());
        let calls: Vec<_> = matchers.iter().map(|matcher| matcher.call(&request)).collect();
        let (answer, call) = self.with(|state| state.answer(request, calls));
        match answer {
            Ok(Answer::Reply(reply)) => reply,
            Ok(Answer::With(reply)) => reply(&call),
            Err(unanswered) => Reply::fail(unanswered),
        }
    }
}

impl State {
    fn answer(
        &mut self,
        request: Request<Bytes>,
        calls: Vec<Result<Call, Mismatch>>,
    ) -> (Result<Answer, Unanswered>, Call) {
        let mut nearest: Option<(usize, String)> = None;
        for (number, (rule, call)) in self.rules.iter_mut().zip(calls).enumerate() {
            let (distance, reason) = match call {
                Ok(call) => {
                    if let Some(answer) = rule.next() {
                        self.log.push(Entry { call: call.clone(), answered_by: Ok(number) });
                        return (Ok(answer), call);
                    }
                    (0, "has no reply left".to_owned())
                }
                Err(mismatch) => {
                    (mismatch.distance, format!("wants {}", mismatch.wants.join(", ")))
                }
            };
            if nearest.as_ref().is_none_or(|(least, _)| distance < *least) {
                nearest = Some((distance, format!("the nearest rule, {}, {reason}", rule.matcher)));
            }
        }
        let nearest = nearest.map_or_else(|| "there is no rule".to_owned(), |(_, reason)| reason);
        let call = Call::new(request, Vec::new());
        let unanswered = Unanswered { request: call.to_string(), reason: nearest.clone() };
        self.log.push(Entry { call: call.clone(), answered_by: Err(nearest) });
        (Err(unanswered), call)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rules:\n")?;
        self.rules.iter().try_for_each(|rule| writeln!(f, "  {rule}"))?;
        f.write_str("requests:\n")?;
        self.log.iter().try_for_each(|Entry { call, answered_by }| match answered_by {
            Ok(rule) => writeln!(f, "  {call}: answered by {}", self.rules[*rule].matcher),
            Err(reason) => writeln!(f, "  {call}: not answered: {reason}"),
        })
    }
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|state| {
            let rules: Vec<_> = state.rules.iter().map(ToString::to_string).collect();
            let requests: Vec<_> = state.log.iter().map(|entry| entry.call.to_string()).collect();
            f.debug_struct("Mock").field("rules", &rules).field("requests", &requests).finish()
        })
    }
}

/// The error of a request that no rule of a [`Mock`] answers.
#[derive(Debug)]
pub struct Unanswered {
    request: String,
    reason: String,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no reply for {}: {}", self.request, self.reason)
    }
}

impl StdError for Unanswered {}

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
        ResponseFuture { mock: self.clone(), head, body: body.collect(), reply: None }
    }
}

pin_project! {
    /// Reads the request, then answers it.
    ///
    /// # Cancel safety
    ///
    /// A request that is dropped before it is read counts for no rule.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<B: http_body::Body> {
        mock: Mock,
        head: Option<Request<()>>,
        #[pin]
        body: Collect<B>,
        reply: Option<Waiting>,
    }
}

struct Waiting {
    delay: Option<Pin<Box<Sleep>>>,
    outcome: Outcome,
}

impl<B> Future for ResponseFuture<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Output = Result<Response<Body>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let waiting = match this.reply {
            Some(waiting) => waiting,
            None => {
                let body = ready!(this.body.poll(cx)).map_err(Into::into)?.to_bytes();
                let head = this.head.take().expect("polled after an error");
                let Reply { outcome, delay } = this.mock.answer(head.map(|()| body));
                let delay = (!delay.is_zero()).then(|| Box::pin(tokio::time::sleep(delay)));
                this.reply.insert(Waiting { delay, outcome })
            }
        };
        if let Some(delay) = &mut waiting.delay {
            ready!(delay.as_mut().poll(cx));
            waiting.delay = None;
        }
        let outcome = mem::replace(&mut waiting.outcome, Outcome::Hang);
        outcome.result().map_or(Poll::Pending, Poll::Ready)
    }
}

impl<B: http_body::Body> fmt::Debug for ResponseFuture<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

const _: () = {
    const fn mock_is_shareable<T: Clone + Send + Sync + 'static>() {}
    mock_is_shareable::<Mock>();
    mock_is_shareable::<Rule>();
};

#[cfg(test)]
mod tests;
