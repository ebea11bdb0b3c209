//! A `Resource` in the state of an axum service, called from a handler.
//!
//! Run it with `cargo run --example axum_state`.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use testbed::Testbed;
use tower_clients::{BoxError, Error, Resource};

/// A client is one field: it needs no type parameter, and a clone shares its connections.
#[derive(Clone)]
struct App {
    upstream: Resource,
}

/// What the caller sees of an upstream error.
struct Upstream(Error);

impl From<Error> for Upstream {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Upstream {
    fn into_response(self) -> Response {
        eprintln!("   in the log: {:#}", self.0);
        let status = match self.0.status() {
            Some(StatusCode::NOT_FOUND) => StatusCode::NOT_FOUND,
            _ if self.0.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        status.into_response()
    }
}

async fn show(State(app): State<App>, Path(name): Path<String>) -> Result<Json<Value>, Upstream> {
    // The name is one encoded segment, whatever the caller sent.
    let seen: Value = app.upstream.get(("anything", name)).json().await?;
    Ok(Json(json!({"upstream": seen["url"]})))
}

async fn fail(State(app): State<App>, Path(status): Path<u16>) -> Result<(), Upstream> {
    app.upstream.get(("status", status)).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let upstream = Testbed::http().await?;
    let app = Router::new()
        .route("/show/{name}", get(show))
        .route("/fail/{status}", get(fail))
        .with_state(App { upstream: Resource::new(upstream.url())? });
    let backend = Testbed::serve(app).await?;

    let caller = Resource::new(backend.url())?;
    let answer: Value = caller.get(("show", "Ada Lovelace/..x")).json().await?;
    println!("the handler answered {answer}");
    assert!(answer["upstream"].as_str().is_some_and(|url| url.ends_with("/Ada%20Lovelace%2F..x")));
    for (status, expected) in [(404, StatusCode::NOT_FOUND), (500, StatusCode::BAD_GATEWAY)] {
        let error = caller.get(("fail", status)).await.expect_err("it fails");
        println!("the caller sees {}", error.status().ok_or("no status")?);
        assert_eq!(error.status(), Some(expected));
    }
    Ok(())
}
