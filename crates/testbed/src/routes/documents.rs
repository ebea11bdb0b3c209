//! `/documents/{name}`: JSON documents that change only on a condition.

use super::Refused;
use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

pub(super) fn routes() -> Router {
    Router::new().route("/documents/{name}", get(read).put(write)).with_state(Documents::default())
}

/// The value and the version of each.
#[derive(Clone, Debug, Default)]
struct Documents(Arc<Mutex<HashMap<String, (u32, Value)>>>);

/// A minute lies between the versions of a document, so their dates are strong.
fn date(version: u32) -> String {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_689_600);
    httpdate::fmt_http_date(start + Duration::from_secs(60) * version)
}

fn validators(version: u32) -> [(HeaderName, String); 3] {
    [
        (header::ETAG, format!("\"v{version}\"")),
        (header::LAST_MODIFIED, date(version)),
        (header::DATE, date(version + 1)),
    ]
}

async fn read(
    State(documents): State<Documents>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    let documents = documents.0.lock().unwrap_or_else(PoisonError::into_inner);
    let found = documents.get(&name).ok_or_else(|| Refused::not_found("no such document"));
    let (version, value) = found?;
    Ok((validators(*version), Json(value)).into_response())
}

async fn write(
    State(documents): State<Documents>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(value): Json<Value>,
) -> Response {
    let mut documents = documents.0.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((version, current)) = documents.get_mut(&name) else {
        // No tag fits what is not there, and no date can be compared with it.
        if headers.contains_key(header::IF_MATCH) {
            return StatusCode::PRECONDITION_FAILED.into_response();
        }
        documents.insert(name, (1, value));
        return (StatusCode::CREATED, validators(1)).into_response();
    };
    // A date is compared as it was sent; If-Match goes first (RFC 9110, section 13.2.2).
    let condition = match (headers.get(header::IF_MATCH), headers.get(header::IF_UNMODIFIED_SINCE))
    {
        (Some(tag), _) => *tag == format!("\"v{version}\""),
        (None, Some(since)) => *since == date(*version),
        (None, None) => return StatusCode::PRECONDITION_REQUIRED.into_response(),
    };
    if !condition {
        return (StatusCode::PRECONDITION_FAILED, validators(*version)).into_response();
    }
    *version += 1;
    *current = value;
    (validators(*version), Json(&*current)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt;

    #[tokio::test]
    async fn document_changes_only_on_a_condition_that_holds() {
        const FIRST: &str = "Wed, 01 Jan 2025 00:01:00 GMT";
        let router = super::routes();
        for (condition, body, status, tag) in [
            (Some(("if-match", "\"v0\"")), "1", 412, None),
            (None, "1", 201, Some("\"v1\"")),
            (None, "2", 428, None),
            (Some(("if-match", "\"v0\"")), "2", 412, Some("\"v1\"")),
            (Some(("if-unmodified-since", FIRST)), "2", 200, Some("\"v2\"")),
            (Some(("if-unmodified-since", FIRST)), "3", 412, Some("\"v2\"")),
            (Some(("if-match", "\"v2\"")), "3", 200, Some("\"v3\"")),
        ] {
            let request = Request::put("/documents/a").header("content-type", "application/json");
            let request =
                condition.into_iter().fold(request, |r, (name, value)| r.header(name, value));
            let request = request.body(Body::from(body)).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{condition:?}");
            let etag = response.headers().get("etag").map(|tag| tag.to_str().unwrap());
            assert_eq!(etag, tag, "{condition:?}");
        }
        let missing = Request::get("/documents/b").body(Body::empty()).unwrap();
        assert_eq!(router.oneshot(missing).await.unwrap().status(), 404);
    }
}
