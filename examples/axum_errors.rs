//! What becomes of the error of an upstream in an axum handler.
//!
//! Run it with `cargo run --example axum_errors`.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use std::time::Duration;
use tower_clients::{BoxResource, Client, Error, Resource, error::Relay};
use tower_clients_mock::{Mock, Reply};

/// The caller gets a status, and not a word of what the upstream says.
async fn plain(State(api): State<BoxResource>, Path(name): Path<String>) -> Result<String, Error> {
    api.get((name,)).text().await
}

/// The caller gets the status and the body of the upstream.
async fn relay(State(api): State<BoxResource>, Path(name): Path<String>) -> Result<String, Relay> {
    Ok(api.get((name,)).text().await?)
}

/// The handler knows better than either.
async fn own(State(api): State<BoxResource>, Path(name): Path<String>) -> Result<String, Error> {
    match api.get((name,)).text().await {
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok("nobody".to_owned()),
        other => other,
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mock = Mock::new();
    mock.get("/missing").reply(Reply::status(404).body("no such user"));
    mock.get("/busy").reply(Reply::status(429).header("retry-after", "7"));
    mock.get("/down").reply(Reply::refuse());
    mock.get("/slow").reply(Reply::hang());
    let client = Client::builder("http://upstream.internal").timeout(Duration::from_millis(50));
    let api = Resource::from(client.build_over(mock)?).boxed();
    let app = Router::new()
        .route("/plain/{name}", get(plain))
        .route("/relay/{name}", get(relay))
        .route("/own/{name}", get(own))
        .with_state(api);

    let caller = Client::with_service("http://backend", app)?;
    for (path, expected) in [
        ("plain/missing", 502),
        ("plain/busy", 503),
        ("plain/down", 502),
        ("plain/slow", 504),
        ("relay/missing", 404),
        ("relay/busy", 429),
        ("own/missing", 200),
    ] {
        let response = caller.get(path).await?;
        let wait = response.headers().get("retry-after");
        println!("{path}: {} {}", response.status(), wait.map_or("", |_| "with Retry-After"));
        assert_eq!(response.status(), expected);
    }
    Ok(())
}
