//! `/get` and its like, which tell the request back.

use super::{
    content::Content,
    echo::{Echo, text},
};
use axum::{
    Json, Router,
    routing::{any, delete, get, patch, post, put},
};
use http::{HeaderMap, header};
use serde_json::{Value, json};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/get", get(head_only))
        .route("/post", post(with_body))
        .route("/put", put(with_body))
        .route("/patch", patch(with_body))
        .route("/delete", delete(with_body))
        .route("/anything", any(anything))
        .route("/anything/", any(anything))
        .route("/anything/{*path}", any(anything))
        .route("/headers", get(headers))
        .route("/ip", get(ip))
        .route("/user-agent", get(user_agent))
}

pub(super) async fn head_only(echo: Echo) -> Json<Value> {
    Json(echo.to_json())
}

async fn with_body(echo: Echo, content: Content) -> Json<Value> {
    let mut answer = echo.to_json();
    content.join(&mut answer);
    Json(answer)
}

pub(super) async fn anything(echo: Echo, content: Content) -> Json<Value> {
    let mut answer = echo.to_json();
    content.join(&mut answer);
    answer["method"] = echo.method.as_str().into();
    Json(answer)
}

async fn headers(echo: Echo) -> Json<Value> {
    Json(json!({ "headers": echo.headers() }))
}

async fn ip(echo: Echo) -> Json<Value> {
    Json(json!({ "origin": echo.origin() }))
}

async fn user_agent(headers: HeaderMap) -> Json<Value> {
    let agent = headers.get(header::USER_AGENT).map(text);
    Json(json!({ "user-agent": agent }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{get, get_json, json, send};
    use http::{Method, Request, StatusCode};
    use serde_json::json;

    #[tokio::test]
    async fn get_tells_the_head() {
        assert_eq!(
            get_json("/get?a=1&a=2").await,
            json!({
                "args": {"a": ["1", "2"]},
                "headers": {"Host": "localhost"},
                "origin": "127.0.0.1",
                "url": "http://localhost/get?a=1&a=2",
            })
        );
    }

    #[tokio::test]
    async fn the_others_tell_the_body_too() {
        for (method, path) in [
            (Method::POST, "/post"),
            (Method::PUT, "/put"),
            (Method::PATCH, "/patch"),
            (Method::DELETE, "/delete"),
        ] {
            let request = Request::builder().method(method).uri(path);
            let answer = json(send(request, "[1]").await).await;
            assert_eq!(
                answer,
                json!({
                    "args": {},
                    "data": "[1]",
                    "files": {},
                    "form": {},
                    "headers": {"Host": "localhost"},
                    "json": [1],
                    "origin": "127.0.0.1",
                    "url": format!("http://localhost{path}"),
                })
            );
        }
    }

    #[tokio::test]
    async fn other_methods_are_not_allowed() {
        let response = send(Request::post("/get"), "").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET,HEAD");
        assert_eq!(get("/post").await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn anything_takes_any_method_and_path() {
        for method in ["GET", "OPTIONS", "PURGE"] {
            let request = Request::builder().method(method).uri("/anything/a/b?c");
            let answer = json(send(request, "").await).await;
            assert_eq!(answer["method"], method);
            assert_eq!(answer["url"], "http://localhost/anything/a/b?c");
            assert_eq!(answer["json"], json!(null));
        }
    }

    #[tokio::test]
    async fn bodies_may_be_large() {
        let answer = json(send(Request::post("/post"), vec![b'x'; 16 << 20]).await).await;
        assert_eq!(answer["data"].as_str().unwrap().len(), 16 << 20);
    }

    #[tokio::test]
    async fn parts_of_the_request_have_routes_of_their_own() {
        let agent = Request::get("/user-agent").header("user-agent", "me/1");
        let agent = json(send(agent, "").await).await;
        assert_eq!(agent, json!({"user-agent": "me/1"}));
        assert_eq!(get_json("/ip").await, json!({"origin": "127.0.0.1"}));
        assert_eq!(get_json("/headers").await, json!({"headers": {"Host": "localhost"}}));
    }
}
