//! `/status/{codes}`: the answer with the code one asks for.

use super::Refused;
use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderName, StatusCode, header};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

pub(super) fn routes() -> Router {
    Router::new().route("/status/{codes}", any(status)).with_state(Rounds::default())
}

/// How often each list of codes was asked for.
#[derive(Clone, Debug, Default)]
struct Rounds(Arc<Mutex<HashMap<String, usize>>>);

impl Rounds {
    /// The place in the list whose turn it is.
    fn turn(&self, list: String, len: usize) -> usize {
        let mut rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let round = rounds.entry(list).or_default();
        let turn = *round % len;
        *round += 1;
        turn
    }
}

async fn status(
    State(rounds): State<Rounds>,
    Path(list): Path<String>,
) -> Result<Response, Refused> {
    let codes: Option<Vec<StatusCode>> = list.split(',').map(final_status).collect();
    let codes = codes.ok_or_else(|| Refused::bad_request("invalid status code"))?;
    let code = codes[rounds.turn(list, codes.len())];
    Ok((code, as_customary(code)).into_response())
}

/// A server cannot end an exchange with an interim status.
fn final_status(code: &str) -> Option<StatusCode> {
    let code: StatusCode = code.trim().parse().ok()?;
    (!code.is_informational()).then_some(code)
}

/// The headers and the body that usually come with a status.
fn as_customary(code: StatusCode) -> Response {
    const MORE_INFO: HeaderName = HeaderName::from_static("x-more-info");
    const CHALLENGE: &str = "Basic realm=\"Fake Realm\"";

    match code {
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::USE_PROXY
        | StatusCode::TEMPORARY_REDIRECT => [(header::LOCATION, "/redirect/1")].into_response(),
        StatusCode::UNAUTHORIZED => [(header::WWW_AUTHENTICATE, CHALLENGE)].into_response(),
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            [(header::PROXY_AUTHENTICATE, CHALLENGE)].into_response()
        }
        StatusCode::NOT_ACCEPTABLE => Json(json!({
            "message": "None of the accepted media types is on offer.",
            "accept": ["image/webp", "image/svg+xml", "image/jpeg", "image/png", "image/*"],
        }))
        .into_response(),
        StatusCode::IM_A_TEAPOT => (
            [(MORE_INFO, "https://www.rfc-editor.org/rfc/rfc2324")],
            "This pot is short and stout, and brews tea only.\n",
        )
            .into_response(),
        _ => ().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{get, json, send, text};
    use axum::body::Body;
    use http::{Method, Request, StatusCode};
    use tower::ServiceExt;

    #[tokio::test]
    async fn any_method_gets_the_status() {
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::TRACE] {
            let request = Request::builder().method(method).uri("/status/503");
            let response = send(request, "").await;
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        }
    }

    #[tokio::test]
    async fn a_list_is_answered_in_turn() {
        let router = crate::router();
        let mut seen = Vec::new();
        for _ in 0..5 {
            let request = Request::get("/status/500,502,200").body(Body::empty());
            let response = router.clone().oneshot(request.unwrap()).await.unwrap();
            seen.push(response.status().as_u16());
        }
        assert_eq!(seen, [500, 502, 200, 500, 502]);
    }

    #[tokio::test]
    async fn some_come_with_their_headers() {
        for code in [301, 302, 303, 305, 307] {
            let response = get(&format!("/status/{code}")).await;
            assert_eq!(response.status(), code);
            assert_eq!(response.headers()["location"], "/redirect/1");
        }
        for (code, name) in [(401, "www-authenticate"), (407, "proxy-authenticate")] {
            let response = get(&format!("/status/{code}")).await;
            assert_eq!(response.headers()[name], "Basic realm=\"Fake Realm\"");
        }
    }

    #[tokio::test]
    async fn some_come_with_a_body() {
        let response = get("/status/406").await;
        assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE);
        assert_eq!(json(response).await["accept"][0], "image/webp");

        let response = get("/status/418").await;
        assert!(response.headers().contains_key("x-more-info"));
        assert!(text(response).await.contains("tea"));
    }

    #[tokio::test]
    async fn what_is_no_final_status_is_refused() {
        for codes in ["teapot", "99", "101", "200,", "200:3"] {
            let response = get(&format!("/status/{codes}")).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{codes}");
        }
    }
}
