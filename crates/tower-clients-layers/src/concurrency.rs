//! Limits how many exchanges are under way at once, in all or for each origin.
//!
//! An exchange is under way until its response body ends, breaks off or is dropped, not only until
//! the head has come. All others wait, in the order in which they came; whoever is dropped leaves the
//! queue. There is no limit to the time but a deadline above.
//!
//! All clones of the layer, and of the services that it makes, share the limit.
//!
//! ```
//! use http::{Request, Response};
//! use std::convert::Infallible;
//! use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
//! use tower_clients_layers::{Body, ConcurrencyLayer};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = service_fn(async |_: Request<Body>| {
//!     Ok::<_, Infallible>(Response::new(Body::from("hello")))
//! });
//! let service =
//!     ServiceBuilder::new().layer(ConcurrencyLayer::per_origin(1)).service(server);
//! let get = |url| service.clone().oneshot(Request::get(url).body(Body::empty()).unwrap());
//!
//! let first = get("http://a/").await?;
//! assert!(get("http://b/").await.is_ok());
//! let second = tokio::spawn(get("http://a/"));
//! tokio::task::yield_now().await;
//! assert!(!second.is_finished());
//! drop(first);
//! assert!(second.await?.is_ok());
//! # Ok(())
//! # }
//! ```
//!
//! # Where it waits
//!
//! [In all](ConcurrencyLayer::new), the service is not ready while the limit is reached, so that a layer
//! above can refuse or queue what it would not take. Readiness is a permit: a service that was made
//! ready and is kept without being called keeps another exchange waiting.
//!
//! [For each origin](ConcurrencyLayer::per_origin), the origin is known only with the request, so the
//! response future waits. Meanwhile it gives up the readiness of the service below, which may be a
//! permit that other origins need.
//!
//! An exchange whose future or body is neither polled nor dropped is under way all the same. So do not
//! keep `limit` responses unread while you wait for one more.
//!
//! # Cost
//!
//! Who has to wait makes two allocations. An exchange that does not costs none.

use crate::{
    later::Later,
    macros::{inner_service_accessors, opaque_debug, tracked_body},
    per_origin::{Keep, PerOrigin},
};
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::sync::{OwnedSemaphorePermit as Permit, Semaphore};
use tower_layer::Layer;
use tower_service::Service;

/// Limits how many exchanges are under way at once.
///
/// Makes [`Concurrency`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct ConcurrencyLayer {
    limit: Limit,
}

#[derive(Debug, Clone)]
enum Limit {
    None,
    InAll(Arc<Semaphore>),
    PerOrigin(usize, Arc<PerOrigin<Permits>>),
}

impl ConcurrencyLayer {
    /// At most `limit` exchanges at once, whatever their origin. 0 counts as 1.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit: Limit::InAll(semaphore(limit)) }
    }

    /// At most `limit` exchanges at once with each origin. 0 counts as 1. Requests without scheme and
    /// host count as of one origin.
    #[must_use]
    pub fn per_origin(limit: usize) -> Self {
        Self { limit: Limit::PerOrigin(limit, Arc::default()) }
    }

    /// Limits nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { limit: Limit::None }
    }
}

impl<S> Layer<S> for ConcurrencyLayer {
    type Service = Concurrency<S>;

    fn layer(&self, inner: S) -> Concurrency<S> {
        Concurrency { inner, limit: self.limit.clone(), permit: None, turn: None }
    }
}

/// Made by [`ConcurrencyLayer`]. See the [module docs](self).
pub struct Concurrency<S> {
    inner: S,
    limit: Limit,
    /// What readiness has reserved, or waits for.
    permit: Option<Permit>,
    turn: Option<Turn>,
}

impl<S> Concurrency<S> {
    inner_service_accessors!();
}

/// A clone has no readiness of the original.
impl<S: Clone> Clone for Concurrency<S> {
    fn clone(&self) -> Self {
        let (inner, limit) = (self.inner.clone(), self.limit.clone());
        Self { inner, limit, permit: None, turn: None }
    }
}

