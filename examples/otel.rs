//! One call that takes four attempts: a redirect and two retries. Its spans are printed as OpenTelemetry
//! exports them, and the server is told which of them is its parent.
//!
//! Run it with `cargo run --example otel`.

use opentelemetry::{global, trace::TracerProvider};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use std::time::Duration;
use testbed::Testbed;
use tower::Layer;
use tower_clients::{
    BoxError, Client, PropagateLayer, Resource, RetryLayer, TraceLayer, Transport, url::Origin,
};
use tracing::Level;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // What a program sets up once. `opentelemetry-otlp` has the exporter for a collector.
    let exporter = opentelemetry_stdout::SpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter).build();
    let spans = tracing_opentelemetry::layer()
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_tracer(provider.tracer("otel"));
    let targets = Targets::new().with_target("tower_clients", Level::INFO);
    tracing::subscriber::set_global_default(
        tracing_subscriber::registry().with(spans).with(targets),
    )?;
    global::set_text_map_propagator(TraceContextPropagator::new());

    let server = Testbed::http().await?;
    let origin: Origin = server.url().parse()?;
    let client = Client::builder(server.url())
        .retry(RetryLayer::new().backoff(Duration::from_millis(10), Duration::from_secs(1)))
        .trace(TraceLayer::new().record_query("url"))
        .build_over(PropagateLayer::new(origin).layer(Transport::new()))?;
    let api = Resource::from(client);

    let query = [("url", "/status/503,503,200"), ("key", "s3cret")];
    api.get("redirect-to").query(&query).template("/redirect-to").await?;

    // The server shows which headers it got.
    println!("\n{}", api.get("headers").template("/headers").text().await?);
    provider.shutdown()?;
    Ok(())
}
