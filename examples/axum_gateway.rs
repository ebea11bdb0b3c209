//! A gateway: it passes requests on with a token of its own, and spares a server that fails again and again.
//!
//! Run it with `cargo run --example axum_gateway`. With a URL behind it, it is a gateway to that server and
//! runs until it is stopped: `cargo run --example axum_gateway -- http://127.0.0.1:8080`.

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use serde_json::Value;
use std::{env, net::SocketAddr, sync::Arc};
use testbed::Testbed;
use tokio::net::TcpListener;
use tower_clients::{BoxError, BreakerLayer, Client, Error, ForwardLayer, Resource};

fn gateway(upstream: &str) -> Result<Router, Error> {
    let client = Client::builder(upstream).bearer_auth("of-the-gateway").build()?;
    let client = client.layer(BreakerLayer::new().failures(3));
    // The token of a caller is for the gateway alone.
    let forward = ForwardLayer::new()
        .without_header(AUTHORIZATION)
        .peer(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|caller| caller.0.ip()));
    Ok(Router::new()
        .route("/health", get("ok"))
        .fallback_service(client.into_gateway(forward))
        .layer(middleware::from_fn(log)))
}

/// Callers are told the status; the reason is for us.
async fn log(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(error) = response.extensions().get::<Arc<Error>>() {
        eprintln!("   in the log: {error:#}");
    }
    response
}

/// Where it listens, on a free port.
async fn serve(app: Router) -> Result<String, BoxError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    if let Some(upstream) = env::args().nth(1) {
        println!("GATEWAY={}", serve(gateway(&upstream)?).await?);
        std::future::pending::<()>().await;
    }
    let upstream = Testbed::http().await?;
    let caller = Resource::new(&*serve(gateway(upstream.url())?).await?)?;

    let seen: Value = caller.get("anything/x").bearer_auth("of-the-caller").json().await?;
    let headers = &seen["headers"];
    println!("the server sees {} for {}", headers["Authorization"], headers["X-Forwarded-For"]);
    assert_eq!(headers["Authorization"], "Bearer of-the-gateway");
    assert_eq!(headers["X-Forwarded-For"], "127.0.0.1");

    for _ in 0..3 {
        let error = caller.get("status/500").await.expect_err("it fails");
        assert_eq!(error.status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
    }
    let error = caller.get("anything/x").await.expect_err("it fails");
    let failure = error.failure().expect("there is a response");
    println!(
        "after three failures: {}, in {:?} s",
        failure.status(),
        failure.headers()["retry-after"]
    );
    assert_eq!(failure.status(), StatusCode::SERVICE_UNAVAILABLE);
    Ok(())
}
