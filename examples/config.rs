//! A client whose settings are in a file, beside those of the program.
//!
//! Run it with `cargo run --example config`.

use serde::Deserialize;
use serde_json::Value;
use std::fs;
use testbed::Testbed;
use tower_clients::{
    BoxError, Resource,
    config::{self, ClientConfig},
};

#[derive(Debug, Deserialize)]
struct Settings {
    server: Server,
    upstream: ClientConfig,
}

#[derive(Debug, Deserialize)]
struct Server {
    greeting: String,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml"))?;
    // A server on a free port of this machine, in place of the one in the file.
    let testbed = Testbed::http().await?;
    let text = text.replace("https://api.example.com/", testbed.url());

    let settings: Settings = config::read(text.parse::<toml::Table>()?)?;
    let api = Resource::from(settings.upstream.named("upstream").build()?);
    let seen: Value = api.get("anything").json().await?;
    println!("{}, {}: {}", settings.server.greeting, seen["headers"]["User-Agent"], seen["args"]);
    assert!(seen["headers"]["Authorization"].is_string(), "the token of the file is sent");

    let wrong = text.replace("500ms", "half a second").parse::<toml::Table>()?;
    let error = config::read::<Settings, _>(wrong).expect_err("it is no time");
    println!("{error:#}");
    Ok(())
}
