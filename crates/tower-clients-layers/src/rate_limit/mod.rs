//! Sends no more requests to an origin than a rate allows, and fewer when its server says so.
//!
//! Requests are spaced evenly, after a [burst](RateLimitLayer::burst). Those that have to wait do so in
//! the order in which they came. All clones of the layer, and of the services that it makes, share the
//! rate; each origin has one of its own, and requests without scheme and host have one in common.
//!
//! ```
//! use http::{Request, Response};
//! use std::{convert::Infallible, time::Duration};
//! use tokio::time::Instant;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_clients_layers::{Body, RateLimitLayer, RequestOptions};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = service_fn(async |_: Request<Body>| {
//!     Ok::<_, Infallible>(Response::new(Body::empty()))
//! });
//! let service =
//!     ServiceBuilder::new().layer(RateLimitLayer::new(2, Duration::from_secs(1))).service(server);
//!
//! let start = Instant::now();
//! for _ in 0..4 {
//!     service.clone().oneshot(Request::get("http://h/").body(Body::empty())?).await?;
//! }
//! assert_eq!(start.elapsed(), Duration::from_millis(1500));
//!
//! // A request that has no time to wait fails at once.
//! let hurried = RequestOptions::new().timeout(Duration::from_millis(400));
//! let request = Request::get("http://h/").extension(hurried).body(Body::empty())?;
//! let error = service.oneshot(request).await.unwrap_err();
//! assert_eq!(error.unavailable().unwrap().retry_after(), Duration::from_millis(500));
//! # Ok(())
//! # }
//! ```
//!
//! # What servers say
//!
//! These headers of a response are heeded, so that a refusal need not come first. What they ask for
//! holds for a day at the most.
//!
//! | header | does |
//! |---|---|
//! | `RateLimit: "default";r=50;t=30` ([draft]) | see below: 50 requests are left for 30 s. Of several quotas all hold |
//! | `X-RateLimit-Remaining`, `X-RateLimit-Reset` | the same; the reset is a number of seconds or, as Unix time, a date |
//! | `Retry-After` of a 429 or 503 (RFC 9110 §10.2.3) | nothing is sent until then |
//!
//! When nothing is left, nothing is sent before the reset. The last 10, or as many as
//! [`spread_last`](RateLimitLayer::spread_last) says, are spread over the time until then. As long as more
//! are left, nothing changes. Requests that are already under way may use up what is left; so let
//! `spread_last` be no less than there are at once.
//!
//! # Who waits, and how long
//!
//! A request whose [deadline](deadline::current) or [timeout](crate::RequestOptions::timeout) would pass
//! before its turn, or that would wait longer than [`max_wait`](RateLimitLayer::max_wait), fails at once,
//! or as soon as that is known. The error is an [`Unavailable`](ErrorKind::Unavailable) one that says how
//! long it would have waited.
//!
//! One that is dropped gives up its turn. One that is neither polled nor dropped delays the next ones by
//! one interval, and stops nobody. While a request waits, it gives up the readiness of the service below.
//! That costs three allocations; a request that does not wait costs none.
//!
//! [draft]: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/

mod advice;
mod future;
mod gate;
mod schedule;
#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;

use self::gate::{Entry, Gate};
use crate::{
    BoxError, Error, ErrorKind, RequestOptions, UnavailableError, deadline, far::after,
    later::Later, macros::inner_service_accessors, per_origin::PerOrigin,
};
use http::{Request, Response};
use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Limits the rate of requests to each origin.
///
/// Makes [`RateLimit`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct RateLimitLayer {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    gates: PerOrigin<Gate>,
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    interval: Duration,
    burst: u32,
    spread_last: u32,
    max_wait: Duration,
}

impl RateLimitLayer {
    /// Sends at most `requests` in each time of `per` to one origin, evenly spaced. 0 counts as 1.
    #[must_use]
    pub fn new(requests: u32, per: Duration) -> Self {
        Self::with(Settings {
            interval: per / requests.max(1),
            burst: 1,
            spread_last: 10,
            max_wait: Duration::from_secs(60),
        })
    }

    /// Has no rate of its own: only what servers say counts.
    #[must_use]
    pub fn adaptive() -> Self {
        Self::new(1, Duration::ZERO)
    }

    /// Limits nothing, and heeds no server.
    #[must_use]
    pub const fn none() -> Self {
        Self { shared: None }
    }

    /// Sets how many requests may go at once after a while without any; 1 by default, and at least.
    /// In a time of `per` there may then be as many more.
    #[must_use]
    pub fn burst(self, requests: u32) -> Self {
        self.set(|settings| settings.burst = requests.max(1))
    }

    /// Spreads the last `requests` that a server says are left over the time until its reset; 10 by default.
    /// With 0 they are used up first.
    #[must_use]
    pub fn spread_last(self, requests: u32) -> Self {
        self.set(|settings| settings.spread_last = requests)
    }

    /// Sets the longest time that a request waits; 60 s by default. One that would have to wait longer
    /// fails at once, so this also bounds how many wait.
    #[must_use]
    pub fn max_wait(self, time: Duration) -> Self {
        self.set(|settings| settings.max_wait = time)
    }

    /// A layer with other settings is another limit: it shares nothing with this one.
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Some(shared) = self.shared else { return self };
        let mut settings = shared.settings;
        change(&mut settings);
        Self::with(settings)
    }

    fn with(settings: Settings) -> Self {
        Self { shared: Some(Arc::new(Shared { settings, gates: PerOrigin::default() })) }
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimit<S>;

    fn layer(&self, inner: S) -> RateLimit<S> {
        RateLimit { inner, shared: self.shared.clone() }
    }
}

/// Made by [`RateLimitLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct RateLimit<S> {
    inner: S,
    shared: Option<Arc<Shared>>,
}

impl<S> RateLimit<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for RateLimit<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>> + Clone,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S, B, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(shared) = &self.shared else {
            return ResponseFuture::called(self.inner.call(request), None, 0);
        };
        let Settings { interval, burst, spread_last, max_wait } = shared.settings;
        let gate = shared.gates.of(request.uri(), || Gate::new(interval, burst));
        let time = time_of(&request).map_or(max_wait, |time| time.min(max_wait));
        match gate.enter(after(Instant::now(), time)) {
            Entry::Open => {
                ResponseFuture::called(self.inner.call(request), Some(gate), spread_last)
            }
            Entry::Queued(turn) => ResponseFuture::waiting(
                turn,
                Later::instead_of_now(&mut self.inner, request),
                spread_last,
            ),
            Entry::TooLate(wait) => ResponseFuture::refused(unavailable(wait), &request),
        }
    }
}

/// The time that a request has for all, as far as it is known before its future is polled.
fn time_of<B>(request: &Request<B>) -> Option<Duration> {
    let own = RequestOptions::of(request).and_then(RequestOptions::timeout_value);
    own.into_iter().chain(deadline::remaining()).min()
}

fn unavailable(wait: Duration) -> Error {
    Error::new(ErrorKind::Unavailable, UnavailableError::rate(wait))
}
