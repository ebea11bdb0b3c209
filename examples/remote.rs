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

fn calculator() -> Router {
    fn answer(call: &Value) -> Value {
        let terms = call["params"].as_array().map(Vec::as_slice).unwrap_or_default();
        let terms = terms.iter().filter_map(Value::as_i64);
        let result: i64 = match call["method"].as_str() {
            Some("add") => terms.sum(),
            Some("multiply") => terms.product(),
            _ => {
                let error = json!({"code": -32601, "message": "no such method"});
                return json!({"jsonrpc": "2.0", "id": call["id"], "error": error});
            }
        };
        json!({"jsonrpc": "2.0", "id": call["id"], "result": result})
    }
    let rpc = async |Json(body): Json<Value>| {
        Json(match &body {
            Value::Array(calls) => calls.iter().rev().map(answer).collect(),
            call => answer(call),
        })
    };
    Router::new().route("/rpc", post(rpc))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let chat = Remote::with_service("http://in.process/api", chat())?
        .defaults(json!({"channel": "general"}))
        .check(check);
    let posted: Posted = chat.call("post", &json!({"text": "hello"})).json().await?;
    println!("{} bytes in {}", posted.length, posted.channel);
    if let Err(error) = chat.call("post", &()).await {
        println!("{error}: {:?}", error.find_source::<ChatError>().map(|error| &error.0));
    }

    let rpc = JsonRpc::with_service("http://in.process/rpc", calculator())?;
    let sum: i64 = rpc.call("add", &(1, 2)).await?;
    println!("1 + 2 = {sum}");

    let mut batch = rpc.batch();
    let product = batch.call::<i64>("multiply", &(6, 7));
    let root = batch.call::<i64>("root", &[16]);
    let mut answers = batch.await?;
    println!("6 * 7 = {}", answers.take(product)?);
    if let Err(error) = answers.take(root) {
        println!("{error}: {:?}", error.find_source::<RpcError>().map(RpcError::message));
    }
    Ok(())
}
