//! `/response-headers`: the headers one asks for.

use super::{
    Refused,
    args::{Args, by_name},
};
use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

pub(super) fn routes() -> Router {
    Router::new().route("/response-headers", get(respond).post(respond))
}

async fn respond(args: Args) -> Result<Response, Refused> {
    let mut headers = HeaderMap::new();
    let mut told: Vec<(String, String)> = Vec::new();
    for (spelling, text) in args.0 {
        let name: HeaderName = spelling
            .parse()
            .map_err(|_| Refused::bad_request(format!("{spelling:?} is no header name")))?;
        let value = HeaderValue::from_bytes(text.as_bytes())
            .map_err(|_| Refused::bad_request(format!("{text:?} is no header value")))?;
        if is_framing(&name) {
            return Err(Refused::bad_request(format!("{name} would break the answer")));
        }
        headers.append(name, value);
        // One header has one name, however its lines spell it.
        let mut earlier = told.iter().map(|(earlier, _)| earlier);
        let known = earlier.find(|earlier| earlier.eq_ignore_ascii_case(&spelling));
        let known = known.cloned().unwrap_or(spelling);
        told.push((known, text));
    }

    if !headers.contains_key(header::CONTENT_TYPE) {
        let json = "application/json";
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(json));
        told.push(("Content-Type".to_owned(), json.to_owned()));
    }
    Ok((headers, with_own_length(told)).into_response())
}

/// These are for the server alone to set.
fn is_framing(name: &HeaderName) -> bool {
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::UPGRADE]
        .contains(name)
}

/// The body tells its own length, whose digits are part of it.
fn with_own_length(told: Vec<(String, String)>) -> String {
    let mut told = by_name(told);
    let mut length = 0;
    loop {
        told.insert("Content-Length".to_owned(), length.to_string().into());
        let body = serde_json::Value::from(told.clone()).to_string();
        if body.len() == length {
            return body;
        }
        length = body.len();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{get, json, send, values};
    use http::{HeaderName, Request, StatusCode};
    use serde_json::json;

    #[tokio::test]
    async fn they_are_set_and_told() {
        let path = "/response-headers?X-One=1&X-Two=a&x-two=b%20c";
        for request in [Request::get(path), Request::post(path)] {
            let response = send(request, "").await;
            let headers = response.headers().clone();
            assert_eq!(headers["x-one"], "1");
            assert_eq!(values(&headers, HeaderName::from_static("x-two")), ["a", "b c"]);
            assert_eq!(
                json(response).await,
                json!({
                    "Content-Length": headers["content-length"].to_str().unwrap(),
                    "Content-Type": "application/json",
                    "X-One": "1",
                    "X-Two": ["a", "b c"],
                })
            );
        }
    }

    #[tokio::test]
    async fn the_content_type_may_be_another() {
        let response = get("/response-headers?content-type=text/plain").await;
        assert_eq!(response.headers().get_all("content-type").iter().count(), 1);
        assert_eq!(response.headers()["content-type"], "text/plain");
        assert_eq!(json(response).await["content-type"], "text/plain");
    }

    #[tokio::test]
    async fn what_cannot_be_a_header_is_refused() {
        for query in ["a%20b=1", "a=%0D%0A", "=1", "Content-Length=3", "connection=close"] {
            let response = get(&format!("/response-headers?{query}")).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        }
    }
}
