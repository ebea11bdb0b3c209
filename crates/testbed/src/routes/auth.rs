//! Basic and bearer credentials.

use super::Refused;
use axum::{
    Json, Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/basic-auth/{user}/{passwd}", get(basic))
        .route("/hidden-basic-auth/{user}/{passwd}", get(hidden_basic))
        .route("/bearer", get(bearer))
}

async fn basic(
    Path((user, password)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Response> {
    let welcome = welcome(&headers, &user, &password);
    welcome.ok_or_else(|| unauthorized("Basic realm=\"Fake Realm\""))
}

async fn hidden_basic(
    Path((user, password)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refused> {
    let welcome = welcome(&headers, &user, &password);
    welcome.ok_or_else(|| Refused::not_found("no such route"))
}

async fn bearer(headers: HeaderMap) -> Result<Json<Value>, Response> {
    match credentials(&headers, "Bearer") {
        Some(token) => Ok(Json(json!({ "authenticated": true, "token": token }))),
        None => Err(unauthorized("Bearer")),
    }
}

fn unauthorized(challenge: &'static str) -> Response {
    let headers = [(header::WWW_AUTHENTICATE, challenge)];
    (StatusCode::UNAUTHORIZED, headers).into_response()
}

fn welcome(headers: &HeaderMap, user: &str, password: &str) -> Option<Json<Value>> {
    is_basic(headers, user, password).then(|| Json(json!({ "authenticated": true, "user": user })))
}

pub(super) fn is_basic(headers: &HeaderMap, user: &str, password: &str) -> bool {
    let given = credentials(headers, "Basic").and_then(|given| STANDARD.decode(given).ok());
    given.is_some_and(|given| given == format!("{user}:{password}").as_bytes())
}

/// What follows the scheme, whose name is case-insensitive.
pub(super) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (given, credentials) = value.split_once(' ')?;
    let credentials = credentials.trim();
    (given.eq_ignore_ascii_case(scheme) && !credentials.is_empty()).then_some(credentials)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{json, send};
    use axum::body::Body;
    use http::{Request, Response, StatusCode};
    use serde_json::json;

    async fn with(path: &str, authorization: &str) -> Response<Body> {
        let request = Request::get(path).header("authorization", authorization);
        send(request, "").await
    }

    #[tokio::test]
    async fn basic_knows_its_user() {
        let welcome = with("/basic-auth/aladdin/opensesame", "Basic YWxhZGRpbjpvcGVuc2VzYW1l");
        assert_eq!(json(welcome.await).await, json!({"authenticated": true, "user": "aladdin"}));
        for wrong in ["Basic YWxhZGRpbjp4", "Basic", "Basic !", "Bearer x", ""] {
            let response = with("/basic-auth/aladdin/opensesame", wrong).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{wrong}");
            assert_eq!(response.headers()["www-authenticate"], "Basic realm=\"Fake Realm\"");
        }
    }

    #[tokio::test]
    async fn hidden_basic_denies_that_it_exists() {
        let right = with("/hidden-basic-auth/a/b", "basic YTpi").await;
        assert_eq!(right.status(), StatusCode::OK);
        let wrong = with("/hidden-basic-auth/a/b", "basic YTpj").await;
        assert_eq!(wrong.status(), StatusCode::NOT_FOUND);
        assert!(!wrong.headers().contains_key("www-authenticate"));
    }

    #[tokio::test]
    async fn bearer_takes_any_token() {
        assert_eq!(
            json(with("/bearer", "Bearer t0k").await).await,
            json!({"authenticated": true, "token": "t0k"})
        );
        let response = with("/bearer", "Basic YTpi").await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
}
