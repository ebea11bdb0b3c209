//! What a remote sends, and what it makes of the answers.

use http::{StatusCode, response::Parts};
use serde_json::{Value, json};
use std::fmt;
use tower_clients::{Client, ContentError, JsonError, Remote};
use tower_clients_mock::{Mock, Reply};

#[derive(Debug, PartialEq)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

fn chat(_: &Parts, mut body: Value) -> Result<Value, Refused> {
    match body["error"].as_str() {
        Some(error) => Err(Refused(error.to_owned())),
        None => Ok(body["result"].take()),
    }
}

fn remote(mock: &Mock) -> Remote<Mock> {
    Remote::with_service("http://h/api", mock.clone()).unwrap()
}

fn answering(status: u16, body: &Value) -> Mock {
    let reply = Reply::status(status).header("content-type", "application/json");
    Mock::new().reply(reply.header("x-id", "7").body(body.to_string()))
}

#[tokio::test]
async fn g3_call_is_merged_over_the_defaults_and_wins() {
    let mock = Mock::new().reply(Reply::json(&1)).reply(Reply::json(&2));
    let remote = remote(&mock).defaults(json!({"a": {"x": 1}, "b": 2, "c": null}));
    let call = remote.call("greet", &json!({"a": {"y": 3}, "d": null}));
    let answer = call.header("x-a", "1").query(&[("q", 1)]).await.unwrap();
    assert_eq!(answer, 1);
    (&remote / "deep").call("er", &()).await.unwrap();
    let sent = mock.requests();
    assert_eq!(
        (sent[0].method().as_str(), sent[0].uri().to_string().as_str()),
        ("POST", "http://h/api/greet?q=1")
    );
    assert_eq!(sent[0].headers()["content-type"], "application/json");
    assert_eq!(sent[0].headers()["x-a"], "1");
    assert_eq!(sent[0].body(), r#"{"a":{"y":3},"b":2,"c":null,"d":null}"#);
    assert_eq!(
        (sent[1].uri().path(), sent[1].body().as_ref()),
        ("/api/deep/er", br#"{"a":{"x":1},"b":2,"c":null}"#.as_slice())
    );
}

#[tokio::test]
async fn form_leaves_out_nulls_and_repeats_arrays() {
    let mock = Mock::new().reply(Reply::json(&1));
    let remote = remote(&mock).defaults(json!({"a": "x y", "n": null})).form();
    remote.call("greet", &json!({"b": [1, 2], "c": true, "d": "é&"})).await.unwrap();
    let sent = &mock.requests()[0];
    assert_eq!(sent.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(sent.body(), "a=x+y&b=1&b=2&c=true&d=%C3%A9%26");
    let error = remote.call("greet", &json!({"a": {"b": 1}})).await.unwrap_err();
    assert!(error.is_request() && !error.may_have_been_sent());
}

#[tokio::test]
async fn what_is_no_object_is_not_sent() {
    let mock = Mock::new();
    for (remote, parameters) in [
        (remote(&mock), json!([1])),
        (remote(&mock), json!("x")),
        (remote(&mock).defaults([1]), json!({})),
    ] {
        let error = remote.call("greet", &parameters).await.unwrap_err();
        assert!(error.is_request() && !error.may_have_been_sent());
        assert_eq!(error.url(), Some("http://h/api/greet"));
    }
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn g3_error_in_a_200_is_the_typed_error_with_the_response() {
    let mock = answering(200, &json!({"error": "no_auth", "result": 1}));
    let error = remote(&mock).check(chat).call("x", &()).await.unwrap_err();
    assert!(error.is_check());
    assert_eq!(error.find_source(), Some(&Refused("no_auth".into())));
    let failure = error.failure().unwrap();
    assert_eq!(
        (failure.status(), &failure.headers()["x-id"]),
        (StatusCode::OK, &"7".parse().unwrap())
    );
    assert_eq!(failure.json::<Value>().unwrap()["error"], "no_auth");
}

#[tokio::test]
async fn check_sees_every_status_and_the_status_rule_follows() {
    let check = async |status, body: Value| {
        remote(&answering(status, &body)).check(chat).call("x", &()).await
    };
    let error = check(429, json!({"error": "slower"})).await.unwrap_err();
    assert_eq!((error.is_check(), error.status().unwrap().as_u16()), (true, 429));
    let error = check(500, json!({"result": 1})).await.unwrap_err();
    assert_eq!((error.is_status(), error.status().unwrap().as_u16()), (true, 500));
    assert_eq!(error.failure().unwrap().json::<Value>().unwrap(), json!({"result": 1}));
    assert_eq!(check(201, json!({"result": 1})).await.unwrap(), 1);
}

#[tokio::test]
async fn page_of_a_proxy_is_a_status_error_and_not_a_decode_error() {
    let page = |status| {
        Mock::new().reply(Reply::status(status).header("content-type", "text/html").body("<p>"))
    };
    let error = remote(&page(502)).check(chat).call("x", &()).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 502);
    assert_eq!(error.failure().unwrap().text(), "<p>");
    let error = remote(&page(200)).call("x", &()).await.unwrap_err();
    assert!(error.is_decode() && error.find_source::<ContentError>().is_some());
}

#[tokio::test]
async fn output_of_the_check_is_decoded() {
    let body = json!({"result": [1, 2]});
    let numbers: Vec<u8> =
        remote(&answering(200, &body)).check(chat).call("x", &()).json().await.unwrap();
    assert_eq!(numbers, [1, 2]);
    let call = remote(&answering(200, &body)).check(chat).call("x", &());
    let error = call.json::<Vec<String>>().await.unwrap_err();
    assert!(error.is_decode());
    assert_eq!(error.find_source::<JsonError>().unwrap().path(), "[0]");
    let error = remote(&answering(500, &body)).call("x", &()).json::<String>().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 500);
}

#[tokio::test]
async fn check_may_change_the_type() {
    let length = |_: &Parts, body: Value| Ok::<_, Refused>(body.to_string().len());
    let remote = remote(&answering(200, &json!([1, 2]))).check(length);
    assert_eq!(remote.call("x", &()).await.unwrap(), 5);
}

#[tokio::test]
async fn limit_and_credentials_are_those_of_the_client() {
    let client = Client::with_service("http://h", answering(200, &json!("long"))).unwrap();
    let error = Remote::from(client.clone()).call("x", &()).limit(3).await.unwrap_err();
    assert!(error.is_body());
    let error = Remote::from(client).call("//evil/x", &()).await.unwrap_err();
    assert!(error.is_url() && !error.may_have_been_sent());
}

#[tokio::test]
async fn call_can_be_spawned() {
    let remote = remote(&answering(200, &json!(1)));
    let answer = tokio::spawn(remote.call("x", &json!({})).send()).await.unwrap();
    assert_eq!(answer.unwrap(), 1);
}
