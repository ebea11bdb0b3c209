//! Checks that a layer keeps the contract of a tower middleware.
//!
//! [`assert_contract`] wraps a layer around a service that watches how it is used, and panics with
//! a sentence about the first rule that the layer breaks:
//!
//! 1. It is ready when the service below is, and not before; it passes on the waker.
//! 2. It calls the instance of the service below that it made ready, once per readiness.
//! 3. A clone does not inherit readiness.
//! 4. An error of the service below, from `poll_ready` or `call`, arrives in the chain of sources.
//! 5. Method, path, headers, extensions and body of the request go down (it may add to them);
//!    status, headers and extensions of the response come up.
//! 6. A dropped future drops what it waits for.
//!
//! [`assert_body_contract`] looks at the body of the response, for a layer that leaves it one:
//!
//! 1. Bytes and trailers come up; only then is it at its end.
//! 2. Its size hint is true before each frame.
//! 3. An error of the body below arrives in the chain of sources, after the bytes before it.
//! 4. A dropped body drops the one below.
//!
//! Some layers break a rule on purpose, such as tower's `Buffer`, which is ready on its own.
//!
//! ```
//! use http::Request;
//! use tower_clients_layers::{AuthorizeLayer, CheckStatusLayer};
//! use tower_clients_mock::contract::{ORIGIN, assert_body_contract, assert_contract};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! assert_contract(CheckStatusLayer::new()).await;
//! assert_contract(AuthorizeLayer::bearer(ORIGIN.parse()?, "t0ken")?).await;
//! assert_body_contract(AuthorizeLayer::none()).await;
//! # Ok(())
//! # }
//! ```

mod body;
mod probe;

pub use self::{
    body::assert_body_contract,
    probe::{Probe, ProbeError, ProbeFuture},
};

use self::probe::{Mark, holds_probe_error, request};
use http::{Request, Response};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};
use tower_clients_layers::{Body, BoxError};
use tower_layer::Layer;
use tower_service::Service;

/// The origin of the requests that [`assert_contract`] sends.
pub const ORIGIN: &str = "http://contract.test";

/// Panics when the middleware of `layer` breaks a rule of the [contract](self).
///
/// # Panics
///
/// A rule is broken; the message says which.
pub async fn assert_contract<L, R>(layer: L)
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    readiness_follows_the_service_below(&layer);
    exchange_goes_through(&layer).await;
    clone_has_no_readiness(&layer).await;
    errors_arrive(&layer).await;
    dropped_future_drops_the_exchange(&layer).await;
}

fn readiness_follows_the_service_below<L>(layer: &L)
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>>,
{
    let probe = Probe::default();
    probe.watch.blocked.store(true, SeqCst);
    let mut service = layer.layer(probe.clone());
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    assert!(service.poll_ready(&mut cx).is_pending(), "it is ready before the service below is");
    probe.watch.unblock();
    assert!(wakes.0.load(SeqCst), "it does not pass on the waker that waits for readiness");
    assert!(service.poll_ready(&mut cx).is_ready(), "it is not ready when the service below is");
}

#[derive(Default)]
struct Wakes(AtomicBool);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

async fn exchange_goes_through<L, R>(layer: &L)
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
{
    let probe = Probe::default();
    let mut service = layer.layer(probe.clone());
    for calls in 1..=2 {
        ready(&mut service).await;
        let response = service.call(request()).await.map_err(shown).expect("it answers");
        assert_eq!(probe.watch.calls.load(SeqCst), calls, "one call below for each call");
        assert_eq!(response.status(), 200, "the status comes up");
        assert_eq!(response.headers()["x-probe"], "up", "the headers come up");
        assert_eq!(response.extensions().get(), Some(&Mark("down")), "extensions go down and up");
    }
}

async fn clone_has_no_readiness<L>(layer: &L)
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>, Error: Into<BoxError>> + Clone,
{
    let mut service = layer.layer(Probe::default());
    ready(&mut service).await;
    let mut clone = service.clone();
    ready(&mut clone).await;
    clone.call(request()).await.map_err(shown).expect("its clone answers");
    service.call(request()).await.map_err(shown).expect("it is still ready");
}

async fn errors_arrive<L>(layer: &L)
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>, Error: Into<BoxError>>,
{
    let probe = Probe::default();
    let mut service = layer.layer(probe.clone());
    ready(&mut service).await;
    probe.watch.fails.store(true, SeqCst);
    let error = service.call(request()).await.err().expect("the error of a call arrives");
    assert!(holds_probe_error(&*error.into()), "the error of a call is in the chain of sources");
    let error = poll_fn(|cx| service.poll_ready(cx)).await.err();
    let error = error.expect("the error of poll_ready arrives");
    assert!(
        holds_probe_error(&*error.into()),
        "the error of poll_ready is in the chain of sources"
    );
}

async fn dropped_future_drops_the_exchange<L>(layer: &L)
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>, Error: Into<BoxError>>,
{
    let probe = Probe::default();
    let mut service = layer.layer(probe.clone());
    ready(&mut service).await;
    probe.watch.hangs.store(true, SeqCst);
    {
        let mut exchange = pin!(service.call(request()));
        let pending = poll_fn(|cx| Poll::Ready(exchange.as_mut().poll(cx).is_pending())).await;
        assert!(pending, "it does not answer before the service below");
        assert_eq!(probe.watch.live.load(SeqCst), 1, "the exchange below is under way");
    }
    assert_eq!(probe.watch.live.load(SeqCst), 0, "a dropped future drops the exchange below");
}

async fn ready<S>(service: &mut S)
where
    S: Service<Request<Body>, Error: Into<BoxError>>,
{
    poll_fn(|cx| service.poll_ready(cx)).await.map_err(shown).expect("it becomes ready");
}

fn shown(error: impl Into<BoxError>) -> String {
    error.into().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::{
        buffer::BufferLayer, layer::layer_fn, limit::ConcurrencyLimitLayer, util::MapRequestLayer,
    };

    #[tokio::test]
    async fn good_layers_pass() {
        assert_contract(ConcurrencyLimitLayer::new(2)).await;
        assert_contract(MapRequestLayer::new(|request: Request<Body>| request)).await;
    }

    /// Calls a fresh clone in place of the instance that was made ready.
    #[derive(Clone)]
    struct Careless(Probe);

    impl Service<Request<Body>> for Careless {
        type Response = Response<Body>;
        type Error = ProbeError;
        type Future = ProbeFuture;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
            self.0.poll_ready(cx)
        }

        fn call(&mut self, request: Request<Body>) -> ProbeFuture {
            self.0.clone().call(request)
        }
    }

    #[tokio::test]
    #[should_panic(expected = "an instance that it did not make ready")]
    async fn careless_clone_is_found() {
        assert_contract(layer_fn(Careless)).await;
    }

    #[tokio::test]
    #[should_panic(expected = "ready before the service below is")]
    async fn readiness_without_the_service_below_is_found() {
        assert_contract(BufferLayer::new(1)).await;
    }

    #[tokio::test]
    #[should_panic(expected = "keeps the body")]
    async fn lost_body_is_found() {
        let lose = |request: Request<Body>| request.map(|_| Body::empty());
        assert_contract(MapRequestLayer::new(lose)).await;
    }

    #[tokio::test]
    #[should_panic(expected = "extensions go down and up")]
    async fn lost_extensions_are_found() {
        let lose = |mut request: Request<Body>| {
            request.extensions_mut().clear();
            request
        };
        assert_contract(MapRequestLayer::new(lose)).await;
    }
}
