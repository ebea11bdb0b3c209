//! Does not ask an origin that has failed again and again, until it is well again.
//!
//! After five failures in a row the breaker of an origin is *open*: for a second, requests to it fail at
//! once. Then one request goes through, the probe; the others go on failing until it has an answer. If
//! that is a good one, the breaker is *closed*, as in the beginning. If not, it is open for twice the
//! time of before, up to a minute.
//!
//! The error of a request that is kept back is an [`Unavailable`](ErrorKind::Unavailable) one. It says how
//! long it is until the next probe, which is nothing while one is under way; a server that needs the
//! answer for its own can answer 503 with it.
//!
//! ```
//! use axum::{Router, http::StatusCode};
//! use http::Request;
//! use std::time::Duration;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, BreakerLayer};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let service = ServiceBuilder::new()
//!     .layer(BreakerLayer::new().failures(2))
//!     .service(Router::new().fallback(async || StatusCode::BAD_GATEWAY));
//! let get = || service.clone().oneshot(Request::get("http://h/").body(Body::empty()).unwrap());
//!
//! assert_eq!(get().await?.status(), 502);
//! assert_eq!(get().await?.status(), 502);
//! let error = get().await.unwrap_err();
//! assert!(!error.may_have_been_sent());
//! assert_eq!(error.unavailable().unwrap().retry_after(), Duration::from_secs(1));
//!
//! tokio::time::sleep(Duration::from_secs(1)).await;
//! assert_eq!(get().await?.status(), 502);
//! assert_eq!(get().await.unwrap_err().unavailable().unwrap().retry_after(), Duration::from_secs(2));
//! # Ok(())
//! # }
//! ```
//!
//! # What counts
//!
//! | came of an exchange | counts as |
//! |---|---|
//! | no connection, a time limit below, a broken exchange or body | failure |
//! | 5xx but 501 | failure |
//! | any other status, as soon as its body has ended or is dropped | success |
//! | dropped before the head came, after the [patience](BreakerLayer::patience), 1 s by default | failure |
//! | dropped earlier; an error of the request itself or of a limit below | nothing |
//!
//! A 429 is no failure: the server is well, and says when to come again. [`RateLimitLayer`] heeds it.
//! [`BreakerLayer::failure_if`] decides otherwise. A probe has succeeded when the head has come. What began
//! before the breaker changed tells nothing new.
//!
//! Whoever fails only now and then never opens a breaker; to pass over a host that is worse than others is
//! for [`BalanceLayer`](crate::BalanceLayer), below which this layer keeps a host from being asked by
//! anyone. All clones of the layer, and of the services that it makes, share the breakers. Each origin has
//! one, and requests without scheme and host have one in common.
//!
//! # In a stack
//!
//! Above what waits, so that nobody waits for an origin that is not asked, and below what asks again:
//!
//! ```
//! use std::time::Duration;
//! use tower::ServiceBuilder;
//! use tower_clients_layers::{BreakerLayer, ConcurrencyLayer, RateLimitLayer};
//!
//! # let transport = axum::Router::<()>::new();
//! let service = ServiceBuilder::new()
//!     .layer(BreakerLayer::new())
//!     .layer(RateLimitLayer::new(10, Duration::from_secs(1)))
//!     .layer(ConcurrencyLayer::per_origin(4))
//!     .service(transport);
//! ```
//!
//! [`RateLimitLayer`]: crate::RateLimitLayer

mod circuit;
mod future;
#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;

use self::circuit::{Circuit, Exchange};
use crate::{
    BoxError, Error, ErrorKind, UnavailableError,
    macros::{inner_service_accessors, tracked_body},
    per_origin::PerOrigin,
};
use http::{Request, Response, StatusCode};
use http_body::Body;
use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower_layer::Layer;
use tower_service::Service;

/// Does not ask an origin that has failed again and again.
///
/// Makes [`Breaker`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct BreakerLayer {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    circuits: PerOrigin<Circuit>,
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    failures: u32,
    first: Duration,
    longest: Duration,
    patience: Duration,
    is_failure: fn(Result<StatusCode, &Error>) -> bool,
}

