//! `/problem/{code}`: errors as RFC 9457 tells them.

use super::Refused;
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{StatusCode, Uri, header};
use serde_json::json;

pub(super) fn routes() -> Router {
    Router::new().route("/problem/{code}", any(problem))
}

async fn problem(Path(code): Path<u16>, uri: Uri) -> Result<Response, Refused> {
    let status = match StatusCode::from_u16(code) {
        Ok(status) if !status.is_informational() => status,
        _ => return Err(Refused::bad_request("invalid status code")),
    };
    let problem = json!({
        "type": "https://example.com/problems/as-requested",
        "title": status.canonical_reason().unwrap_or("A status without a name"),
        "status": code,
        "detail": format!("The request asked for a problem of status {code}."),
        "instance": uri.path(),
        "balance": 30,
    });
    let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
    Ok((status, content_type, problem.to_string()).into_response())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{get, json};
    use http::StatusCode;
    use serde_json::json;

    #[tokio::test]
    async fn a_problem_has_its_members() {
        let response = get("/problem/422").await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(
            json(response).await,
            json!({
                "type": "https://example.com/problems/as-requested",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "The request asked for a problem of status 422.",
                "instance": "/problem/422",
                "balance": 30,
            })
        );
    }

    #[tokio::test]
    async fn codes_have_to_be_final() {
        for path in ["/problem/100", "/problem/9", "/problem/x"] {
            assert_eq!(get(path).await.status(), StatusCode::BAD_REQUEST, "{path}");
        }
    }
}
