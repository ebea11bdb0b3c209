//! `/rpc`: JSON-RPC 2.0.

use axum::{
    Json, Router,
    body::Bytes,
    response::{IntoResponse, Response},
    routing::post,
};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) fn routes() -> Router {
    Router::new().route("/rpc", post(rpc))
}

async fn rpc(body: Bytes) -> Response {
    let answer = match serde_json::from_slice(&body) {
        Err(_) => Some(answer(&Value::Null, Err(error(-32700, "Parse error")))),
        // Nobody may rely on their order (section 6).
        Ok(Value::Array(batch)) if !batch.is_empty() => {
            let answers: Vec<_> = batch.iter().rev().filter_map(reply).collect();
            (!answers.is_empty()).then(|| answers.into())
        }
        Ok(message) => reply(&message),
    };
    match answer {
        Some(answer) => Json(answer).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// The answer to a message. There is none to a notification, whatever becomes of it.
fn reply(message: &Value) -> Option<Value> {
    let (id, parameters) = (message.get("id"), message.get("params"));
    let is_id = matches!(id, None | Some(Value::String(_) | Value::Number(_) | Value::Null));
    let is_valid = is_id
        && matches!(parameters, None | Some(Value::Array(_) | Value::Object(_)))
        && message["jsonrpc"] == "2.0";
    let Some(method) = message["method"].as_str().filter(|_| is_valid) else {
        let id = id.filter(|_| is_id).unwrap_or(&Value::Null);
        return Some(answer(id, Err(error(-32600, "Invalid Request"))));
    };
    let outcome = call(method, parameters.unwrap_or(&Value::Null));
    id.map(|id| answer(id, outcome))
}

fn answer(id: &Value, outcome: Result<Value, Value>) -> Value {
    match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
    }
}

fn error(code: i64, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

fn call(method: &str, parameters: &Value) -> Result<Value, Value> {
    let result = match method {
        "echo" => Some(parameters.clone()),
        "sum" => sum(parameters).map(Value::from),
        "subtract" => subtract(parameters).map(Value::from),
        "get_data" => Some(json!(["hello", 5])),
        "fail" => {
            let mut error = error(1, "it failed, as you asked");
            error["data"] = parameters.clone();
            return Err(error);
        }
        _ => return Err(error(-32601, "Method not found")),
    };
    result.ok_or_else(|| error(-32602, "Invalid params"))
}

fn sum(parameters: &Value) -> Option<i64> {
    let mut terms = parameters.as_array()?.iter();
    terms.try_fold(0_i64, |sum, term| sum.checked_add(term.as_i64()?))
}

/// By position, or by the names `minuend` and `subtrahend`.
fn subtract(parameters: &Value) -> Option<i64> {
    let (minuend, subtrahend) = match parameters.as_array().map(Vec::as_slice) {
        Some([minuend, subtrahend]) => (minuend, subtrahend),
        Some(_) => return None,
        None => (&parameters["minuend"], &parameters["subtrahend"]),
    };
    minuend.as_i64()?.checked_sub(subtrahend.as_i64()?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{json, send, text};
    use http::{Request, StatusCode};
    use serde_json::{Value, json};

    async fn answer(body: &str) -> Value {
        let response = send(Request::post("/rpc"), body.to_owned()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        json(response).await
    }

    async fn call(method: &str, parameters: Value) -> Value {
        let call = json!({"jsonrpc": "2.0", "id": "a", "method": method, "params": parameters});
        answer(&call.to_string()).await
    }

    fn error(id: &Value, code: i64, message: &str) -> Value {
        json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
    }

    #[tokio::test]
    async fn methods_take_parameters_by_position_or_by_name() {
        for (method, parameters, value) in [
            ("sum", json!([1, 2, -4]), json!(-1)),
            ("subtract", json!([42, 23]), json!(19)),
            ("subtract", json!({"subtrahend": 23, "minuend": 42}), json!(19)),
            ("echo", json!({"a": [null]}), json!({"a": [null]})),
            ("get_data", json!([]), json!(["hello", 5])),
        ] {
            let expected = json!({"jsonrpc": "2.0", "id": "a", "result": value});
            assert_eq!(call(method, parameters).await, expected);
        }
        let without = answer(r#"{"jsonrpc":"2.0","id":7,"method":"echo"}"#).await;
        assert_eq!(without, json!({"jsonrpc": "2.0", "id": 7, "result": null}));
    }

    #[tokio::test]
    async fn failure_has_the_parameters_as_its_data() {
        let error = json!({"code": 1, "message": "it failed, as you asked", "data": ["why"]});
        let expected = json!({"jsonrpc": "2.0", "id": "a", "error": error});
        assert_eq!(call("fail", json!(["why"])).await, expected);
    }

    #[tokio::test]
    async fn mistakes_have_the_codes_of_the_specification() {
        let parse_error = error(&Value::Null, -32700, "Parse error");
        assert_eq!(answer(r#"{"jsonrpc": "2.0", "method""#).await, parse_error);
        assert_eq!(answer("").await, parse_error);
        for (message, id) in [
            (json!({"jsonrpc": "2.0", "method": 1, "params": "bar"}), json!(null)),
            (json!({"jsonrpc": "2.0", "id": 7, "method": "echo", "params": "bar"}), json!(7)),
            (json!({"jsonrpc": "2.0", "id": 7, "method": "echo", "params": null}), json!(7)),
            (json!({"jsonrpc": "2.0", "id": [7], "method": "echo"}), json!(null)),
            (json!({"id": 7, "method": "echo"}), json!(7)),
            (json!([]), json!(null)),
            (json!(1), json!(null)),
        ] {
            let expected = error(&id, -32600, "Invalid Request");
            assert_eq!(answer(&message.to_string()).await, expected, "{message}");
        }
        let unknown = answer(r#"{"jsonrpc":"2.0","id":null,"method":"foobar"}"#).await;
        assert_eq!(unknown, error(&Value::Null, -32601, "Method not found"));
        for (method, parameters) in [
            ("sum", json!({"a": 1})),
            ("sum", json!([1, "2"])),
            ("sum", json!([i64::MAX, 1])),
            ("subtract", json!([1])),
            ("subtract", json!({"minuend": 1})),
            ("subtract", json!([i64::MIN, 1])),
        ] {
            let expected = error(&json!("a"), -32602, "Invalid params");
            assert_eq!(call(method, parameters).await, expected, "{method}");
        }
    }

    #[tokio::test]
    async fn notifications_have_no_answer() {
        let notification = json!({"jsonrpc": "2.0", "method": "sum", "params": [1]});
        let unknown = json!({"jsonrpc": "2.0", "method": "foobar"});
        for body in [&notification, &unknown, &json!([notification, unknown])] {
            let response = send(Request::post("/rpc"), body.to_string()).await;
            assert_eq!(response.status(), StatusCode::NO_CONTENT, "{body}");
            assert!(!response.headers().contains_key("content-type"));
            assert_eq!(text(response).await, "");
        }
    }

    #[tokio::test]
    async fn batch_is_answered_backwards() {
        let batch = json!([
            {"jsonrpc": "2.0", "id": 1, "method": "sum", "params": [1, 2]},
            {"jsonrpc": "2.0", "method": "sum", "params": [7]},
            1,
            {"jsonrpc": "2.0", "id": 2, "method": "foobar"},
        ]);
        assert_eq!(
            answer(&batch.to_string()).await,
            json!([
                error(&json!(2), -32601, "Method not found"),
                error(&Value::Null, -32600, "Invalid Request"),
                {"jsonrpc": "2.0", "id": 1, "result": 3},
            ])
        );
    }
}
