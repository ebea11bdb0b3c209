//! The same stack over an `axum::Router`: a program is tested without a port, and a dependency is
//! replaced by a router.
//!
//! Run it with `cargo run --example in_process`.

use axum::{
    Json, Router,
    extract::{Path, Query},
    http::StatusCode,
    routing::get,
};
use serde::{Deserialize, Serialize};
use tower_clients::{Client, Error, Resource, Session};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct User {
    id: u32,
    name: String,
}

#[derive(Deserialize)]
struct Page {
    limit: u32,
}

fn app() -> Router {
    let user = |id| User { id, name: format!("user {id}") };
    Router::new()
        .route(
            "/v1/users",
            get(async move |Query(page): Query<Page>| {
                Json((1..=page.limit).map(user).collect::<Vec<_>>())
            }),
        )
        .route(
            "/v1/users/{id}",
            get(async move |Path(id): Path<u32>| match id {
                1..10 => Ok(Json(user(id))),
                _ => Err((StatusCode::NOT_FOUND, "no such user")),
            }),
        )
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    // `Session` is the default layers; the router takes the place of the transport.
    let client: Client<Session<Router>> =
        Client::builder("http://in.process/v1").query(&[("limit", 2)]).build_over(app())?;
    let api = Resource::from(client);

    let users: Vec<User> = api.get("users").json().await?;
    println!("{users:?}");
    assert_eq!(users.len(), 2);
    let user: User = api.get(("users", 7)).json().await?;
    println!("{user:?}");
    assert_eq!(user, User { id: 7, name: "user 7".into() });
    let error = api.get(("users", 99)).await.expect_err("there is no such user");
    let failure = error.failure().expect("the server answered");
    println!("{error}: {}", failure.text());
    assert_eq!(failure.text(), "no such user");
    Ok(())
}
