//! What whole clients measure, as the exporters get it.

use axum::{Router, http::StatusCode, routing::get};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use opentelemetry::{KeyValue, metrics::MeterProvider};
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, PeriodicReader, SdkMeterProvider,
    data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics},
};
use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::time::{sleep, timeout};
use tower_clients::{
    Client, MetricsLayer, RetryLayer,
    metrics::{MetricsCrate, OpenTelemetry},
};

const SECOND: Duration = Duration::from_secs(1);

/// One request that is answered after a second, the first time with 503, and one that is given up.
async fn exchanges(metrics: MetricsLayer) {
    let asked = Arc::new(AtomicU32::new(0));
    let answer = async move || {
        sleep(SECOND).await;
        match asked.fetch_add(1, SeqCst) {
            0 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        }
    };
    let server = Router::new().route("/users/7", get(answer)).fallback(pending::<()>);
    let retry = RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO);
    let client = Client::builder("https://h").retry(retry).metrics(metrics);
    let client = client.build_over(server).unwrap();

    let response = client.get(("users", 7)).template("/users/{id}").await.unwrap();
    assert_eq!(response.status(), 200);
    timeout(SECOND, client.get("silent").send()).await.unwrap_err();
}

const GIVEN_UP: &str = "http.request.method=GET server.address=h server.port=443";
const ASKED: &str =
    "http.request.method=GET server.address=h server.port=443 url.template=/users/{id}";

/// Metrics by name and attributes.
type Measured = BTreeMap<(String, String), String>;

fn expected() -> Measured {
    let answered = |status: &str| {
        format!("{ASKED} http.response.status_code={status} network.protocol.version=1.1")
    };
    let refused = format!("error.type=503 {}", answered("503"));
    let rows = [
        ("http.client.active_requests", sorted(ASKED), "0"),
        ("http.client.active_requests", sorted(GIVEN_UP), "0"),
        ("http.client.request.duration", sorted(&answered("200")), "[1s]"),
        ("http.client.request.duration", sorted(&refused), "[1s]"),
        ("tower_clients.cancelled_requests", sorted(GIVEN_UP), "1"),
    ];
    rows.into_iter().map(|(name, labels, value)| ((name.into(), labels), value.into())).collect()
}

fn sorted(labels: &str) -> String {
    let mut labels: Vec<_> = labels.split(' ').collect();
    labels.sort_unstable();
    labels.join(" ")
}

#[tokio::test(start_paused = true)]
async fn crate_metrics_gets_attempts_and_what_was_given_up() {
    let recorder = DebuggingRecorder::new();
    let _guard = metrics::set_default_local_recorder(&recorder);
    exchanges(MetricsLayer::new(MetricsCrate::new())).await;

    let seen =
        recorder.snapshotter().snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
            let labels =
                key.key().labels().map(|label| format!("{}={}", label.key(), label.value()));
            let labels = sorted(&labels.collect::<Vec<_>>().join(" "));
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Gauge(level) => level.to_string(),
                DebugValue::Histogram(times) => {
                    let times = times.iter().map(|time| Duration::from_secs_f64(**time));
                    format!("{:?}", times.collect::<Vec<_>>())
                }
            };
            ((key.key().name().to_owned(), labels), value)
        });
    assert_eq!(seen.collect::<Measured>(), expected());
}

fn labels<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let pairs = attributes.map(|pair| format!("{}={}", pair.key, pair.value));
    sorted(&pairs.collect::<Vec<_>>().join(" "))
}

#[tokio::test(start_paused = true)]
async fn opentelemetry_gets_attempts_and_what_was_given_up() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    exchanges(MetricsLayer::new(OpenTelemetry::new(&provider.meter("test")))).await;
    provider.force_flush().unwrap();

    let exported = exporter.get_finished_metrics().unwrap();
    let metrics = exported.iter().flat_map(ResourceMetrics::scope_metrics);
    let mut seen = Measured::new();
    for metric in metrics.flat_map(ScopeMetrics::metrics) {
        let mut saw = |labels, value| seen.insert((metric.name().to_owned(), labels), value);
        match metric.data() {
            AggregatedMetrics::F64(MetricData::Histogram(times)) => {
                assert_eq!(metric.unit(), "s");
                for point in times.data_points() {
                    assert_eq!(point.bounds().collect::<Vec<_>>()[..2], [0.005, 0.01]);
                    assert_eq!(point.count(), 1);
                    let times = [Duration::from_secs_f64(point.sum())];
                    saw(labels(point.attributes()), format!("{times:?}"));
                }
            }
            AggregatedMetrics::I64(MetricData::Sum(levels)) => {
                for point in levels.data_points() {
                    saw(labels(point.attributes()), point.value().to_string());
                }
            }
            AggregatedMetrics::U64(MetricData::Sum(counts)) => {
                for point in counts.data_points() {
                    saw(labels(point.attributes()), point.value().to_string());
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, expected());
}
