//! Measures every attempt: how long it takes, and how many are under way.
//!
//! A [`Recorder`] gets the measurements. There is one for the crate [`metrics`](https://docs.rs/metrics) and
//! one for a meter of OpenTelemetry, by the features of these names: `MetricsCrate` and `OpenTelemetry`. Or
//! write your own:
//!
//! ```
//! use axum::{Router, http::StatusCode};
//! use http::Request;
//! use std::{sync::{Arc, Mutex}, time::Duration};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{
//!     Body, MetricsLayer,
//!     metrics::{Labels, Outcome, Recorder},
//! };
//!
//! #[derive(Default)]
//! struct Log(Mutex<Vec<String>>);
//!
//! impl Recorder for Log {
//!     fn begin(&self, _: &Labels<'_>) {}
//!
//!     fn end(&self, request: &Labels<'_>, outcome: &Outcome, _took: Duration) {
//!         let line = format!("{} {:?}", request.method, outcome.error_type());
//!         self.0.lock().unwrap().push(line);
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let log = Arc::new(Log::default());
//! let server = Router::new().fallback(async || StatusCode::NOT_FOUND);
//! let service =
//!     ServiceBuilder::new().layer(MetricsLayer::new(Arc::clone(&log))).service(server);
//! service.oneshot(Request::get("https://api.example.com/users").body(Body::empty())?).await?;
//! assert_eq!(*log.0.lock().unwrap(), [r#"GET Some("404")"#]);
//! # Ok(())
//! # }
//! ```
//!
//! # What is recorded
//!
//! By the conventions of OpenTelemetry for HTTP clients, but for the last one, for which there is none:
//!
//! | metric | kind | unit | attributes |
//! |---|---|---|---|
//! | `http.client.request.duration` | histogram | seconds | all [`Labels`], `http.response.status_code`, `error.type`, `network.protocol.version` |
//! | `http.client.active_requests` | up and down | requests | all [`Labels`] |
//! | `tower_clients.cancelled_requests` | counter | requests | all [`Labels`] |
//!
//! A request is active, and its time runs, from the call until the head of its response. One that was dropped
//! before, as a caller lost interest or a hedge was won by another, is cancelled: it is counted, is no error,
//! and its time is not recorded, since it tells when the caller left. When a [deadline](crate::deadline)
//! above has come, this is why it was dropped: then it is an error of the type `timeout`, after that time.
//!
//! No attribute holds a path, a query, or a header. With a [template](crate::RequestOptions::template) the
//! requests of one client are told apart.
//!
//! # Where it goes
//!
//! Below (inside of) what sends a request again, so that each attempt counts. Above it, a call counts once,
//! whatever it takes.
//!
//! # Cost
//!
//! Nothing with [`MetricsLayer::none`]. Else an allocation for each request, another for a copy of its URI if
//! it is the first one, and what the recorder does.

mod labels;
mod measured;
#[cfg(feature = "metrics")]
mod metrics_crate;
#[cfg(any(feature = "metrics", feature = "opentelemetry"))]
mod names;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
pub(crate) mod outcome;
mod recorder;
#[cfg(test)]
mod tests;

#[cfg(feature = "metrics")]
pub use self::metrics_crate::MetricsCrate;
#[cfg(feature = "opentelemetry")]
pub use self::opentelemetry::OpenTelemetry;
pub use self::{labels::Labels, outcome::Outcome, recorder::Recorder};

use self::measured::Measured;
use crate::{BoxError, Error, macros::inner_service_accessors, observe::WithObserver};
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Measures every attempt.
///
/// Makes [`Metrics`]. See the [module docs](self).
#[derive(Clone)]
pub struct MetricsLayer {
    recorder: Option<Arc<dyn Recorder>>,
}

impl MetricsLayer {
    /// Measures all requests that pass.
    #[must_use]
    pub fn new(recorder: impl Recorder) -> Self {
        Self { recorder: Some(Arc::new(recorder)) }
    }

    /// Measures nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { recorder: None }
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Metrics<S>;

    fn layer(&self, inner: S) -> Metrics<S> {
        Metrics { inner, layer: self.clone() }
    }
}

/// Made by [`MetricsLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Metrics<S> {
    inner: S,
    layer: MetricsLayer,
}

impl<S> Metrics<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Metrics<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let recorder = self.layer.recorder.as_ref();
        let measured = recorder.map(|recorder| Measured::begin(recorder, &request));
        ResponseFuture { future: WithObserver::new(self.inner.call(request), measured) }
    }
}

pin_project! {
    /// Waits for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange, which counts as cancelled, or as out of time once its deadline has
    /// come. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: WithObserver<F, Measured>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}

impl fmt::Debug for MetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsLayer").field("records", &self.recorder.is_some()).finish()
    }
}
