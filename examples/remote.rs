//! Remote procedures: an API that answers 200 whatever happens, and JSON-RPC with a batch.
//!
//! Run it with `cargo run --example remote`.

use axum::{Json, Router, routing::post};
use http::response::Parts;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;
use tower_clients::{Error, JsonRpc, Remote, rpc::RpcError};

/// Why the chat refused a call, by its own code.
#[derive(Debug)]
struct ChatError(String);

impl fmt::Display for ChatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the chat refused the call")
    }
}

impl std::error::Error for ChatError {}

fn check(_: &Parts, body: Value) -> Result<Value, ChatError> {
    match body["error"].as_str() {
        Some(code) => Err(ChatError(code.to_owned())),
        None => Ok(body),
    }
}

#[derive(Debug, Deserialize)]
struct Posted {
    channel: String,
    length: usize,
}

fn chat() -> Router {
    let post_message = async |Json(body): Json<Value>| {
        Json(match body["text"].as_str() {
            Some(text) => json!({"channel": body["channel"], "length": text.len()}),
            None => json!({"error": "no_text"}),
        })
    };
    Router::new().route("/api/post", post(post_message))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let chat = Remote::with_service("http://in.process/api", chat())?
        .defaults(json!({"channel": "general"}))
        .check(check);
    let posted: Posted = chat.call("post", &json!({"text": "hello"})).json().await?;
    println!("{} bytes in {}", posted.length, posted.channel);
    assert_eq!((posted.length, &*posted.channel), (5, "general"));
    let error = chat.call("post", &()).await.expect_err("there is no text");
    let code = error.find_source::<ChatError>().map(|error| &*error.0);
    println!("{error}: {code:?}");
    assert_eq!(code, Some("no_text"));

    let rpc = JsonRpc::with_service("http://in.process/rpc", testbed::router())?;
    let sum: i64 = rpc.call("sum", &(1, 2)).await?;
    println!("1 + 2 = {sum}");
    assert_eq!(sum, 3);

    let mut batch = rpc.batch();
    let difference = batch.call::<i64>("subtract", &json!({"minuend": 50, "subtrahend": 8}));
    let root = batch.call::<i64>("root", &[16]);
    let mut answers = batch.await?;
    let difference = answers.take(difference)?;
    println!("50 - 8 = {difference}");
    assert_eq!(difference, 42);
    let error = answers.take(root).expect_err("there is no such method");
    let refusal = error.find_source::<RpcError>().expect("the server says why");
    println!("{error}: {}", refusal.message());
    Ok(())
}
