//! Clients in handlers of axum.

use axum::{Router, routing::get};
use tower_clients::{BoxResource, Error, Resource, Upstream};

async fn with_a_client(Upstream(users): Upstream<BoxResource>) -> Result<String, Error> {
    users.get("me").text().await
}

async fn with_no_client(Upstream(_users): Upstream<String>) {}

fn state_is_missing() -> Router {
    Router::new().route("/", get(with_a_client))
}

#[derive(Clone)]
struct App;

fn state_without_the_client() -> Router {
    Router::new().route("/", get(with_a_client)).with_state(App)
}

fn state_is_another(users: Resource) -> Router {
    Router::new().route("/", get(with_a_client)).with_state(users)
}

fn main() {}
