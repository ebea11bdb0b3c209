//! JSON-RPC: what is sent, and which answers are taken.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use testbed::Testbed;
use tower_clients::{
    Body, Error, JsonError, JsonRpc, SharedService,
    rpc::{ProtocolError, RpcError},
};
use tower_clients_mock::{Mock, Reply};

fn rpc(mock: &Mock) -> JsonRpc<Mock> {
    JsonRpc::with_service("http://h/rpc", mock.clone()).unwrap()
}

fn answering(status: u16, body: impl Into<String>) -> JsonRpc<Mock> {
    let reply = Reply::status(status).header("content-type", "application/json");
    rpc(&Mock::new().reply(reply.body(body.into())))
}

fn breach(error: &Error) -> Option<ProtocolError> {
    assert!(error.is_decode(), "{error:?}");
    error.find_source().copied()
}

#[tokio::test]
async fn parameters_go_by_position_by_name_or_not_at_all() {
    let mock = (1..=4)
        .fold(Mock::new(), |mock, id| mock.reply(Reply::json(&json!({"id": id, "result": null}))));
    let rpc = rpc(&mock);
    rpc.call::<()>("a", &(1, "x")).await.unwrap();
    rpc.clone().call::<()>("b", &json!({"k": null})).await.unwrap();
    rpc.call::<()>("c", &()).await.unwrap();
    rpc.notify("d", &[1]).await.unwrap();
    let sent: Vec<_> = mock.requests().iter().map(|request| request.body().clone()).collect();
    assert_eq!(
        sent,
        [
            r#"{"id":1,"jsonrpc":"2.0","method":"a","params":[1,"x"]}"#,
            r#"{"id":2,"jsonrpc":"2.0","method":"b","params":{"k":null}}"#,
            r#"{"id":3,"jsonrpc":"2.0","method":"c"}"#,
            r#"{"jsonrpc":"2.0","method":"d","params":[1]}"#,
        ]
    );
    let head = &mock.requests()[0];
    assert_eq!(
        (head.uri().path(), &head.headers()["accept"]),
        ("/rpc", &"application/json".parse().unwrap())
    );
}

