//! The recorder of the crate `metrics`.

use super::{
    Labels, Outcome, Recorder,
    names::{ACTIVE, CANCELLED, DURATION},
};
use ::metrics::{
    Label, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use std::time::Duration;

/// Records by the crate [`metrics`](https://docs.rs/metrics), to the recorder of the program or of the thread
/// at the time of each measurement.
///
/// What the program does with buckets its exporter is told; the conventions want the boundaries 5 ms, 10 ms,
/// 25 ms, 50 ms, 75 ms, 100 ms, 250 ms, 500 ms, 750 ms, 1 s, 2.5 s, 5 s, 7.5 s and 10 s.
///
/// ```
/// use axum::Router;
/// use http::Request;
/// use metrics_util::debugging::DebuggingRecorder;
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_clients_layers::{Body, MetricsLayer, metrics::MetricsCrate};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
/// let recorder = DebuggingRecorder::new();
/// let _guard = metrics::set_default_local_recorder(&recorder);
///
/// let layer = MetricsLayer::new(MetricsCrate::new());
/// let service = ServiceBuilder::new().layer(layer).service(Router::new());
/// service.oneshot(Request::get("https://api.example.com/users").body(Body::empty())?).await?;
///
/// let seen = recorder.snapshotter().snapshot().into_vec();
/// assert!(seen.iter().any(|(key, ..)| key.key().name() == "http.client.request.duration"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct MetricsCrate;

impl MetricsCrate {
    /// Describes the metrics to the recorder that is there now.
    #[must_use]
    pub fn new() -> Self {
        describe_histogram!(DURATION, Unit::Seconds, "Duration of HTTP client requests.");
        describe_gauge!(ACTIVE, Unit::Count, "Number of active HTTP requests.");
        describe_counter!(CANCELLED, Unit::Count, "Number of HTTP requests that were dropped.");
        Self
    }
}

impl Recorder for MetricsCrate {
    fn begin(&self, request: &Labels<'_>) {
        gauge!(ACTIVE, labels(request)).increment(1.0);
    }

    fn end(&self, request: &Labels<'_>, outcome: &Outcome, took: Duration) {
        let mut labels = labels(request);
        gauge!(ACTIVE, labels.clone()).decrement(1.0);
        if outcome.is_cancelled() {
            counter!(CANCELLED, labels).increment(1);
            return;
        }
        if let Some(status) = outcome.status() {
            labels.push(Label::new("http.response.status_code", status.as_str().to_owned()));
        }
        if let Some(version) = outcome.protocol_version() {
            labels.push(Label::from_static_parts("network.protocol.version", version));
        }
        if let Some(kind) = outcome.error_type() {
            labels.push(Label::new("error.type", kind.to_owned()));
        }
        histogram!(DURATION, labels).record(took);
    }
}

fn labels(request: &Labels<'_>) -> Vec<Label> {
    let mut labels = vec![Label::from_static_parts("http.request.method", request.method)];
    if let Some(address) = request.server_address {
        labels.push(Label::new("server.address", address.to_owned()));
    }
    if let Some(port) = request.server_port {
        labels.push(Label::new("server.port", port.to_string()));
    }
    if let Some(template) = request.template {
        labels.push(Label::from_static_parts("url.template", template));
    }
    labels
}
