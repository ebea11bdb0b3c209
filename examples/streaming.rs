//! Bodies as streams over a connection: lines, JSON values, bytes; and requests that give no body.
//!
//! Run it with `cargo run --example streaming`.

use axum::{Router, http::StatusCode, routing::post};
use serde::Deserialize;
use std::time::Duration;
use testbed::Testbed;
use tower_clients::{Client, Content, Error, Resource};

#[derive(Debug, Deserialize)]
struct Entry {
    id: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Testbed::http().await?;
    // The limit of time covers a stream to its end.
    let client = Client::builder(server.url()).timeout(Duration::from_secs(10)).build()?;
    let api = Resource::from(client);

    println!("1. Each line a JSON value of one type");
    let mut entries = api.get("stream/3").json_lines::<Entry>().await?;
    let mut ids = Vec::new();
    while let Some(entry) = entries.next().await {
        ids.push(entry?.id);
    }
    println!("   the entries {ids:?}");
    assert_eq!(ids, [0, 1, 2]);

    println!("2. Lines of text, each a `str` without its end");
    let mut lines = api.get("robots.txt").lines().await?;
    while let Some(line) = lines.next().await {
        println!("   {:?}", &*line?);
    }

    println!("3. Items by the content type");
    for path in ["stream/2", "robots.txt", "stream-bytes/2000?chunk_size=900"] {
        println!("   {path}: {}", kinds(&api, path).await?.join(", "));
    }

    println!("4. Is it there?");
    println!("   get: {}, nothing: {}", api.exists("get").await?, api.exists("nothing").await?);
    let error = api.exists("status/503").await.expect_err("it is an outage");
    println!("   nobody knows: {error}");

    println!("5. Where is it now?");
    let app = Router::new().route("/users", post((StatusCode::CREATED, [("location", "users/7")])));
    let users = Testbed::serve(app).await?;
    let user = Resource::new(users.url())?.create("users").json(&["Ada"]).await?;
    let path = user.as_ref().map(http::Uri::path);
    println!("   the path is {path:?}");
    assert_eq!(path, Some("/users/7"));
    Ok(())
}

async fn kinds(api: &Resource, path: &str) -> Result<Vec<String>, Error> {
    let mut items = api.get(path).items().await?;
    let mut kinds = Vec::new();
    while let Some(item) = items.next().await {
        kinds.push(match item? {
            Content::Json(_) => "JSON".to_owned(),
            Content::Text(text) => format!("text of {}", text.len()),
            Content::Bytes(bytes) => format!("{} bytes", bytes.len()),
            _ => "something else".to_owned(),
        });
    }
    Ok(kinds)
}
