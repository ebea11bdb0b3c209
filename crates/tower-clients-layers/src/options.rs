//! What one request asks of the layers that it passes.
//!
//! One extension carries all options, and a request that sets none carries nothing. Each layer
//! documents the option that it reads; an option beats the setting of the layer.
//!
//! ```
//! use std::time::Duration;
//! use tower_clients_layers::RequestOptions;
//!
//! let request = http::Request::get("http://example.com/")
//!     .extension(RequestOptions::new().timeout(Duration::from_secs(2)).limit(1024))
//!     .body(())?;
//! let options = RequestOptions::of(&request).unwrap();
//! assert_eq!(options.timeout_value(), Some(Duration::from_secs(2)));
//! # Ok::<(), http::Error>(())
//! ```

use crate::redirect::Redirects;
use http::Request;
use std::time::Duration;

/// Options of one request, as an extension of it. See the [module docs](self).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct RequestOptions {
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
    limit: Option<usize>,
    redirect: Option<Redirects>,
    retry: Option<Retries>,
    template: Option<&'static str>,
    attempt: u32,
}

/// Under which condition a request that failed may be sent once more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Retries {
    /// Under none.
    Never,
    /// It provably was not sent.
    IfUnsent,
    /// It provably was not sent, or sending it twice does the same as sending it once: by its
    /// method (RFC 9110 §9.2.2), or because it has an `Idempotency-Key`.
    #[default]
    IfIdempotent,
    /// Under any: the program knows that it may be sent twice, whatever its method.
    AnyMethod,
}

impl RequestOptions {
    /// No option set.
    pub const fn new() -> Self {
        Self {
            timeout: None,
            attempt_timeout: None,
            idle_timeout: None,
            limit: None,
            redirect: None,
            retry: None,
            template: None,
            attempt: 0,
        }
    }

    /// The options that a request carries.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// The options that a request carries, to change; they are added when it carries none.
    pub fn of_mut<B>(request: &mut Request<B>) -> &mut Self {
        request.extensions_mut().get_or_insert_default()
    }

    /// The time for the whole exchange, response body included. `DeadlineLayer` and `RateLimitLayer`
    /// read it.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The time of one attempt, until the head of its response. `AttemptTimeoutLayer` reads it.
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// The time in which something must come of the response. `IdleTimeoutLayer` reads it.
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// The largest response body to decode, in bytes. [`DecodeLayer`](crate::DecodeLayer) reads it, and
    /// [`BodyLimitLayer`](crate::BodyLimitLayer).
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// Whether the request may be sent once more when it failed. `RetryLayer` reads it.
    pub const fn retry(mut self, retries: Retries) -> Self {
        self.retry = Some(retries);
        self
    }

    /// What the URI was made from, such as `/users/{id}`: one of few, so that it can name spans and be a
    /// label of metrics, which the URI cannot. A redirect leads away from it. `TraceLayer` and `MetricsLayer`
    /// read it.
    pub const fn template(mut self, template: &'static str) -> Self {
        self.template = Some(template);
        self
    }

    /// The number of this sending of the request, from 1; 0 for none. `RetryLayer` sets it, and
    /// `HedgeLayer` for its second attempt. `RetryLayer` leaves a request alone that has one: another layer
    /// above sends it again already.
    pub const fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Which redirects are followed. [`RedirectLayer`](crate::RedirectLayer) reads it.
    pub const fn redirect(mut self, redirects: Redirects) -> Self {
        self.redirect = Some(redirects);
        self
    }

    /// See [`timeout`](Self::timeout).
    #[must_use]
    pub const fn timeout_value(&self) -> Option<Duration> {
        self.timeout
    }

    /// See [`attempt_timeout`](Self::attempt_timeout).
    #[must_use]
    pub const fn attempt_timeout_value(&self) -> Option<Duration> {
        self.attempt_timeout
    }

    /// See [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub const fn idle_timeout_value(&self) -> Option<Duration> {
        self.idle_timeout
    }

    /// See [`limit`](Self::limit).
    #[must_use]
    pub const fn limit_value(&self) -> Option<usize> {
        self.limit
    }

    /// See [`retry`](Self::retry).
    #[must_use]
    pub const fn retry_value(&self) -> Option<Retries> {
        self.retry
    }

    /// See [`template`](Self::template).
    #[must_use]
    pub const fn template_value(&self) -> Option<&'static str> {
        self.template
    }

    /// See [`attempt`](Self::attempt); `None` where nothing counts attempts.
    #[must_use]
    pub const fn attempt_value(&self) -> Option<u32> {
        if self.attempt > 0 { Some(self.attempt) } else { None }
    }

    /// See [`redirect`](Self::redirect).
    #[must_use]
    pub const fn redirect_value(&self) -> Option<Redirects> {
        self.redirect
    }

    /// For a request that leads elsewhere.
    pub(crate) fn forget_template<B>(request: &mut Request<B>) {
        if let Some(options) = request.extensions_mut().get_mut::<Self>() {
            options.template = None;
        }
    }
}