impl<S, B, R> Service<Request<B>> for Concurrency<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: Body,
{
    type Response = Response<ConcurrencyBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if let (Limit::InAll(semaphore), None) = (&self.limit, &self.permit) {
            if self.turn.is_none() {
                match Arc::clone(semaphore).try_acquire_owned() {
                    Ok(permit) => self.permit = Some(permit),
                    Err(_) => self.turn = Some(turn(semaphore)),
                }
            }
            if let Some(turn) = &mut self.turn {
                self.permit = Some(ready!(turn.as_mut().poll(cx)));
                self.turn = None;
            }
        }
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let permit = match &self.limit {
            Limit::None | Limit::InAll(_) => self.permit.take(),
            Limit::PerOrigin(limit, origins) => {
                let permits = origins.of(request.uri(), || Permits(semaphore(*limit)));
                match Arc::clone(&permits.0).try_acquire_owned() {
                    Ok(permit) => Some(permit),
                    Err(_) => {
                        let turn = turn(&permits.0);
                        let later = Box::new(Later::instead_of_now(&mut self.inner, request));
                        return ResponseFuture {
                            state: State::Waiting { turn, permit: None, later },
                        };
                    }
                }
            }
        };
        ResponseFuture { state: State::Called { future: self.inner.call(request), permit } }
    }
}

pin_project! {
    /// Waits for a permit, where there is none at once, and for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives the permit back, or leaves the queue.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, B, F> {
        #[pin]
        state: State<S, B, F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        // For a permit, then for the service below.
        Waiting { turn: Turn, permit: Option<Permit>, later: Box<Later<S, B>> },
        Called { #[pin] future: F, permit: Option<Permit> },
    }
}

impl<S, B, R> Future for ResponseFuture<S, B, S::Future>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    type Output = Result<Response<ConcurrencyBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        if let StateProjection::Waiting { turn, permit, later } = state.as_mut().project() {
            if permit.is_none() {
                *permit = Some(ready!(turn.as_mut().poll(cx)));
            }
            let future = ready!(later.poll_call(cx))?;
            let permit = permit.take();
            state.set(State::Called { future, permit });
        }
        let StateProjection::Called { future, permit } = state.project() else {
            unreachable!("it does not wait any more");
        };
        let response = ready!(future.poll(cx));
        let permit = permit.take();
        Poll::Ready(response.map(|response| {
            let under_way = permit.map(|permit| UnderWay { _permit: permit });
            response.map(|body| ConcurrencyBody::new(body, under_way))
        }))
    }
}

tracked_body! {
    /// A response body whose exchange is under way until it ends, breaks off or is dropped.
    ConcurrencyBody, UnderWay
}

#[derive(Debug)]
struct UnderWay {
    _permit: Permit,
}

impl UnderWay {
    /// That is an end like any other.
    fn broke_off(self) {}
}

/// Waits in the queue of a semaphore.
type Turn = Pin<Box<dyn Future<Output = Permit> + Send + Sync>>;

fn turn(semaphore: &Arc<Semaphore>) -> Turn {
    let permit = Arc::clone(semaphore).acquire_owned();
    Box::pin(async { permit.await.expect("no semaphore is ever closed") })
}

fn semaphore(limit: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS)))
}

#[derive(Debug)]
struct Permits(Arc<Semaphore>);

impl Keep for Permits {
    /// All its permits may be out: they and those who wait for them have the semaphore.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl<S: fmt::Debug> fmt::Debug for Concurrency<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Concurrency")
            .field("inner", &self.inner)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

opaque_debug!([S, B, F] ResponseFuture<S, B, F>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Body as OwnBody,
        simulation::{Pace, Server, drop_after_each_poll, get, storm},
    };
    use http_body_util::BodyExt;
    use std::task::Waker;
    use tower::ServiceExt;

