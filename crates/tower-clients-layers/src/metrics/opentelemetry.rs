//! The recorder of a meter.

use super::{
    Labels, Outcome, Recorder,
    names::{ACTIVE, CANCELLED, DURATION},
};
use ::opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter, UpDownCounter},
};
use std::time::Duration;

/// What the conventions want, in seconds.
const BOUNDARIES: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Records by the instruments of an OpenTelemetry [`Meter`]. The histogram has the boundaries that the
/// conventions want, from 5 ms to 10 s.
///
/// ```
/// use tower_clients_layers::{MetricsLayer, metrics::OpenTelemetry};
///
/// let meter = opentelemetry::global::meter("my-program");
/// let layer = MetricsLayer::new(OpenTelemetry::new(&meter));
/// ```
#[derive(Debug, Clone)]
pub struct OpenTelemetry {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
    cancelled: Counter<u64>,
}

impl OpenTelemetry {
    /// Makes the instruments.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self {
            duration: meter
                .f64_histogram(DURATION)
                .with_unit("s")
                .with_description("Duration of HTTP client requests.")
                .with_boundaries(BOUNDARIES.to_vec())
                .build(),
            active: meter
                .i64_up_down_counter(ACTIVE)
                .with_unit("{request}")
                .with_description("Number of active HTTP requests.")
                .build(),
            cancelled: meter
                .u64_counter(CANCELLED)
                .with_unit("{request}")
                .with_description("Number of HTTP requests that were dropped.")
                .build(),
        }
    }
}

impl Recorder for OpenTelemetry {
    fn begin(&self, request: &Labels<'_>) {
        self.active.add(1, &attributes(request));
    }

    fn end(&self, request: &Labels<'_>, outcome: &Outcome, took: Duration) {
        let mut attributes = attributes(request);
        self.active.add(-1, &attributes);
        if outcome.is_cancelled() {
            self.cancelled.add(1, &attributes);
            return;
        }
        if let Some(status) = outcome.status() {
            let status = i64::from(status.as_u16());
            attributes.push(KeyValue::new("http.response.status_code", status));
        }
        if let Some(version) = outcome.protocol_version() {
            attributes.push(KeyValue::new("network.protocol.version", version));
        }
        if let Some(kind) = outcome.error_type() {
            attributes.push(KeyValue::new("error.type", kind.to_owned()));
        }
        self.duration.record(took.as_secs_f64(), &attributes);
    }
}

fn attributes(request: &Labels<'_>) -> Vec<KeyValue> {
    let mut attributes = vec![KeyValue::new("http.request.method", request.method)];
    if let Some(address) = request.server_address {
        attributes.push(KeyValue::new("server.address", address.to_owned()));
    }
    if let Some(port) = request.server_port {
        attributes.push(KeyValue::new("server.port", i64::from(port)));
    }
    if let Some(template) = request.template {
        attributes.push(KeyValue::new("url.template", template));
    }
    attributes
}
