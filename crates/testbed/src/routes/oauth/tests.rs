//! The grants, the errors, and the life of a token.

use super::super::testing;
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

struct Server(axum::Router);

impl Server {
    fn new() -> Self {
        Self(super::routes())
    }

    async fn post(&self, path: &str, form: &str) -> Response<Body> {
        self.post_as("Basic ZGVtbzpzM2NyZXQ=", path, form).await
    }

    async fn post_as(&self, authorization: &str, path: &str, form: &str) -> Response<Body> {
        let mut request = Request::post(format!("/oauth/{path}"))
            .header("content-type", "application/x-www-form-urlencoded");
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        let request = request.body(Body::from(form.to_owned())).unwrap();
        self.0.clone().oneshot(request).await.unwrap()
    }

    async fn token(&self, form: &str) -> Value {
        let response = self.post("token", form).await;
        assert_eq!(response.status(), StatusCode::OK, "{form}");
        testing::json(response).await
    }

    /// Status, challenge and body of the user's data.
    async fn userinfo(&self, authorization: &str) -> (u16, String, String) {
        let request = Request::get("/oauth/userinfo").header("authorization", authorization);
        let request = request.body(Body::empty()).unwrap();
        let response = self.0.clone().oneshot(request).await.unwrap();
        let challenge = response.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        (status, challenge.unwrap_or_default(), testing::text(response).await)
    }

    async fn is_live(&self, token: &Value) -> bool {
        let token = token["access_token"].as_str().unwrap();
        self.userinfo(&format!("Bearer {token}")).await.0 == 200
    }
}

