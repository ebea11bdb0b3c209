//! Sends a request a second time when its answer is late, and takes the first answer.
//!
//! The one that is late is given up as soon as the other has answered: its connection is closed, or its
//! stream reset. A response of 5xx is no answer while the other attempt is under way, and an attempt that
//! fails is not repeated: that is for a retry layer above. When both fail, what came first is the outcome.
//! The second one has a [number](crate::RequestOptions::attempt), so a retry layer below repeats the first
//! only.
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
//! * Methods that are safe (RFC 9110 §9.2.1), such as `GET`; with
//!   [`also_idempotent`](HedgeLayer::also_idempotent) those that are idempotent too. Never another one.
//! * Bodies that are empty or bytes. A stream cannot be sent twice.
//! * At most 10 % of the requests to an origin, and one a second, or what the
//!   [budget](HedgeLayer::budget) allows. So a slow server does not get twice the load.
//!
//! The time until then is fixed, or a [percentile](HedgeLayer::percentile) of the times that the last
//! thousand or two thousand answers of this origin took. All clones of the layer, and of the services that
//! it makes, share times and budget.
//!
//! Only the head of the response counts; bodies are as slow as they are. Below this layer a `Balance` sends
//! the second attempt to another host.
//!
//! # Cost
//!
//! A request that may be sent twice costs a box for that and a copy of its head. Any other one costs
//! nothing.

mod future;
mod latencies;
mod observed;
#[cfg(test)]
mod tests;

pub use self::future::ResponseFuture;

use self::{future::Second, observed::Observed};
use crate::{
    Body, RetryBudget, copy::copy, later::Later, macros::inner_service_accessors,
    per_origin::PerOrigin,
};
use http::{Method, Request, Response};
use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower_layer::Layer;
use tower_service::Service;

/// Sends a request a second time when its answer is late.
///
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

#[derive(Debug, Clone)]
struct Settings {
    delay: Delay,
    budget: RetryBudget,
    idempotent: bool,
}

#[derive(Debug, Clone, Copy)]
enum Delay {
    Fixed(Duration),
    Percentile(u32),
}

impl HedgeLayer {
    /// Sends a request a second time after `delay` without an answer.
    #[must_use]
    pub fn after(delay: Duration) -> Self {
        Self::with(Settings::new(Delay::Fixed(delay)))
    }

    /// Sends a request a second time after the time within which `percent` of the answers of its origin
    /// came; less than 1 counts as 1, more than 99 as 99. Until there were 20, nothing is sent twice.
    #[must_use]
    pub fn percentile(percent: u32) -> Self {
        Self::with(Settings::new(Delay::Percentile(percent.clamp(1, 99))))
    }

    /// Sends nothing twice.
    #[must_use]
    pub const fn none() -> Self {
        Self { shared: None }
    }

    /// Limits how many requests are sent a second time, together with all else that has a clone of this
    /// budget; by default 10 % of the requests and one a second, for this layer and its clones.
    #[must_use]
    pub fn budget(self, budget: RetryBudget) -> Self {
        self.set(|settings| settings.budget = budget)
    }

    /// Also sends `PUT` and `DELETE` twice (RFC 9110 §9.2.2).
    ///
    /// Both attempts may then take effect, one after the other. So the answer may be that of the second
    /// one, such as a 404 to a `DELETE` that has succeeded, or a 412 to a condition that it has changed
    /// itself. And an attempt that was given up may take effect after what you send next.
    #[must_use]
    pub fn also_idempotent(self) -> Self {
        self.set(|settings| settings.idempotent = true)
    }

    /// A layer with other settings learns times by itself.
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Some(shared) = self.shared else { return self };
        let mut settings = shared.settings.clone();
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

/// Made by [`HedgeLayer`]. See the [module docs](self).
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
        settings.budget.deposit(request.uri());
        let observed = shared.origins.of(request.uri(), Observed::new);
        let second = settings.delay(&observed).and_then(|delay| {
            let copy = copy(&request, request.uri().clone())?;
            let later = Later::new(self.inner.clone(), copy);
            Some(Second::new(later, delay, settings.budget.clone()))
        });
        ResponseFuture::new(self.inner.call(request), Some(observed), second)
    }
}

impl Settings {
    fn new(delay: Delay) -> Self {
        Self { delay, budget: RetryBudget::percent(10).per_second(1), idempotent: false }
    }

    fn allows(&self, method: &Method) -> bool {
        method.is_safe() || self.idempotent && method.is_idempotent()
    }

    fn delay(&self, observed: &Observed) -> Option<Duration> {
        match self.delay {
            Delay::Fixed(delay) => Some(delay),
            Delay::Percentile(percent) => observed.percentile(percent),
        }
    }
}