impl BreakerLayer {
    /// Opens after 5 failures in a row, for 1 s at first and 60 s at the most.
    #[must_use]
    pub fn new() -> Self {
        let settings = Settings {
            failures: 5,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            patience: Duration::from_secs(1),
            is_failure,
        };
        Self::with(settings)
    }

    /// Asks always.
    #[must_use]
    pub const fn none() -> Self {
        Self { shared: None }
    }

    /// Sets how many failures in a row open the breaker; 5 by default, 0 counts as 1.
    #[must_use]
    pub fn failures(self, failures: u32) -> Self {
        self.set(|settings| settings.failures = failures.max(1))
    }

    /// Sets how long the breaker is open at first and at the most; 1 s and 60 s by default. Less than a
    /// millisecond counts as one.
    #[must_use]
    pub fn open_for(self, first: Duration, longest: Duration) -> Self {
        self.set(|settings| {
            settings.first = first.max(Duration::from_millis(1));
            settings.longest = longest.max(settings.first);
        })
    }

    /// Sets how long a request must have waited for a response to be a failure when it is dropped; 1 s by
    /// default. [`Duration::MAX`] turns this off, and a host that takes requests and is silent is then
    /// found out by a time limit below only.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        self.set(|settings| settings.patience = patience)
    }

    /// Decides what counts as a failure, in place of [`is_failure`].
    ///
    /// ```
    /// use tower_clients_layers::{BreakerLayer, breaker::is_failure};
    ///
    /// // This server says 429 when it is about to break down.
    /// let layer = BreakerLayer::new()
    ///     .failure_if(|outcome| is_failure(outcome) || outcome.is_ok_and(|status| status == 429));
    /// ```
    #[must_use]
    pub fn failure_if(self, is_failure: fn(Result<StatusCode, &Error>) -> bool) -> Self {
        self.set(|settings| settings.is_failure = is_failure)
    }

    /// A layer with other settings shares nothing with this one.
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Some(shared) = self.shared else { return self };
        let mut settings = shared.settings;
        change(&mut settings);
        Self::with(settings)
    }

    fn with(settings: Settings) -> Self {
        Self { shared: Some(Arc::new(Shared { settings, circuits: PerOrigin::default() })) }
    }
}

impl Default for BreakerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for BreakerLayer {
    type Service = Breaker<S>;

    fn layer(&self, inner: S) -> Breaker<S> {
        Breaker { inner, shared: self.shared.clone() }
    }
}

/// Made by [`BreakerLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Breaker<S> {
    inner: S,
    shared: Option<Arc<Shared>>,
}

impl<S> Breaker<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Breaker<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
    R: Body,
{
    type Response = Response<BreakerBody<R>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(shared) = &self.shared else {
            return ResponseFuture::called(self.inner.call(request), None);
        };
        let circuit = shared.circuits.of(request.uri(), || Circuit::new(shared.settings));
        match circuit.begin() {
            Ok(exchange) => ResponseFuture::called(self.inner.call(request), Some(exchange)),
            Err(wait) => {
                let error = Error::new(ErrorKind::Unavailable, UnavailableError::breaker(wait));
                ResponseFuture::refused(error, &request)
            }
        }
    }
}

tracked_body! {
    /// A response body that is a success of its origin when it ends or is dropped, and a failure when it
    /// breaks off.
    BreakerBody, Exchange
}

/// Whether the outcome of an exchange counts as a failure of its origin by default: a status of 5xx but
/// 501, no connection, a time limit that passed, a broken exchange or body.
///
/// An error of the request, or of a limit below, tells nothing about the origin.
#[must_use]
pub fn is_failure(outcome: Result<StatusCode, &Error>) -> bool {
    let is_bad =
        |status: StatusCode| status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED;
    match outcome {
        Ok(status) => is_bad(status),
        Err(error) => match error.kind() {
            ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Transport | ErrorKind::Body => {
                true
            }
            ErrorKind::Status => error.status().is_some_and(is_bad),
            _ => false,
        },
    }
}

impl Settings {
    /// How long it is open after so many openings without a success.
    fn open_time(&self, openings: u32) -> Duration {
        let times = 2_u32.saturating_pow(openings);
        self.first.saturating_mul(times).min(self.longest)
    }
}
