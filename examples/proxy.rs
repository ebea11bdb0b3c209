//! One client over two servers; one of them fails for a while, and heals.
//!
//! Run it with `cargo run --example proxy`.

use axum::{Router, http::StatusCode};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use testbed::Testbed;
use tower::Layer;
use tower_clients::{BalanceLayer, BoxError, Client, Proxy, Transport};

const HALF_LIFE: Duration = Duration::from_millis(200);

/// A server that fails as long as it is broken.
async fn server(broken: &Arc<AtomicBool>) -> std::io::Result<Testbed> {
    let broken = Arc::clone(broken);
    let router = Router::new().fallback(async move || match broken.load(Relaxed) {
        true => (StatusCode::SERVICE_UNAVAILABLE, "broken"),
        false => (StatusCode::OK, "fine"),
    });
    Testbed::serve(router).await
}

/// Sends a hundred requests and says who answered them. How many failed.
async fn round(title: &str, proxy: &Proxy, servers: [&Testbed; 2]) -> Result<usize, BoxError> {
    let before = servers.map(Testbed::requests);
    let mut failed = 0;
    for _ in 0..100 {
        failed += usize::from(proxy.get("status").await?.status().is_server_error());
    }
    println!("{title}: {failed} of 100 failed");
    for ((upstream, server), before) in proxy.upstreams().zip(servers).zip(before) {
        let up = if upstream.is_up() { "up" } else { "down" };
        println!("   {} got {}, is {up}", upstream.url(), server.requests() - before);
    }
    Ok(failed)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let broken = Arc::new(AtomicBool::new(false));
    let (a, b) = (server(&broken).await?, server(&Arc::default()).await?);

    // `Proxy::new(urls)` where the default settings do.
    let balance = BalanceLayer::new([a.url(), b.url()])?.half_life(HALF_LIFE);
    let proxy: Proxy = Client::builder(balance.base_url().clone())
        .bearer_auth("t0ken")
        .build_over(balance.layer(Transport::new()))?
        .into();

    assert_eq!(round("Both are fine", &proxy, [&a, &b]).await?, 0);
    broken.store(true, Relaxed);
    let failed = round("The first one is broken", &proxy, [&a, &b]).await?;
    // One request each half-life finds out whether it still is, so how many is a matter of time.
    assert!((1..50).contains(&failed), "{failed}");
    broken.store(false, Relaxed);
    tokio::time::sleep(HALF_LIFE).await;
    assert_eq!(round("It has healed", &proxy, [&a, &b]).await?, 0);
    Ok(())
}
