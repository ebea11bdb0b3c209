//! What a client measures, as Prometheus gets it.
//!
//! Run it with `cargo run --example metrics`.

use metrics_exporter_prometheus::PrometheusBuilder;
use std::time::Duration;
use testbed::Testbed;
use tower_clients::{BoxError, Client, MetricsLayer, RetryLayer, metrics::MetricsCrate};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // What a program sets up once, before its clients.
    let prometheus =
        PrometheusBuilder::new().set_buckets(&[0.01, 0.1, 1.0, 10.0])?.install_recorder()?;

    let server = Testbed::http().await?;
    let client = Client::builder(server.url())
        .retry(RetryLayer::new().backoff(Duration::from_millis(10), Duration::from_secs(1)))
        .metrics(MetricsLayer::new(MetricsCrate::new()))
        .build()?;

    for id in 1..=3 {
        client.get(("anything", id)).template("/anything/{id}").await?;
    }
    client.get("status/503,200").template("/status/{codes}").await?;
    // Who waits no longer has not met an error.
    let slow = client.get("delay/5").template("/delay/{seconds}").send();
    assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err());

    let text = prometheus.render();
    println!("{text}");
    assert!(text.contains(r#"url_template="/anything/{id}""#), "three requests are one series");
    Ok(())
}
