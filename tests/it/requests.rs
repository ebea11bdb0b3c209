//! What a request builder puts on the wire.

use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tower_clients::{Body, Client, Content, Form, Json, JsonError, Resource};
use tower_clients_mock::{Mock, Reply};

fn api() -> Resource<axum::Router> {
    Resource::with_service("http://in.process", testbed::router()).unwrap()
}

fn client() -> Client<axum::Router> {
    api().into()
}

#[derive(Serialize)]
struct Search<'a> {
    q: &'a str,
    page: Option<u32>,
    tag: Vec<&'a str>,
}

#[tokio::test]
async fn query_takes_tuples_maps_and_structs() {
    let search = Search { q: "a b&c", page: None, tag: vec!["x", "é"] };
    for (query, args) in [
        (api().get("get").query(&[("a", 1), ("b", 2)]), json!({"a": "1", "b": "2"})),
        (api().get("get").query(&(("a", 1), ("b", "x"))), json!({"a": "1", "b": "x"})),
        (api().get("get").query(&BTreeMap::from([("a", vec![1, 2])])), json!({"a": ["1", "2"]})),
        (api().get("get?q=1").query(&search), json!({"q": ["1", "a b&c"], "tag": ["x", "é"]})),
        (api().get("get").query(&()), json!({})),
    ] {
        let echo: Value = query.json().await.unwrap();
        assert_eq!(echo["args"], args);
    }
}

#[tokio::test]
async fn form_takes_tuples_maps_and_structs() {
    let search = Search { q: "a b&c", page: Some(2), tag: vec!["x", "é"] };
    let echo: Value = api().post("post").form(&search).json().await.unwrap();
    assert_eq!(echo["form"], json!({"q": "a b&c", "page": "2", "tag": ["x", "é"]}));
    assert_eq!(echo["headers"]["Content-Type"], "application/x-www-form-urlencoded");
    let echo: Value = api().post("post").body(Form([("a", "1")])).json().await.unwrap();
    assert_eq!(echo["form"], json!({"a": "1"}));
    let response = client().post("post").form(&BTreeMap::from([("a", 1)])).await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn body_sets_a_content_type_unless_the_request_has_one() {
    let post = || api().post("post").header("content-type", "application/vnd.own+json");
    let echo: Value = post().body(tower_clients::Json([1])).json().await.unwrap();
    assert_eq!(echo["headers"]["Content-Type"], "application/vnd.own+json");
    let echo: Value = api().post("post").body("raw").json().await.unwrap();
    assert_eq!((&echo["data"], &echo["headers"]["Content-Type"]), (&json!("raw"), &Value::Null));
    let echo: Value = api().post("post").body(Body::empty()).json().await.unwrap();
    assert_eq!(echo["data"], "");
}

#[tokio::test]
async fn last_body_decides_about_the_content_type() {
    let mock = Mock::new().reply(Reply::status(200)).reply(Reply::status(200));
    let client = Client::with_service("http://mock", mock.clone()).unwrap();
    client.post("x").json(&1).form(&[("a", 1)]).await.unwrap();
    client.post("x").json(&1).body("plain").await.unwrap();
    let requests = mock.requests();
    assert_eq!(requests[0].headers()["content-type"], "application/x-www-form-urlencoded");
    assert!(requests[1].headers().is_empty());
}

#[tokio::test]
async fn resource_sends_first_and_receives_second() {
    let echo: Value = api().post("post").json(&[1]).json().await.unwrap();
    assert_eq!(echo["json"], json!([1]));
    assert!(matches!(api().put("put").json(&[1]).await.unwrap(), Content::Json(_)));
    assert!(matches!(api().patch("patch").await.unwrap(), Content::Json(_)));
    let echo = api().post("post").decode::<Json<Value>>().await.unwrap();
    assert_eq!(echo["data"], "");
}

#[tokio::test]
async fn decoded_value_can_keep_its_head() {
    let response = api().get("response-headers?etag=x").json::<Value>().with_head().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["etag"]),
        (200, &"x".parse().unwrap())
    );
    assert_eq!(response.body()["etag"], "x");
}