#[tokio::test]
async fn scalar_parameters_and_an_empty_batch_are_not_sent() {
    let mock = Mock::new();
    let rpc = rpc(&mock);
    let mut batch = rpc.batch();
    let _ = batch.call::<u8>("a", &7);
    batch.notify("b", &());
    for error in [
        rpc.call::<u8>("a", &7).await.unwrap_err(),
        rpc.notify("a", "x").await.unwrap_err(),
        rpc.batch().await.unwrap_err(),
        batch.await.unwrap_err(),
    ] {
        assert!(error.is_request() && !error.may_have_been_sent());
    }
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn g3_result_is_taken_whatever_else_the_answer_has() {
    for (status, body) in [
        (200, r#"{"jsonrpc":"2.0","id":1,"result":7}"#),
        (200, r#"{"result":7,"error":null,"id":1}"#),
        (200, r#"{"result":7,"id":"1"}"#),
        (500, r#"{"result":7,"id":1}"#),
    ] {
        assert_eq!(answering(status, body).call::<u8>("a", &()).await.unwrap(), 7, "{body}");
    }
    let null = answering(200, r#"{"result":null,"error":null,"id":1}"#);
    assert_eq!(null.call::<Option<u8>>("a", &()).await.unwrap(), None);
    let error =
        answering(200, r#"{"result":["x"],"id":1}"#).call::<Vec<u8>>("a", &()).await.unwrap_err();
    assert_eq!(error.find_source::<JsonError>().unwrap().path(), "[0]");
}

#[tokio::test]
async fn error_object_is_kept_at_any_status() {
    for (status, id) in [(200, "1"), (200, "null"), (500, "1"), (404, "\"1\""), (400, "null")] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32601,"message":"no a","data":[1]}}}}"#
        );
        let error = answering(status, &body).call::<u8>("a", &()).await.unwrap_err();
        assert!(error.is_check(), "{body}");
        let rpc: &RpcError = error.find_source().unwrap();
        assert_eq!((rpc.code(), rpc.message(), rpc.data()), (-32601, "no a", Some(&json!([1]))));
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(error.failure().unwrap().text(), body);
        assert_eq!(
            format!("{error:#}"),
            "POST http://h/rpc: the answer says that the call failed: the procedure failed with code -32601 (method not found)"
        );
    }
}

#[tokio::test]
async fn g3_wrong_id_is_a_typed_error() {
    for body in [
        r#"{"id":2,"result":7}"#,
        r#"{"id":"x","result":7}"#,
        r#"{"id":1.5,"result":7}"#,
        r#"{"id":null,"result":7}"#,
        r#"{"result":7}"#,
        r#"{"id":2,"error":{"code":1,"message":""}}"#,
    ] {
        let error = answering(200, body).call::<u8>("a", &()).await.unwrap_err();
        assert_eq!(breach(&error), Some(ProtocolError::Foreign), "{body}");
    }
}

#[tokio::test]
async fn anything_else_is_no_answer() {
    for body in
        ["{}", "[]", "7", r#"{"id":1}"#, r#"{"id":1,"error":"x"}"#, r#"{"id":1,"error":null}"#]
    {
        let error = answering(200, body).call::<u8>("a", &()).await.unwrap_err();
        assert_eq!(breach(&error), Some(ProtocolError::NotAnAnswer), "{body}");
        assert_eq!(error.failure().unwrap().text(), body);
        let error = answering(503, body).call::<u8>("a", &()).await.unwrap_err();
        assert!(error.is_status(), "{body}");
    }
    for body in ["", "<p>", "{"] {
        assert!(answering(200, body).call::<u8>("a", &()).await.unwrap_err().is_decode());
        assert!(answering(502, body).call::<u8>("a", &()).await.unwrap_err().is_status());
    }
}

#[tokio::test]
async fn notification_takes_any_success() {
    for (status, body) in [(204, ""), (200, ""), (200, "null"), (202, "accepted"), (200, "[]")] {
        answering(status, body).notify("a", &()).await.unwrap();
        let rpc = answering(status, body);
        let mut batch = rpc.batch();
        batch.notify("a", &());
        assert!(batch.await.unwrap().is_empty());
    }
    assert!(answering(500, "").notify("a", &()).await.unwrap_err().is_status());
    let error = r#"{"id":null,"error":{"code":-32700,"message":"x"}}"#;
    assert!(answering(200, error).notify("a", &()).await.unwrap_err().is_check());
}

/// Sends two calls and a notification, and takes both results.
async fn two(status: u16, body: &str) -> Result<[Result<u8, Error>; 2], Error> {
    let rpc = answering(status, body);
    let mut batch = rpc.batch();
    let (first, second) = (batch.call::<u8>("a", &()), batch.call::<u8>("b", &[1]));
    batch.notify("c", &());
    assert_eq!(batch.len(), 3);
    let mut answers = batch.await?;
    Ok([answers.take(first), answers.take(second)])
}

#[tokio::test]
async fn g3_batch_is_matched_by_id_in_any_order() {
    for (status, body) in [
        (200, r#"[{"id":1,"result":7},{"id":2,"result":8}]"#),
        (200, r#"[{"id":"2","result":8},{"id":1,"result":7,"error":null}]"#),
        (500, r#"[{"id":2,"result":8},{"id":1,"result":7}]"#),
    ] {
        assert_eq!(two(status, body).await.unwrap().map(Result::unwrap), [7, 8], "{body}");
    }
}

#[tokio::test]
async fn g3_batch_with_an_error_or_a_gap_keeps_the_rest() {
    let [first, second] =
        two(200, r#"[{"id":2,"error":{"code":3,"message":"m"}},{"id":1,"result":7}]"#)
            .await
            .unwrap();
    assert_eq!(first.unwrap(), 7);
    let error = second.unwrap_err();
    assert_eq!((error.is_check(), error.find_source::<RpcError>().unwrap().code()), (true, 3));
    let [first, second] = two(200, r#"[{"id":2,"result":8}]"#).await.unwrap();
    assert_eq!(breach(&first.unwrap_err()), Some(ProtocolError::Missing { id: 1 }));
    assert_eq!(second.unwrap(), 8);
}

#[tokio::test]
async fn g3_batch_with_a_wrong_id_is_refused() {
    for (body, breaks) in [
        (r#"[{"id":1,"result":7},{"id":1,"result":7}]"#, ProtocolError::Duplicate { id: 1 }),
        (r#"[{"id":1,"result":7},{"id":3,"result":7}]"#, ProtocolError::Foreign),
        (r#"[{"id":null,"result":7}]"#, ProtocolError::Foreign),
        (r#"[7]"#, ProtocolError::NotAnAnswer),
        (r#"{"id":1,"result":7}"#, ProtocolError::NotAnAnswer),
    ] {
        assert_eq!(breach(&two(200, body).await.unwrap_err()), Some(breaks), "{body}");
    }
}

#[tokio::test]
async fn single_error_object_is_that_of_the_whole_batch() {
    let single = r#"{"id":null,"error":{"code":-32600,"message":"too many"}}"#;
    for (status, body) in
        [(200, single.to_owned()), (413, single.to_owned()), (200, format!("[{single}]"))]
    {
        let error = two(status, &body).await.unwrap_err();
        assert_eq!(error.find_source::<RpcError>().unwrap().message(), "too many");
        assert_eq!(error.status().unwrap(), status);
    }
    assert!(two(413, "[]").await.unwrap_err().is_status());
    assert!(two(204, "").await.unwrap_err().is_decode());
}

#[tokio::test]
async fn ids_are_never_used_twice() {
    let mock = Mock::new();
    let rpc = rpc(&mock);
    let mut calls: Vec<_> = (0..8).map(|_| rpc.call::<Value>("a", &()).send()).collect();
    let mut batch = rpc.clone().batch();
    let _ = (batch.call::<u8>("a", &()), batch.call::<u8>("a", &()));
    let _ = batch.await;
    while let Some(call) = calls.pop() {
        let _ = call.await;
    }
    let mut seen = BTreeMap::<u64, u32>::new();
    for request in mock.requests() {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let messages = body.as_array().cloned().unwrap_or(vec![body]);
        for message in messages {
            *seen.entry(message["id"].as_u64().unwrap()).or_default() += 1;
        }
    }
    assert_eq!(seen, (1..=10).map(|id| (id, 1)).collect());
}

/// What the testbed makes of calls, notifications and batches.
async fn converses<S: SharedService<Body>>(rpc: JsonRpc<S>) {
    assert_eq!(rpc.call::<i64>("subtract", &(42, 23)).await.unwrap(), 19);
    let named = json!({"subtrahend": 23, "minuend": 42});
    assert_eq!(rpc.call::<i64>("subtract", &named).await.unwrap(), 19);
    assert_eq!(rpc.call::<Value>("echo", &()).await.unwrap(), Value::Null);
    rpc.notify("fail", &()).await.unwrap();

    let error = rpc.call::<Value>("fail", &["why"]).await.unwrap_err();
    let failed: &RpcError = error.find_source().unwrap();
    assert_eq!((failed.code(), failed.data()), (1, Some(&json!(["why"]))));
    for (method, code) in [("nothing", -32601), ("sum", -32602)] {
        let error = rpc.call::<Value>(method, &json!({})).await.unwrap_err();
        assert_eq!(error.find_source::<RpcError>().unwrap().code(), code, "{method}");
    }

    let mut batch = rpc.batch();
    batch.notify("sum", &[1]);
    assert!(batch.await.unwrap().is_empty());
    let mut batch = rpc.batch();
    let sum = batch.call::<i64>("sum", &[1, 2, 4]);
    batch.notify("sum", &[1]);
    let failed = batch.call::<Value>("fail", &());
    let data = batch.call::<(String, u8)>("get_data", &());
    let mut answers = batch.await.unwrap();
    assert_eq!(answers.take(sum).unwrap(), 7);
    assert_eq!(answers.take(data).unwrap(), ("hello".into(), 5));
    assert!(answers.take(failed).unwrap_err().is_check() && answers.is_empty());
}

#[tokio::test]
async fn server_in_process_is_understood() {
    converses(JsonRpc::with_service("http://h/rpc", testbed::router()).unwrap()).await;
}

#[tokio::test]
async fn server_on_a_port_is_understood() {
    let server = Testbed::http().await.unwrap();
    converses(JsonRpc::new(format!("{}rpc", server.url())).unwrap()).await;
}
