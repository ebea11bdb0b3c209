//! A resource over a connection: paths, content by its type, typed content, failures.
//!
//! Run it with `cargo run --example resource`.

use axum::{
    Json, Router,
    extract::{Path, Query},
    http::StatusCode,
    routing::{get, post},
};
use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use testbed::Testbed;
use tower_clients::{Content, Resource, url::Segment};

#[derive(Debug, Serialize, Deserialize)]
struct User {
    name: String,
    team: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Search {
    team: Option<String>,
}

fn server() -> Router {
    let find =
        async |Query(search): Query<Search>| Json([User { name: "ada".into(), team: search.team }]);
    let create = async |Json(user): Json<User>| {
        (StatusCode::CREATED, [("location", format!("users/{}", user.name))])
    };
    let one = async |Path(name): Path<String>| match &*name {
        "ada" => Ok(Json(json!({"name": name}))),
        _ => Err((StatusCode::NOT_FOUND, Json(json!({"reason": "no such user"})))),
    };
    Router::new()
        .route("/v1", get("version 1"))
        .route("/v1/users", post(create).get(find))
        .route("/v1/users/{name}", get(one))
        .fallback(async |uri: Uri| (StatusCode::NOT_FOUND, format!("nothing at {uri}")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Testbed::serve(server()).await?;
    let api = Resource::new(server.url())? / "v1";

    println!("1. Content by its content type");
    for path in ["", "users"] {
        match api.get(path).await? {
            Content::Json(value) => println!("   {path:?} is JSON: {value}"),
            other => println!("   {path:?} is {other:?}"),
        }
    }

    println!("2. Children; values are segments, which cannot climb");
    let users = &api / "users";
    let ada: User = users.get("ada").json().await?;
    let same: User = api.get(("users", &*ada.name)).json().await?;
    println!("   {} and {}", ada.name, same.name);
    assert_eq!(ada.name, same.name);
    let error = users.get(Segment("../secrets")).await.expect_err("there is no such user");
    println!("   {error:#}");

    println!("3. The same resource with other parameters");
    let found: Vec<User> = users.call(&Search { team: Some("math".into()) }).json().await?;
    println!("   {found:?}");
    assert_eq!(found[0].team.as_deref(), Some("math"));

    println!("4. What is created has a place");
    let user = users.create("").json(&User { name: "ada".into(), team: None }).await?;
    let user = user.ok_or("the server names no place")?;
    let mut there = api.clone();
    there /= user;
    println!(
        "   {} gives {}",
        there.client().base_url()?.origin(),
        there.get("").json::<Value>().await?
    );

    println!("5. A refusal keeps the response");
    let error = users.get("bob").await.expect_err("there is no such user");
    let failure = error.failure().ok_or("the server answered")?;
    println!("   {} {}", failure.status(), failure.json::<Value>()?["reason"]);
    assert!(!users.exists("bob").await?);
    Ok(())
}
