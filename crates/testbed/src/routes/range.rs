//! Parts of a document, by byte ranges.

use super::{
    Refused,
    bytes::{MOST, OCTETS},
};
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};

pub(super) fn routes() -> Router {
    Router::new().route("/range/{n}", get(range))
}

async fn range(Path(len): Path<usize>, headers: HeaderMap) -> Result<Response, Refused> {
    if len == 0 || len > MOST {
        return Err(Refused::not_found(format!("there are 1 to {MOST} bytes")));
    }
    let etag = format!("\"range{len}\"");
    let asked = match headers.get(header::IF_RANGE) {
        Some(condition) if condition.as_bytes() != etag.as_bytes() => Asked::Whole,
        _ => asked(&headers, len),
    };
    let common = [(header::ACCEPT_RANGES, "bytes".to_owned()), (header::ETAG, etag)];
    let content_range = |part: String| [(header::CONTENT_RANGE, format!("bytes {part}/{len}"))];
    Ok(match asked {
        Asked::Whole => (common, OCTETS, alphabet(0, len - 1)).into_response(),
        Asked::Part { first, last } => (
            StatusCode::PARTIAL_CONTENT,
            common,
            content_range(format!("{first}-{last}")),
            OCTETS,
            alphabet(first, last),
        )
            .into_response(),
        Asked::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, common, content_range("*".to_owned()))
            .into_response(),
    })
}

/// The document is the alphabet over and over, so that every part shows where it begins.
fn alphabet(first: usize, last: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().skip(first % 26).take(last - first + 1).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part { first: usize, last: usize },
    Beyond,
}

/// Several ranges at once, other units and what is no range get the whole (RFC 9110, section 14.2).
fn asked(headers: &HeaderMap, len: usize) -> Asked {
    let value = headers.get(header::RANGE);
    let spec = value.and_then(|value| value.to_str().ok()?.strip_prefix("bytes="));
    let Some((from, to)) = spec.and_then(|spec| spec.split_once('-')) else {
        return Asked::Whole;
    };
    let end = len - 1;
    let (first, last) = match (from.trim().parse(), to.trim()) {
        (Ok(first), "") => (first, end),
        (Ok(first), to) => match to.parse::<usize>() {
            Ok(last) if last >= first => (first, last.min(end)),
            _ => return Asked::Whole,
        },
        (Err(_), to) if from.is_empty() => match to.parse::<usize>() {
            Ok(0) => return Asked::Beyond,
            Ok(suffix) => (len.saturating_sub(suffix), end),
            Err(_) => return Asked::Whole,
        },
        _ => return Asked::Whole,
    };
    if first > end { Asked::Beyond } else { Asked::Part { first, last } }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{get, send, text};
    use super::*;
    use axum::body::Body;
    use http::Request;

    async fn ranged(range: &str) -> Response<Body> {
        send(Request::get("/range/30").header("range", range), "").await
    }

    #[tokio::test]
    async fn without_a_range_it_is_the_whole() {
        let response = get("/range/30").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["accept-ranges"], "bytes");
        assert_eq!(response.headers()["etag"], "\"range30\"");
        assert!(!response.headers().contains_key("content-range"));
        assert_eq!(text(response).await, "abcdefghijklmnopqrstuvwxyzabcd");
    }

    #[tokio::test]
    async fn a_range_is_that_part() {
        for (range, content_range, part) in [
            ("bytes=0-2", "bytes 0-2/30", "abc"),
            ("bytes=24-27", "bytes 24-27/30", "yzab"),
            ("bytes=28-", "bytes 28-29/30", "cd"),
            ("bytes=28-99", "bytes 28-29/30", "cd"),
            ("bytes=-3", "bytes 27-29/30", "bcd"),
            ("bytes=-99", "bytes 0-29/30", "abcdefghijklmnopqrstuvwxyzabcd"),
        ] {
            let response = ranged(range).await;
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
            assert_eq!(response.headers()["content-range"], content_range);
            assert_eq!(response.headers()["etag"], "\"range30\"");
            assert_eq!(text(response).await, part);
        }
    }

    #[tokio::test]
    async fn a_range_beyond_the_end_is_not_satisfiable() {
        for range in ["bytes=30-", "bytes=40-50", "bytes=-0"] {
            let response = ranged(range).await;
            assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
            assert_eq!(response.headers()["content-range"], "bytes */30");
            assert_eq!(text(response).await, "");
        }
    }

    #[tokio::test]
    async fn other_ranges_are_ignored() {
        for range in ["lines=1-2", "bytes=2-1", "bytes=x-", "bytes=0-1,3-4", "bytes=-"] {
            assert_eq!(ranged(range).await.status(), StatusCode::OK, "{range}");
        }
    }

    #[tokio::test]
    async fn if_range_holds_for_the_current_tag_only() {
        for (tag, status) in
            [("\"range30\"", StatusCode::PARTIAL_CONTENT), ("\"range31\"", StatusCode::OK)]
        {
            let request =
                Request::get("/range/30").header("range", "bytes=0-1").header("if-range", tag);
            assert_eq!(send(request, "").await.status(), status);
        }
    }

    #[tokio::test]
    async fn there_are_limits() {
        assert_eq!(get("/range/0").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(get("/range/102400").await.status(), StatusCode::OK);
        assert_eq!(get("/range/102401").await.status(), StatusCode::NOT_FOUND);
    }
}