async fn error(response: Response<Body>) -> (u16, String) {
    assert_eq!(response.headers()["cache-control"], "no-store");
    let status = response.status().as_u16();
    (status, testing::json(response).await["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn client_gets_a_token_without_a_refresh_token() {
    let server = Server::new();
    let form = "grant_type=client_credentials&scope=read+write";
    let response = server.post("token?expires_in=60&token_type=bearer", form).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(
        testing::json(response).await,
        json!({
            "access_token": "access-1",
            "token_type": "bearer",
            "expires_in": 60,
            "scope": "read write",
        })
    );
    assert_eq!(
        server.userinfo("bearer access-1").await,
        (200, String::new(), r#"{"scope":"read write","sub":"demo"}"#.into())
    );
}

#[tokio::test]
async fn credentials_may_be_in_a_form_or_in_json() {
    let form = "grant_type=client_credentials&client_id=demo&client_secret=s3cret";
    let response = Server::new().post_as("", "token", form).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body = json!({
        "grant_type": "client_credentials",
        "client_id": "demo",
        "client_secret": "s3cret",
    });
    let request = Request::post("/oauth/token").header("content-type", "application/json");
    let response = testing::send(request, body.to_string()).await;
    assert_eq!(
        testing::json(response).await,
        json!({"access_token": "access-1", "token_type": "Bearer", "expires_in": 3600})
    );
}

#[tokio::test]
async fn refresh_token_can_be_used_once() {
    let server = Server::new();
    let password = "grant_type=password&username=ada&password=opensesame&scope=a+b";
    assert_eq!(server.token(password).await["refresh_token"], "refresh-1");
    let wider = "grant_type=refresh_token&refresh_token=refresh-1&scope=a+c";
    let refused = server.post("token", wider).await;
    assert_eq!(error(refused).await, (400, "invalid_scope".into()));
    let narrower = "grant_type=refresh_token&refresh_token=refresh-1&scope=b";
    let token = server.token(narrower).await;
    assert_eq!(
        token,
        json!({
            "access_token": "access-2",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "b",
            "refresh_token": "refresh-2",
        })
    );
    let used = server.post("token", narrower).await;
    assert_eq!(error(used).await, (400, "invalid_grant".into()));
    let whole = server.token("grant_type=refresh_token&refresh_token=refresh-2").await;
    assert_eq!(whole["scope"], "a b");
}

#[tokio::test]
async fn unknown_clients_are_told_how_they_tried() {
    let server = Server::new();
    let grant = "grant_type=client_credentials";
    for wrong in [format!("Basic {}", STANDARD.encode("demo:x")), "Basic !".into(), "x".into()] {
        let response = server.post_as(&wrong, "token", grant).await;
        assert_eq!(response.headers()["www-authenticate"], "Basic realm=\"testbed\"");
        assert_eq!(error(response).await, (401, "invalid_client".into()), "{wrong}");
    }
    for wrong in ["", "&client_id=demo", "&client_id=demo&client_secret=x"] {
        let response = server.post_as("", "token", &format!("{grant}{wrong}")).await;
        assert!(!response.headers().contains_key("www-authenticate"));
        assert_eq!(error(response).await, (400, "invalid_client".into()), "{wrong}");
    }
}

#[tokio::test]
async fn each_mistake_has_its_code() {
    let server = Server::new();
    for (form, code) in [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password&username=ada", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=client_credentials&scope=a&scope=b", "invalid_request"),
        ("grant_type=client_credentials&client_secret=s3cret", "invalid_request"),
        ("grant_type=implicit", "unsupported_grant_type"),
        ("grant_type=password&username=ada&password=x", "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=access-1", "invalid_grant"),
        ("grant_type=client_credentials&scope=a++b", "invalid_scope"),
        ("grant_type=client_credentials&scope=%22", "invalid_scope"),
    ] {
        let response = server.post("token", form).await;
        assert_eq!(error(response).await, (400, code.into()), "{form}");
    }
    let late = server.post("token?expires_in=soon", "grant_type=client_credentials").await;
    assert_eq!(error(late).await, (400, "invalid_request".into()));
    for (content_type, body) in [
        ("text/plain", "grant_type=client_credentials"),
        ("application/json", r#"{"grant_type":1}"#),
    ] {
        let request = Request::post("/oauth/token").header("content-type", content_type);
        let response = testing::send(request, body).await;
        assert_eq!(error(response).await, (400, "invalid_request".into()), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn token_lives_until_its_end() {
    let server = Server::new();
    let token = server.post("token?expires_in=60", "grant_type=client_credentials").await;
    let token = testing::json(token).await;
    tokio::time::advance(Duration::from_millis(59_999)).await;
    assert!(server.is_live(&token).await);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(!server.is_live(&token).await);
}

#[tokio::test]
async fn only_a_wrong_token_is_an_error() {
    let server = Server::new();
    for (authorization, challenge) in [
        ("", "Bearer realm=\"testbed\""),
        ("Basic ZGVtbzpzM2NyZXQ=", "Bearer realm=\"testbed\""),
        ("Bearer access-1", "Bearer realm=\"testbed\", error=\"invalid_token\""),
    ] {
        let refused = server.userinfo(authorization).await;
        assert_eq!(refused, (401, challenge.into(), String::new()), "{authorization}");
    }
}

#[tokio::test]
async fn revoked_refresh_token_takes_the_tokens_of_its_grant() {
    let server = Server::new();
    let password = "grant_type=password&username=ada&password=opensesame";
    let (first, other) = (server.token(password).await, server.token(password).await);
    let second = server.token("grant_type=refresh_token&refresh_token=refresh-1").await;
    assert!(server.is_live(&first).await && server.is_live(&second).await);
    for token in ["refresh-3", "refresh-3", "unknown"] {
        let response = server.post("revoke", &format!("token={token}&token_type_hint=x")).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert!(!server.is_live(&first).await && !server.is_live(&second).await);
    assert!(server.is_live(&other).await);
    server.post("revoke", "token=access-2").await;
    assert!(!server.is_live(&other).await);
    let again = server.post("token", "grant_type=refresh_token&refresh_token=refresh-3").await;
    assert_eq!(error(again).await, (400, "invalid_grant".into()));
    assert_eq!(error(server.post("revoke", "").await).await, (400, "invalid_request".into()));
    let stranger = server.post_as("", "revoke", "token=access-1").await;
    assert_eq!(error(stranger).await, (400, "invalid_client".into()));
}

#[tokio::test]
async fn tokens_and_requests_are_counted() {
    let server = Server::new();
    let token = server.token("grant_type=client_credentials").await;
    server.token("grant_type=client_credentials").await;
    server.post("token", "").await;
    assert!(server.is_live(&token).await);
    server.userinfo("").await;
    server.userinfo("Bearer x").await;
    let request = Request::get("/oauth/stats").body(Body::empty()).unwrap();
    let response = server.0.oneshot(request).await.unwrap();
    assert_eq!(testing::json(response).await, json!({"issued": 2, "userinfo": 3}));
}
