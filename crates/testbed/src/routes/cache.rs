//! Validators and freshness.

use super::{
    Refused,
    echo::{Echo, text},
    request::head_only,
};
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/etag/{etag}", get(etag))
        .route("/cache", get(cache))
        .route("/cache/{n}", get(fresh))
}

async fn etag(
    Path(etag): Path<String>,
    headers: HeaderMap,
    echo: Echo,
) -> Result<Response, Refused> {
    let etag = entity_tag(etag);
    let value = HeaderValue::from_str(&etag);
    let value = value.map_err(|_| Refused::bad_request("the etag is no header value"))?;
    let own = [(header::ETAG, value)];

    // If-Match goes first and compares strongly, If-None-Match weakly (RFC 9110, section 13).
    let strong = |listed: &str| listed == etag && !etag.starts_with("W/");
    let weak = |listed: &str| opaque(listed) == opaque(&etag);
    Ok(if lists(&headers, header::IF_MATCH, strong) == Some(false) {
        (StatusCode::PRECONDITION_FAILED, own).into_response()
    } else if lists(&headers, header::IF_NONE_MATCH, weak) == Some(true) {
        (StatusCode::NOT_MODIFIED, own).into_response()
    } else {
        (own, head_only(echo).await).into_response()
    })
}

/// Paths name most tags without their quotes.
fn entity_tag(etag: String) -> String {
    if opaque(&etag).starts_with('"') { etag } else { format!("\"{etag}\"") }
}

fn opaque(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag)
}

/// Whether the header, where present, lists a match or `*`.
fn lists(headers: &HeaderMap, name: HeaderName, matches: impl Fn(&str) -> bool) -> Option<bool> {
    let mut lines = headers.get_all(name).into_iter().peekable();
    lines.peek()?;
    Some(lines.any(|line| {
        let line = text(line);
        let mut listed = line.split(',').map(str::trim);
        listed.any(|etag| etag == "*" || matches(etag))
    }))
}

async fn cache(headers: HeaderMap, echo: Echo) -> Response {
    let validators = [
        (header::LAST_MODIFIED, "Wed, 01 Jan 2025 00:00:00 GMT"),
        (header::ETAG, "\"always-the-same\""),
    ];
    let conditions = [header::IF_MODIFIED_SINCE, header::IF_NONE_MATCH];
    if conditions.iter().any(|name| headers.contains_key(name)) {
        (StatusCode::NOT_MODIFIED, validators).into_response()
    } else {
        (validators, head_only(echo).await).into_response()
    }
}

async fn fresh(Path(seconds): Path<u64>, echo: Echo) -> Response {
    let control = format!("public, max-age={seconds}");
    ([(header::CACHE_CONTROL, control)], head_only(echo).await).into_response()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{get, json, send};
    use axum::body::Body;
    use http::{Request, Response, StatusCode};

    async fn with(path: &str, name: &str, value: &str) -> Response<Body> {
        send(Request::get(path).header(name, value), "").await
    }

    #[tokio::test]
    async fn a_tag_comes_quoted_with_the_answer_of_get() {
        let response = get("/etag/v1").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["etag"], "\"v1\"");
        assert_eq!(json(response).await["url"], "http://localhost/etag/v1");

        let weak = get("/etag/W%2F%22v1%22").await;
        assert_eq!(weak.headers()["etag"], "W/\"v1\"");
    }

    /// With the tag `"v1"`.
    async fn is_answered(header: &str, statuses: [(&str, StatusCode); 5]) {
        for (list, status) in statuses {
            let response = with("/etag/v1", header, list).await;
            assert_eq!(response.status(), status, "{header}: {list}");
            if status != StatusCode::PRECONDITION_FAILED {
                assert_eq!(response.headers()["etag"], "\"v1\"");
            }
        }
    }

    #[tokio::test]
    async fn if_none_match_compares_weakly() {
        let (same, other) = (StatusCode::NOT_MODIFIED, StatusCode::OK);
        let lists = [
            ("\"v1\"", same),
            ("W/\"v1\"", same),
            ("\"v0\", \"v1\"", same),
            ("*", same),
            ("\"v2\"", other),
        ];
        is_answered("if-none-match", lists).await;
    }

    #[tokio::test]
    async fn if_match_compares_strongly() {
        let (same, other) = (StatusCode::OK, StatusCode::PRECONDITION_FAILED);
        let lists = [
            ("\"v1\"", same),
            ("W/\"v1\"", other),
            ("\"v0\", \"v1\"", same),
            ("*", same),
            ("\"v2\"", other),
        ];
        is_answered("if-match", lists).await;
    }

    #[tokio::test]
    async fn a_conditional_request_finds_the_cache_unmodified() {
        let response = get("/cache").await;
        assert_eq!(response.status(), StatusCode::OK);
        let date = response.headers()["last-modified"].to_str().unwrap();
        let conditional = with("/cache", "if-modified-since", date).await;
        assert_eq!(conditional.status(), StatusCode::NOT_MODIFIED);
        let etag = response.headers()["etag"].to_str().unwrap();
        let conditional = with("/cache", "if-none-match", etag).await;
        assert_eq!(conditional.status(), StatusCode::NOT_MODIFIED);
    }

    #[tokio::test]
    async fn freshness_lasts_as_long_as_asked() {
        let response = get("/cache/60").await;
        assert_eq!(response.headers()["cache-control"], "public, max-age=60");
    }
}
