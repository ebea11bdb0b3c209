//! Whether there is another attempt, and when.

use super::{Outcome, RetryBudget, backoff::Backoff, kept::Kept, retry_after::retry_after};
use crate::{
    Body, Error, RequestOptions, Retries, deadline,
    error::{Attempt, Attempts, NotRetried},
    random::{Random, seed},
};
use http::{HeaderName, Request, Response};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The settings of a layer.
#[derive(Clone)]
pub(super) struct Policy {
    pub(super) attempts: usize,
    pub(super) backoff: Backoff,
    pub(super) max_wait: Duration,
    pub(super) replay: usize,
    pub(super) budget: RetryBudget,
    pub(super) random: Arc<Random>,
    pub(super) retry_if: Arc<Condition>,
}

pub(super) type Condition = dyn Fn(&Outcome<'_>) -> bool + Send + Sync;

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Backoff::DEFAULT,
            max_wait: Duration::from_secs(60),
            replay: 0,
            budget: RetryBudget::default(),
            random: Arc::new(Random::seeded(seed())),
            retry_if: Arc::new(|outcome: &Outcome<'_>| outcome.is_transient()),
        }
    }
}

impl Policy {
    /// Under which condition a request is retried; `None` where there is nothing to do.
    pub(super) fn retries<B>(&self, request: &Request<B>) -> Option<Retries> {
        let options = RequestOptions::of(request);
        if self.attempts < 2 || options.and_then(RequestOptions::attempt_value).is_some() {
            return None;
        }
        let retries = options.and_then(RequestOptions::retry_value).unwrap_or_default();
        (retries > Retries::Never).then_some(retries)
    }
}

/// What is left to do for one request.
pub(super) struct Plan {
    policy: Arc<Policy>,
    retries: Retries,
    kept: Kept,
    earlier: Vec<Attempt>,
}

/// The next attempt.
pub(super) struct Next {
    pub(super) request: Request<Body>,
    pub(super) pause: Duration,
}

impl Plan {
    pub(super) fn new(policy: Arc<Policy>, retries: Retries, request: &mut Request<Body>) -> Self {
        policy.budget.deposit(request.uri());
        let kept = Kept::of(request, policy.replay);
        let options = RequestOptions::of_mut(request);
        *options = std::mem::take(options).attempt(1);
        Self { policy, retries, kept, earlier: Vec::new() }
    }

    /// The number of the attempt that is under way.
    pub(super) fn attempt(&self) -> u32 {
        u32::try_from(self.earlier.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Decides what follows on an outcome that took so long to come.
    pub(super) fn next<R>(
        &self,
        outcome: &Result<Response<R>, Error>,
        took: Duration,
    ) -> Result<Next, Option<NotRetried>> {
        let (policy, head) = (&*self.policy, self.kept.head());
        let met = outcome.as_ref().map(|response| (response.status(), response.headers()));
        let outcome = Outcome { method: head.method(), uri: head.uri(), met };
        if !(policy.retry_if)(&outcome) || !self.may_be_sent_again(&outcome) {
            return Err(None);
        }
        if self.earlier.len() + 1 >= policy.attempts {
            return Err(Some(NotRetried::Attempts));
        }
        let pause = self.pause(&outcome, took)?;
        if !self.kept.can_be_sent() {
            return Err(Some(NotRetried::Body));
        }
        if !policy.budget.withdraw(head.uri()) {
            return Err(Some(NotRetried::Budget));
        }
        Ok(Next { request: self.kept.request(self.attempt().saturating_add(1)), pause })
    }

    fn may_be_sent_again(&self, outcome: &Outcome<'_>) -> bool {
        !outcome.may_have_been_sent()
            || match self.retries {
                Retries::AnyMethod => true,
                Retries::IfIdempotent => {
                    outcome.method.is_idempotent()
                        || self.kept.head().headers().contains_key(IDEMPOTENCY_KEY)
                }
                Retries::IfUnsent | Retries::Never => false,
            }
    }

    /// As long as the server asks, but at least the backoff. An attempt that has less time than the last
    /// one took would be for nothing.
    fn pause(&self, outcome: &Outcome<'_>, took: Duration) -> Result<Duration, NotRetried> {
        let policy = &*self.policy;
        let asked = outcome.headers().and_then(|headers| retry_after(headers, SystemTime::now()));
        if let Some(asked) = asked.filter(|asked| *asked > policy.max_wait) {
            return Err(NotRetried::RetryAfter(asked));
        }
        let backoff = policy.backoff.pause(self.earlier.len() + 1, &policy.random);
        let pause = asked.map_or(backoff, |asked| asked.max(backoff));
        match deadline::remaining() {
            Some(left) if pause.saturating_add(took) > left => Err(asked
                .filter(|asked| *asked > backoff)
                .map_or(NotRetried::Deadline, NotRetried::RetryAfter)),
            _ => Ok(pause),
        }
    }

    pub(super) fn failed<R>(&mut self, outcome: Result<Response<R>, Error>, pause: Duration) {
        self.earlier.push(match outcome {
            Ok(response) => Attempt::answered(response.status(), pause),
            Err(error) => Attempt::failed(error, pause),
        });
    }

    /// The last outcome, with what came before.
    pub(super) fn conclude<R>(
        &mut self,
        outcome: Result<Response<R>, Error>,
        not_retried: Option<NotRetried>,
    ) -> Result<Response<R>, Error> {
        if self.earlier.is_empty() && not_retried.is_none() {
            return outcome;
        }
        let attempts = Attempts::new(std::mem::take(&mut self.earlier), not_retried);
        match outcome {
            Ok(mut response) => {
                response.extensions_mut().insert(attempts);
                Ok(response)
            }
            Err(error) => Err(error.with_attempts(Some(attempts))),
        }
    }
}
