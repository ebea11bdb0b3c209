//! Sends a request once more that failed, where that is safe.
//!
//! Retries multiply load, the more so where several programs in a row retry. So one place of a system
//! should retry, and the clients of this project do so only when they are told to. Requests have a
//! [`Body`], which knows whether it can be sent twice; the body of responses may be any.
//!
//! ```
//! use axum::{Router, http::{HeaderMap, StatusCode}};
//! use http::Request;
//! use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
//! use tokio::time::{Duration, Instant};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Attempts, Body, RetryLayer};
//!
//! static SEEN: AtomicU32 = AtomicU32::new(0);
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new().fallback(async || match SEEN.fetch_add(1, SeqCst) {
//!     0 => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "2")]),
//!     _ => (StatusCode::OK, [("x-server", "healed")]),
//! });
//! let service = ServiceBuilder::new().layer(RetryLayer::new()).service(server);
//!
//! let start = Instant::now();
//! let response = service.oneshot(Request::get("http://h/").body(Body::empty())?).await?;
//! assert_eq!((response.status(), start.elapsed()), (StatusCode::OK, Duration::from_secs(2)));
//! let attempts: &Attempts = response.extensions().get().unwrap();
//! assert_eq!(attempts.count(), 2);
//! assert_eq!(attempts.earlier()[0].status(), Some(StatusCode::SERVICE_UNAVAILABLE));
//! # Ok(())
//! # }
//! ```
//!
//! # What is retried
//!
//! What another attempt may help against, or what [`RetryLayer::retry_if`] says:
//!
//! | outcome | because |
//! |---|---|
//! | no connection, no response, a time limit of one attempt | it is most often over soon |
//! | 408 Request Timeout | RFC 9110 §15.5.9: the client may repeat the request |
//! | 429 Too Many Requests | RFC 6585 §4, later |
//! | 500 Internal Server Error | many servers tell so of what is over soon; what is sent again here does no harm |
//! | 502 Bad Gateway, 504 Gateway Timeout | the gateway is there, the server behind it may be soon |
//! | 503 Service Unavailable | RFC 9110 §15.6.4: it is temporary |
//!
//! Any other status is an answer. So is 425, since nothing here sends early data, and so are 501 and 505.
//!
//! It is retried only if that is safe: the request provably
//! [was not sent](crate::Error::may_have_been_sent), or its method is idempotent (RFC 9110 §9.2.2), or it
//! has an `Idempotency-Key`. [`RequestOptions::retry`](crate::RequestOptions::retry) is less or more strict
//! for one request. Every attempt has the same head and the same bytes as the first. A stream cannot be
//! copied; it is sent again if nothing was taken of it, or no more than
//! [`RetryLayer::replay_up_to`] allows to keep.
//!
//! # When
//!
//! At most three [attempts](RetryLayer::attempts) are made. The pause before the second is by chance up
//! to 100 ms, doubled each time, 10 s at most ([`RetryLayer::backoff`]), and at least what the server
//! asks for by [`Retry-After`](retry_after()). There is no further attempt when
//!
//! * the server asks to wait longer than a minute ([`RetryLayer::max_wait`]);
//! * the [deadline](crate::deadline) would come before it, if it takes as long as the last one;
//! * the [budget](RetryBudget) is used up: retries to one origin are at most a fifth of the requests,
//!   and 10 a second.
//!
//! # What comes of it
//!
//! The outcome of the last attempt, at once when there is none after it: a response stays a response.
//! With it comes what the attempts before it met, and [why](NotRetried) it was the last one: an error
//! has [`Attempts`](crate::Attempts) by [`Error::attempts`](crate::Error::attempts), a response among
//! its extensions, from where [`CheckStatusLayer`](crate::CheckStatusLayer) and
//! [`CheckLayer`](crate::CheckLayer) take them into their errors.
//!
//! # Where it goes
//!
//! Below (inside of) what limits the whole time, and what redirects; above what is for one attempt, such
//! as a choice of the host. Below [`CheckStatusLayer`](crate::CheckStatusLayer) it sees responses, above it
//! errors that hold them, which is the same to it; above a [`CheckLayer`](crate::CheckLayer) it also sees
//! what that finds in the body. Of two such layers in a row the outer one retries: each sending has its
//! [number](crate::RequestOptions::attempt), and a request that has one passes the inner one untouched.
//!
//! # What it costs
//!
//! Nothing, unless it is configured. Then each request costs an allocation for its state, three for its
//! number unless it has options, and the copy of its head: of the URI, headers and extensions. A pause
//! needs a tokio runtime with its timer enabled. The body of a response that is retried is dropped
//! unread.

mod backoff;
mod budget;
mod future;
mod kept;
mod outcome;
mod policy;
mod retry_after;
#[cfg(test)]
mod tests;

pub use self::{
    budget::RetryBudget, future::ResponseFuture, outcome::Outcome, retry_after::retry_after,
};
pub use crate::error::NotRetried;

#[cfg(feature = "limits")]
pub(crate) use self::retry_after::sent_at;

use self::{
    backoff::Backoff,
    policy::{Plan, Policy},
};
use crate::{Body, BoxError, Error, macros::inner_service_accessors, random::Random};
use http::{Request, Response};
use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower_layer::Layer;
use tower_service::Service;

/// Sends a request once more that failed.
///
/// Makes [`Retry`]. See the [module docs](self).
///
/// Clones, and the services that they make, share the budget.
#[derive(Clone)]
pub struct RetryLayer {
    policy: Option<Arc<Policy>>,
}

impl RetryLayer {
    /// Retries with default settings: three attempts, a pause of up to 100 ms, doubled each time, and a
    /// [budget](Self::budget).
    #[must_use]
    pub fn new() -> Self {
        Self { policy: Some(Arc::default()) }
    }

    /// Retries nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { policy: None }
    }

    /// Sets how often a request may be sent, the first time included; 3 by default. 1 turns retries
    /// off.
    #[must_use]
    pub fn attempts(self, attempts: usize) -> Self {
        self.set(|policy| policy.attempts = attempts)
    }

    /// Sets the longest pause before the second attempt, which doubles with each further one, and the
    /// longest of all; 100 ms and 10 s by default. The pause is by chance between nothing and that.
    #[must_use]
    pub fn backoff(self, base: Duration, cap: Duration) -> Self {
        self.set(|policy| policy.backoff = Backoff { base, cap, ..policy.backoff })
    }

    /// Makes every pause as long as it may be. Clients that fail together then come back together,
    /// so this is for tests, and for a client that is the only one.
    #[must_use]
    pub fn without_jitter(self) -> Self {
        self.set(|policy| policy.backoff.has_jitter = false)
    }

    /// Fixes the chance of pauses, for tests. It differs from run to run by default.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.set(|policy| policy.random = Arc::new(Random::seeded(seed)))
    }

    /// Sets the longest time to wait because a server asks for it; a minute by default. When it asks
    /// for more, there is no further attempt.
    #[must_use]
    pub fn max_wait(self, max_wait: Duration) -> Self {
        self.set(|policy| policy.max_wait = max_wait)
    }

    /// Sets the budget, which may be that of other layers too. By default a fifth of the requests and 10 a
    /// second, for this layer alone.
    #[must_use]
    pub fn budget(self, budget: RetryBudget) -> Self {
        self.set(|policy| policy.budget = budget)
    }

    /// Keeps up to `bytes` of a body that is a stream as it is sent, so that it can be sent again.
    /// 0 by default: a stream is sent again only if nothing was taken of it.
    #[must_use]
    pub fn replay_up_to(self, bytes: usize) -> Self {
        self.set(|policy| policy.replay = bytes)
    }

    /// Retries what `condition` is true for, in place of what is
    /// [transient](Outcome::is_transient). Whether it is safe to, it need not ask.
    ///
    /// ```
    /// use http::StatusCode;
    /// use tower_clients_layers::{RetryLayer, retry::Outcome};
    ///
    /// let layer = RetryLayer::new().retry_if(|outcome: &Outcome<'_>| {
    ///     outcome.is_transient() || outcome.status() == Some(StatusCode::LOCKED)
    /// });
    /// ```
    #[must_use]
    pub fn retry_if(
        self,
        condition: impl Fn(&Outcome<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.set(|policy| policy.retry_if = Arc::new(condition))
    }

    fn set(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(Arc::make_mut(self.policy.get_or_insert_default()));
        self
    }
}

impl Default for RetryLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Retry<S> {
        Retry { inner, layer: self.clone() }
    }
}

/// Made by [`RetryLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Retry<S> {
    inner: S,
    layer: RetryLayer,
}

impl<S> Retry<S> {
    inner_service_accessors!();
}

impl<S, R> Service<Request<Body>> for Retry<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let policy = self.layer.policy.as_ref();
        let retried = policy.and_then(|policy| Some((policy, policy.retries(&request)?)));
        let Some((policy, retries)) = retried else {
            return ResponseFuture::untouched(self.inner.call(request));
        };
        let plan = Plan::new(Arc::clone(policy), retries, &mut request);
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        let future = ready.call(request);
        ResponseFuture::retrying(plan, ready, future)
    }
}

impl fmt::Debug for RetryLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RetryLayer");
        if let Some(policy) = &self.policy {
            debug
                .field("attempts", &policy.attempts)
                .field("backoff", &policy.backoff)
                .field("max_wait", &policy.max_wait)
                .field("replay_up_to", &policy.replay)
                .field("budget", &policy.budget);
        }
        debug.finish_non_exhaustive()
    }
}
