//! Sends a request a second time when its answer is late, and takes the first answer.
//!
//! The one that is late is given up as soon as the other has answered: its connection is closed, or its
//! stream reset. A response of 5xx is no answer while the other attempt is under way, and an attempt that
//! fails is not repeated: that is for a retry layer above. When both fail, what came first is the outcome.
//!
//! ```
//! use http::{Request, Response};
//! use std::{convert::Infallible, sync::atomic::{AtomicU64, Ordering::SeqCst}, time::Duration};
//! use tokio::time::{Instant, sleep};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_clients_layers::{Body, HedgeLayer};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! static ASKED: AtomicU64 = AtomicU64::new(0);
//! // The first request takes a minute, any other one 20 ms.
//! let server = service_fn(async |_: Request<Body>| {
//!     let time = if ASKED.fetch_add(1, SeqCst) == 0 { 60_000 } else { 20 };
//!     sleep(Duration::from_millis(time)).await;
//!     Ok::<_, Infallible>(Response::new(Body::empty()))
//! });
//! let service = ServiceBuilder::new()
//!     .layer(HedgeLayer::after(Duration::from_millis(100)))
//!     .service(server);
//!
//! let start = Instant::now();
//! service.oneshot(Request::get("http://h/").body(Body::empty())?).await?;
//! assert_eq!((start.elapsed(), ASKED.load(SeqCst)), (Duration::from_millis(120), 2));
//! # Ok(())
//! # }
//! ```
//!
//! # What is sent twice
//!
//! * Methods that are safe (RFC 9110 §9.2.1), such as `GET`; with [`idempotent`](HedgeLayer::idempotent)
//!   those that are idempotent too. Never another one.
//! * Bodies that are empty or bytes. A stream cannot be sent twice.
//! * At most 10 % of the requests to an origin, or [as set](HedgeLayer::budget), and up to ten beyond. So
//!   a slow server does not get twice the load.
//!
//! The time until then is fixed, or a [percentile](HedgeLayer::percentile) of the times that the last
//! thousand or two thousand answers of this origin took. All clones of the layer, and of the services that
//! it makes, share times and budgets.
//!
//! Only the head of the response counts; bodies are as slow as they are. Below this layer a `Balance` sends
//! the second attempt to another host.
//!
//! # Cost
//!
//! A request that may be sent twice costs a box for that and a copy of its head. Any other one costs
//! nothing.

mod budget;
mod future;
mod latencies;
#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;

use self::{budget::Budget, future::Second, latencies::Latencies};
use crate::{
    Body,
    copy::copy,
    later::Later,
    macros::inner_service_accessors,
    per_origin::{Keep, PerOrigin},
};
use http::{Method, Request, Response};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// An origin that was not asked for so long is forgotten, if need be.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// Makes [`Hedge`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct HedgeLayer {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    origins: PerOrigin<Observed>,
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    delay: Delay,
    percent: u32,
    idempotent: bool,
}

#[derive(Debug, Clone, Copy)]
enum Delay {
    Fixed(Duration),
    Percentile(u32),
}

impl Settings {
    fn allows(&self, method: &Method) -> bool {
        method.is_safe() || self.idempotent && method.is_idempotent()
    }

    fn delay(&self, observed: &Observed) -> Option<Duration> {
        match self.delay {
            Delay::Fixed(delay) => Some(delay),
            Delay::Percentile(percent) => observed.lock().latencies.percentile(percent),
        }
    }
}

/// What is known about one origin.
#[derive(Debug)]
struct Observed {
    budget: Budget,
    times: Mutex<Times>,
}

#[derive(Debug)]
struct Times {
    latencies: Latencies,
    last: Instant,
}

impl Observed {
    fn new(percent: u32) -> Self {
        let times = Times { latencies: Latencies::new(), last: Instant::now() };
        Self { budget: Budget::new(percent), times: Mutex::new(times) }
    }

    fn lock(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, time: Duration) {
        let mut times = self.lock();
        times.latencies.record(time);
        times.last = Instant::now();
    }
}

impl Keep for Observed {
    fn is_idle(&self) -> bool {
        self.lock().last.elapsed() > FORGOTTEN
    }
}

impl HedgeLayer {
    /// Sends a request a second time after `delay` without an answer.
    #[must_use]
    pub fn after(delay: Duration) -> Self {
        Self::with(Settings { delay: Delay::Fixed(delay), percent: 10, idempotent: false })
    }

    /// Sends a request a second time after the time within which `percent` of the answers of its origin
    /// came; less than 1 counts as 1, more than 99 as 99. Until there were 20, nothing is sent twice.
    #[must_use]
    pub fn percentile(percent: u32) -> Self {
        let delay = Delay::Percentile(percent.clamp(1, 99));
        Self::with(Settings { delay, percent: 10, idempotent: false })
    }

    /// Sends nothing twice.
    #[must_use]
    pub const fn none() -> Self {
        Self { shared: None }
    }

    /// Sets how many of 100 requests to an origin may be sent a second time; 10 by default, at most 100.
    #[must_use]
    pub fn budget(self, percent: u32) -> Self {
        self.set(|settings| settings.percent = percent.min(100))
    }

    /// Also sends `PUT` and `DELETE` twice (RFC 9110 §9.2.2).
    ///
    /// Both attempts may then take effect, one after the other. So the answer may be that of the second
    /// one, such as a 404 to a `DELETE` that has succeeded, or a 412 to a condition that it has changed
    /// itself. And an attempt that was given up may take effect after what you send next.
    #[must_use]
    pub fn idempotent(self) -> Self {
        self.set(|settings| settings.idempotent = true)
    }

    /// A layer with other settings shares nothing with this one.
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Some(shared) = self.shared else { return self };
        let mut settings = shared.settings;
        change(&mut settings);
        Self::with(settings)
    }

    fn with(settings: Settings) -> Self {
        Self { shared: Some(Arc::new(Shared { settings, origins: PerOrigin::default() })) }
    }
}

impl<S> Layer<S> for HedgeLayer {
    type Service = Hedge<S>;

    fn layer(&self, inner: S) -> Hedge<S> {
        Hedge { inner, shared: self.shared.clone() }
    }
}

/// Sends a request a second time when its answer is late. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Hedge<S> {
    inner: S,
    shared: Option<Arc<Shared>>,
}

impl<S> Hedge<S> {
    inner_service_accessors!();
}

impl<S, R> Service<Request<Body>> for Hedge<S>
where
    S: Service<Request<Body>, Response = Response<R>> + Clone,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let shared = self.shared.as_ref();
        let Some(shared) = shared.filter(|shared| shared.settings.allows(request.method())) else {
            return ResponseFuture::new(self.inner.call(request), None, None);
        };
        let settings = &shared.settings;
        let observed = shared.origins.of(request.uri(), || Observed::new(settings.percent));
        observed.budget.deposit();
        let second = settings.delay(&observed).and_then(|delay| {
            let copy = copy(&request, request.uri().clone())?;
            Some(Second::new(Later::new(self.inner.clone(), copy), delay))
        });
        ResponseFuture::new(self.inner.call(request), Some(observed), second)
    }
}
