//! One behaviour over every kind of service below a client.

use axum::Router;
use http::{Request, Response};
use serde_json::{Value, json};
use std::time::Duration;
use testbed::Testbed;
use tower::{Layer, ServiceExt, limit::ConcurrencyLimitLayer, timeout::TimeoutLayer};
use tower_clients::{Body, Client, Content, Json, Resource, Session, SharedService};
use tower_test::mock;

/// What every client does, whatever is below it. It is spawned to prove that its futures are
/// `Send`.
async fn behaves<S: SharedService<Body>>(client: Client<S>) {
    tokio::spawn(async move {
        let response = client.get("get").query(&[("a", 1)]).header("x-own", "yes").await.unwrap();
        assert_eq!(response.status(), 200);

        let api = Resource::from(client.clone());
        let echo: Value = api.get("get?b=2").query(&[("a", 1)]).header("x-own", "yes").json().await.unwrap();
        assert_eq!((&echo["args"], &echo["headers"]["X-Own"]), (&json!({"a": "1", "b": "2"}), &json!("yes")));

        let echo: Value = api.post("post").body(Json(&json!({"n": [1, 2]}))).json().await.unwrap();
        assert_eq!(echo["json"], json!({"n": [1, 2]}));

        let child = &api / "anything" / "a b";
        let echo: Value = child.put(("c/d",)).body("text").json().await.unwrap();
        assert!(echo["url"].as_str().unwrap().ends_with("/anything/a%20b/c%2Fd"), "{echo}");
        assert_eq!((&echo["method"], &echo["data"]), (&json!("PUT"), &json!("text")));

        assert!(matches!(api.get("html").await.unwrap(), Content::Text(text) if text.contains("<h1>")));
        assert!(matches!(api.get("image/png").await.unwrap(), Content::Bytes(png) if png.starts_with(b"\x89PNG")));
        assert_eq!(api.head("get").await.unwrap(), Content::Empty);
        assert_eq!(api.delete("status/204").await.unwrap(), Content::Empty);

        let error = api.get("status/418").await.unwrap_err();
        assert_eq!(error.status().unwrap(), 418);
        assert_eq!(client.get("status/418").await.unwrap().status(), 418);

        let error = api.get("//evil.example/").await.unwrap_err();
        assert!(error.is_url() && !error.may_have_been_sent());
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn over_a_router() {
    behaves(Client::<Router>::with_service("http://in.process", testbed::router()).unwrap()).await;
}

#[tokio::test]
async fn over_a_session_on_a_router() {
    let client: Client<Session<Router>> =
        Client::builder("http://in.process").build_over(testbed::router()).unwrap();
    behaves(client).await;
}

#[tokio::test]
async fn over_a_mock() {
    let (service, mut handle) = mock::pair::<Request<Body>, Response<Body>>();
    tokio::spawn(async move {
        while let Some((request, answer)) = handle.next_request().await {
            let response = testbed::router().oneshot(request).await.unwrap();
            answer.send_response(response.map(Body::new));
        }
    });
    behaves(Client::with_service("http://mock", service).unwrap()).await;
}

#[tokio::test]
async fn over_tcp() {
    let server = Testbed::http().await.unwrap();
    behaves(Client::new(server.url()).unwrap()).await;
}

#[tokio::test]
async fn boxed() {
    let server = Testbed::http().await.unwrap();
    behaves(Client::new(server.url()).unwrap().boxed()).await;
    behaves(Client::with_service("http://in.process", testbed::router()).unwrap().boxed()).await;
}

#[tokio::test]
async fn under_layers_of_others() {
    let client = Client::with_service("http://in.process", testbed::router()).unwrap();
    let client = client
        .layer(ConcurrencyLimitLayer::new(1))
        .layer(TimeoutLayer::new(Duration::from_secs(60)));
    behaves(client).await;
}

#[tokio::test]
async fn over_another_client() {
    let inner = Client::with_service("http://in.process", testbed::router()).unwrap();
    behaves(Client::with_service("http://in.process", inner).unwrap()).await;
}

#[tokio::test]
async fn error_keeps_its_kind_through_a_foreign_layer() {
    let client = Client::with_service("http://in.process", testbed::router()).unwrap();
    let stack =
        (TimeoutLayer::new(Duration::from_secs(60)), tower_clients::CheckStatusLayer::new());
    let client = Client::with_service("http://in.process", stack.layer(client)).unwrap();
    let error = client.get("status/404").await.unwrap_err();
    assert_eq!(error.status().unwrap(), 404);
    assert_eq!(
        error.to_string(),
        "GET http://in.process/status/404: the server answered 404 Not Found"
    );
}
