//! The layers of attempts in a [`Session`](super::Session), and the way past them.
//!
//! Layers that do nothing still take and give back a request and a response each, which is a hundredth
//! of what a small exchange costs.

use super::trace;
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_clients_layers::{
    AttemptTimeout, AttemptTimeoutLayer, Body, BoxError, Error, IdleTimeout, IdleTimeoutLayer,
    Metrics, MetricsLayer, RequestOptions, Retry, RetryLayer, attempt_timeout,
    idle_timeout::{self, IdleTimeoutBody},
    metrics, retry,
};
use tower_layer::Layer;
use tower_service::Service;

type Layered<T> = Retry<Attempt<T>>;
type Attempt<T> = trace::Layered<Metrics<AttemptTimeout<IdleTimeout<T>>>>;

/// What configures [`Attempts`]: nothing, or some of the layers.
#[derive(Debug, Clone)]
pub(crate) struct AttemptsLayer {
    layers: Option<Layers>,
}

/// Outermost first.
#[derive(Debug, Clone)]
pub(crate) struct Layers {
    pub(crate) retry: RetryLayer,
    pub(crate) trace: trace::Layer,
    pub(crate) metrics: MetricsLayer,
    pub(crate) attempt_timeout: AttemptTimeoutLayer,
    pub(crate) idle_timeout: IdleTimeoutLayer,
}

impl Layers {
    const NONE: Self = Self {
        retry: RetryLayer::none(),
        trace: trace::none(),
        metrics: MetricsLayer::none(),
        attempt_timeout: AttemptTimeoutLayer::none(),
        idle_timeout: IdleTimeoutLayer::none(),
    };

    fn layer<T>(&self, transport: T) -> Layered<T> {
        let Self { retry, trace, metrics, attempt_timeout, idle_timeout } = self;
        (retry, trace, metrics, attempt_timeout, idle_timeout).layer(transport)
    }
}

impl AttemptsLayer {
    pub(crate) const fn none() -> Self {
        Self { layers: None }
    }

    pub(crate) fn layers(&mut self) -> &mut Layers {
        self.layers.get_or_insert(Layers::NONE)
    }
}

impl<T> Layer<T> for AttemptsLayer {
    type Service = Attempts<T>;

    fn layer(&self, transport: T) -> Attempts<T> {
        let layered = self.layers.as_ref().unwrap_or(&Layers::NONE).layer(transport);
        Attempts { layered, has_layers: self.layers.is_some() }
    }
}

/// [`Retry`], with the feature `tracing` `Trace`, then [`Metrics`], [`AttemptTimeout`] and [`IdleTimeout`]. A
/// request passes them by if none is configured and it has no options that could ask for one.
#[derive(Debug, Clone)]
pub(crate) struct Attempts<T> {
    layered: Layered<T>,
    has_layers: bool,
}

impl<T> Attempts<T> {
    pub(super) fn get_ref(&self) -> &T {
        trace::get_ref(self.layered.get_ref()).get_ref().get_ref().get_ref()
    }

    fn get_mut(&mut self) -> &mut T {
        trace::get_mut(self.layered.get_mut()).get_mut().get_mut().get_mut()
    }

    pub(super) fn into_inner(self) -> T {
        trace::into_inner(self.layered.into_inner()).into_inner().into_inner().into_inner()
    }
}

impl<T, R> Service<Request<Body>> for Attempts<T>
where
    T: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
{
    type Response = Response<IdleTimeoutBody<R>>;
    type Error = Error;
    type Future = ResponseFuture<T, T::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.layered.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if self.has_layers || RequestOptions::of(&request).is_some() {
            ResponseFuture::Layered { future: self.layered.call(request) }
        } else {
            ResponseFuture::Direct { future: self.get_mut().call(request) }
        }
    }
}

type LimitedFuture<F> = attempt_timeout::ResponseFuture<idle_timeout::ResponseFuture<F>>;
type AttemptFuture<F> = trace::Future<metrics::ResponseFuture<LimitedFuture<F>>>;
type LayeredFuture<T, F> = retry::ResponseFuture<Attempt<T>, AttemptFuture<F>>;

pin_project! {
    /// Waits for the head of the response.
    #[project = Projection]
    #[derive(Debug)]
    pub(crate) enum ResponseFuture<T, F> {
        Direct { #[pin] future: F },
        Layered { #[pin] future: LayeredFuture<T, F> },
    }
}

impl<T, R> Future for ResponseFuture<T, T::Future>
where
    T: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
{
    type Output = Result<Response<IdleTimeoutBody<R>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Projection::Direct { future } => match ready!(future.poll(cx)) {
                Ok(response) => Poll::Ready(Ok(response.map(IdleTimeoutBody::without_limit))),
                Err(error) => Poll::Ready(Err(Error::from_service(error))),
            },
            Projection::Layered { future } => future.poll(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Client;
    use http::{Request, Response};
    use std::{convert::Infallible, time::Duration};
    use tokio::time::sleep;
    use tower::service_fn;
    use tower_clients_layers::Body;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn limit_of_a_request_holds_where_the_client_has_none() {
        let slow = service_fn(async |_: Request<Body>| {
            sleep(3 * SECOND).await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let client = Client::builder("http://h").build_over(slow).unwrap();
        assert!(client.get("x").await.is_ok());
        assert!(client.get("x").attempt_timeout(SECOND).await.unwrap_err().is_timeout());
        assert!(client.get("x").idle_timeout(2 * SECOND).await.unwrap_err().is_timeout());
    }
}