#[tokio::test]
async fn headers_replace_and_keep_all_values() {
    let headers = http::HeaderMap::from_iter([
        (http::HeaderName::from_static("x-a"), http::HeaderValue::from_static("2")),
        (http::HeaderName::from_static("x-a"), http::HeaderValue::from_static("3")),
    ]);
    let echo: Value = api().get("get").header("x-a", "1").headers(&headers).json().await.unwrap();
    assert_eq!(echo["headers"]["X-A"], "2,3");
}

#[tokio::test]
async fn authorization_of_one_request() {
    api().get("bearer").bearer_auth("t0ken").await.unwrap();
    api().get("basic-auth/user/pass").basic_auth("user", "pass").await.unwrap();
    assert_eq!(api().get("bearer").await.unwrap_err().status().unwrap(), 401);
}

#[tokio::test]
async fn every_verb_is_sent() {
    let api = api().at("anything");
    for (request, method) in [
        (api.get("").bytes(), "GET"),
        (api.options("").bytes(), "OPTIONS"),
        (api.post("").bytes(), "POST"),
        (api.put("").bytes(), "PUT"),
        (api.patch("").bytes(), "PATCH"),
        (api.delete("").bytes(), "DELETE"),
        (api.request("REPORT".parse().unwrap(), "").bytes(), "REPORT"),
    ] {
        let echo: Value = serde_json::from_slice(&request.await.unwrap()).unwrap();
        assert_eq!(echo["method"], method);
    }
    assert_eq!(api.head("").await.unwrap(), Content::Empty);
}

#[tokio::test]
async fn bad_input_is_the_error_of_the_await() {
    for request in [
        api().get("get").header("a b", "c"),
        api().get("get").header("a", "\n"),
        api().get("get").query(&"not pairs"),
        api().get("get").bearer_auth("a b").header("x", "y"),
        api().get("get").basic_auth("a:b", "c"),
    ] {
        let error = request.await.unwrap_err();
        assert!(error.is_request() && !error.may_have_been_sent(), "{error:#}");
        assert_eq!(error.url(), Some("http://in.process/get"));
    }
    let error = api().get("//evil/x").await.unwrap_err();
    assert_eq!(error.to_string(), "GET http://in.process/: the URL cannot be used");
}

#[tokio::test]
async fn resource_gives_what_is_asked_for() {
    assert!(api().get("encoding/utf8").text().await.unwrap().contains('∀'));
    assert_eq!(api().get("bytes/5").bytes().await.unwrap().len(), 5);
    let response = api().get("response-headers?x-a=1").response().await.unwrap();
    assert_eq!(response.headers()["x-a"], "1");
    assert_eq!(api().get("status/404").response().await.unwrap_err().status().unwrap(), 404);
    assert_eq!(api().get("status/204").json::<Option<Value>>().await.unwrap(), None);
    let error = api().get("get").json::<Vec<u8>>().await.unwrap_err();
    assert_eq!(error.find_source::<JsonError>().unwrap().path(), ".");
}

#[tokio::test]
async fn problem_details_come_with_the_error() {
    let error = api().get("problem/409").await.unwrap_err();
    let problem = error.failure().unwrap().problem().unwrap();
    assert_eq!(problem.status(), error.status());
    assert!(problem.title().is_some());
}

#[tokio::test]
async fn body_over_the_limit_of_the_request_is_refused() {
    assert!(api().get("bytes/100").limit(100).bytes().await.is_ok());
    assert!(api().get("bytes/101").limit(100).bytes().await.unwrap_err().is_body());
    assert!(api().get("stream-bytes/101").limit(100).bytes().await.unwrap_err().is_body());
}
