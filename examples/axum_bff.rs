//! A backend for a frontend: one page of several services, all within the time that the caller waits.
//!
//! Run it with `cargo run --example axum_bff`.

use axum::{Json, Router, extract::State, http::HeaderMap, routing::get};
use serde_json::{Value, json};
use std::{future::pending, time::Duration};
use tower_clients::{
    AnswerErrorsLayer, BoxResource, Client, DeadlineLayer, Error, Inheritance, Inherits as _,
    Resource,
};

#[derive(Clone)]
struct App {
    users: BoxResource,
    news: BoxResource,
}

/// Both are asked at once. Without news the page is still one.
async fn page(from: Inheritance, State(app): State<App>) -> Result<Json<Value>, Error> {
    let (users, news) = (app.users.inherit(&from), app.news.inherit(&from));
    let (user, news) = tokio::join!(
        users.get("users/7").json::<Value>(),
        news.get("latest").timeout(Duration::from_millis(100)).json::<Value>(),
    );
    Ok(Json(json!({"user": user?, "news": news.unwrap_or_default()})))
}

/// It would wait longer than anybody.
async fn report(from: Inheritance, State(app): State<App>) -> Result<Json<Value>, Error> {
    let news = app.news.inherit(&from);
    Ok(Json(news.get("latest").timeout(Duration::from_secs(60)).json().await?))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let users = Router::new().route(
        "/users/7",
        get(async |headers: HeaderMap| {
            Json(json!({"name": "Ada", "asked by": headers["x-request-id"].to_str().unwrap_or("")}))
        }),
    );
    let news = Router::new().route("/latest", get(async || pending::<()>().await));
    let app = App {
        users: Resource::from(Client::with_service("http://users.internal", users)?).boxed(),
        news: Resource::from(Client::with_service("http://news.internal", news)?).boxed(),
    };
    let backend = Router::new()
        .route("/page", get(page))
        .route("/report", get(report))
        // Nobody waits longer than that, and no call goes on when nobody waits.
        .layer((AnswerErrorsLayer::new(), DeadlineLayer::new(Duration::from_millis(500))))
        .with_state(app);

    let caller = Resource::with_service("http://backend", backend)?;
    let page: Value = caller.get("page").header("x-request-id", "4711").json().await?;
    println!("{page}");
    assert_eq!(page, json!({"user": {"name": "Ada", "asked by": "4711"}, "news": null}));

    let error = caller.get("report").await.expect_err("it fails");
    println!("{error}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(504));
    Ok(())
}
