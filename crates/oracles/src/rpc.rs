//! A result of JSON-RPC is that of its call, and an error object is an error.
//!
//! Input: status and content type, then the body; see `answer.rs`.

use crate::{answer::Answer, paused};
use serde_json::{Value, json};
use tower_clients::{
    Error, JsonRpc,
    rpc::{ProtocolError, RpcError},
};

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let Some(answer) = Answer::read(input) else { return };
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let rpc = || JsonRpc::with_service("http://h/rpc", answer.service()).unwrap();
    one(&answer, &value, paused::run(async { rpc().call("m", &()).await }));

    match paused::run(async { rpc().notify("m", &()).await }) {
        Ok(()) => assert!(answer.status.is_success() && value["error"]["code"].as_i64().is_none()
            || value["error"]["message"].is_number() || !value["error"]["message"].is_string()),
        Err(error) => is_explained(&answer, &error),
    }

    let mut batch = rpc().batch();
    let handles = [batch.call::<Value>("a", &()), batch.call::<Value>("b", &())];
    match paused::run(async { batch.await }) {
        Err(error) => is_explained(&answer, &error),
        Ok(mut answers) => {
            let items = value.as_array().unwrap();
            for (id, handle) in (1..).zip(handles) {
                match answers.take(handle) {
                    Ok(result) => assert!(items.iter().any(|item| {
                        is_of(&item["id"], id) && item["error"].is_null() && item["result"] == result
                    })),
                    Err(error) => is_typed(&error),
                }
            }
        }
    }
}

fn one(answer: &Answer, value: &Value, outcome: Result<Value, Error>) {
    match outcome {
        Ok(result) => {
            assert!(is_of(&value["id"], 1) && value["error"].is_null());
            assert_eq!(value.get("result"), Some(&result));
        }
        Err(error) => {
            if let Some(found) = error.find_source::<RpcError>() {
                assert_eq!(value["error"]["code"], json!(found.code()));
                assert_eq!(value["error"]["message"].as_str().unwrap_or(""), found.message());
                assert_eq!(value["error"].get("data"), found.data());
                assert!(value["id"].is_null() || is_of(&value["id"], 1));
            }
            is_explained(answer, &error);
        }
    }
}

fn is_of(id: &Value, number: u64) -> bool {
    id.as_u64() == Some(number)
        || id.as_str().and_then(|text| text.parse().ok()) == Some(number)
}

fn is_explained(answer: &Answer, error: &Error) {
    is_typed(error);
    let failure = error.failure().unwrap();
    assert_eq!(failure.status(), answer.status);
    assert!(answer.body.starts_with(failure.bytes()));
}

fn is_typed(error: &Error) {
    let has_source = error.is_check() && error.find_source::<RpcError>().is_some()
        || error.is_decode()
        || error.is_status();
    assert!(has_source, "{error:?}");
    assert!(error.find_source::<ProtocolError>().is_none() || error.is_decode());
}
