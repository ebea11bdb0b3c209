//! A backend that ends as it should: first its server, then the client that its handlers use.
//!
//! Run it with `cargo run --example shutdown`. In a program the signal is `tokio::signal::ctrl_c()`.

use axum::{Router, extract::State, routing::get};
use std::{sync::Arc, time::Duration};
use testbed::Testbed;
use tokio::{net::TcpListener, sync::Notify};
use tower_clients::{BoxError, Error, Resource};

#[derive(Clone)]
struct App {
    upstream: Resource,
    is_asked: Arc<Notify>,
}

async fn show(State(app): State<App>) -> Result<String, String> {
    app.is_asked.notify_one();
    let text = app.upstream.get("delay/1").text().await;
    text.map(|text| format!("{} bytes of the upstream", text.len()))
        .map_err(|error: Error| error.to_string())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let upstream = Testbed::http().await?;
    let app = App { upstream: Resource::new(upstream.url())?, is_asked: Arc::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);

    // The signal comes while a request is on its way to the upstream.
    let is_asked = Arc::clone(&app.is_asked);
    let signal = async move { is_asked.notified().await };
    let server = axum::serve(listener, Router::new().route("/", get(show)).with_state(app.clone()));
    let server = tokio::spawn(server.with_graceful_shutdown(signal).into_future());

    let caller = Resource::new(url)?;
    println!("the last caller still gets {}", caller.get("").text().await?);
    // axum waits for idle connections, too.
    caller.client().shutdown(Duration::ZERO).await;
    server.await??;

    let client = app.upstream.client();
    // A body that a task still reads has ten seconds to come to its end.
    let left = client.shutdown(Duration::from_secs(10)).await;
    println!("{left} exchanges are given up");
    assert_eq!(left, 0);
    let error = app.upstream.get("get").await.expect_err("it is shut down");
    println!("{error:#}");
    assert!(error.is_unavailable() && !error.may_have_been_sent());
    Ok(())
}