    fn pending<F: Future>(future: Pin<&mut F>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_limit_are_under_way_and_all_get_through_in_order() {
        for layer in [ConcurrencyLayer::new(3), ConcurrencyLayer::per_origin(3)] {
            let server = Server::new(Pace::default());
            let service = layer.layer(server.clone());
            let tasks: Vec<_> = (0..50)
                .map(|number| {
                    let exchange = service.clone().oneshot(get(&format!("http://h/{number}")));
                    tokio::spawn(async { exchange.await.unwrap().into_body().collect().await })
                })
                .collect();
            for task in tasks {
                task.await.unwrap().unwrap();
            }
            assert_eq!(server.most_at_once(), 3);
            let paths: Vec<_> = (0..50).map(|number| format!("http://h/{number}")).collect();
            assert_eq!(server.asked(), paths);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn permit_is_held_until_the_body_ends_breaks_off_or_is_dropped() {
        for layer in [ConcurrencyLayer::new(1), ConcurrencyLayer::per_origin(1)] {
            let server = Server::new(Pace::default());
            let service = layer.layer(server.clone());
            for broken in [false, true] {
                let url = if broken { "http://h/broken" } else { "http://h/" };
                let mut body = service.clone().oneshot(get(url)).await.unwrap().into_body();
                let mut next = Box::pin(service.clone().oneshot(get("http://h/")));
                assert!(pending(next.as_mut()));
                while let Some(Ok(_)) = body.frame().await {}
                let next = next.await.unwrap();
                let mut last = Box::pin(service.clone().oneshot(get("http://h/")));
                assert!(pending(last.as_mut()));
                drop(next);
                last.await.unwrap();
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn origins_do_not_wait_for_each_other_unless_the_limit_is_for_all() {
        let (hanging, other) = ("http://a/hang", "http://b/");
        for (layer, waits) in
            [(ConcurrencyLayer::new(1), true), (ConcurrencyLayer::per_origin(1), false)]
        {
            let service = layer.layer(Server::new(Pace::default()));
            let mut first = Box::pin(service.clone().oneshot(get(hanging)));
            assert!(pending(first.as_mut()));
            let second = tokio::time::timeout(
                std::time::Duration::from_secs(60),
                service.clone().oneshot(get(other)),
            );
            assert_eq!(second.await.is_err(), waits);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn x2_readiness_is_a_permit_that_is_dropped_with_the_service() {
        let service = ConcurrencyLayer::new(1).layer(Server::new(Pace::default()));
        let mut ready = service.clone();
        ready.ready().await.unwrap();
        // Once more is the same permit, and a clone has none.
        ready.ready().await.unwrap();
        let mut clone = ready.clone();
        assert!(pending(Box::pin(clone.ready()).as_mut()));
        drop(ready);
        clone.ready().await.unwrap();
        clone.call(get("http://h/")).await.unwrap();
        service.oneshot(get("http://h/")).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn x1_future_that_is_dropped_gives_its_permit_back() {
        for layer in [ConcurrencyLayer::new(1), ConcurrencyLayer::per_origin(1)] {
            let server = Server::new(Pace::default());
            let service = layer.layer(server.clone());
            let polls = drop_after_each_poll(|| {
                let service = service.clone();
                async move {
                    let exchange = async || {
                        let response = service.clone().oneshot(get("http://h/")).await.unwrap();
                        response.into_body().collect().await.unwrap();
                    };
                    // One of them waits for the other.
                    tokio::join!(exchange(), exchange());
                }
            })
            .await;
            assert!(polls > 3, "{polls}");
            service.oneshot(get("http://h/")).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn permits_are_back_after_any_history() {
        let layer = ConcurrencyLayer::new(3);
        let Limit::InAll(semaphore) = layer.limit.clone() else { unreachable!() };
        let server = Server::new(Pace::default());
        storm(&layer.layer(server.clone()), 10_000, || assert!(server.under_way() <= 3)).await;
        assert_eq!((server.under_way(), semaphore.available_permits()), (0, 3));

        let layer = ConcurrencyLayer::per_origin(2);
        let Limit::PerOrigin(_, origins) = layer.limit.clone() else { unreachable!() };
        storm(&layer.layer(Server::new(Pace::default())), 10_000, || {}).await;
        for host in ["http://h0", "http://h1", "http://h2"] {
            let permits = origins.of(&host.parse().unwrap(), || unreachable!("it is known"));
            assert!(permits.is_idle() && permits.0.available_permits() == 2);
        }
    }

    #[tokio::test]
    async fn inert_layer_passes_on() {
        let service = ConcurrencyLayer::none().layer(tower::service_fn(async |_| {
            Ok::<_, std::convert::Infallible>(Response::new(OwnBody::empty()))
        }));
        service.oneshot(Request::new(OwnBody::empty())).await.unwrap();
    }
}
