//! Cookies: those the client sends, and those it is told to keep.

use super::{
    Refused,
    args::Args,
    echo::{Echo, text},
    redirect,
};
use axum::{Json, Router, extract::Path, response::Response, routing::get};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/cookies", get(sent))
        .route("/cookies/set", get(set_many))
        .route("/cookies/set/{name}/{value}", get(set_one))
        .route("/cookies/delete", get(delete))
}

async fn sent(headers: HeaderMap) -> Json<Value> {
    let mut cookies = Map::new();
    for line in headers.get_all(header::COOKIE) {
        for pair in text(line).split(';') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let value = value.trim();
            let unquoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let value = unquoted.unwrap_or(value);
            cookies.insert(name.trim().to_owned(), value.into());
        }
    }
    Json(json!({ "cookies": cookies }))
}

async fn set_many(args: Args, echo: Echo) -> Result<Response, Refused> {
    set(&args.0, &echo)
}

async fn set_one(
    Path((name, value)): Path<(String, String)>,
    echo: Echo,
) -> Result<Response, Refused> {
    set(&[(name, value)], &echo)
}

fn set(cookies: &[(String, String)], echo: &Echo) -> Result<Response, Refused> {
    let secure = if echo.scheme == "https" { "; Secure" } else { "" };
    let lines = cookies.iter().map(|(name, value)| {
        let value = quoted(value)?;
        cookie(name, &format!("{value}{secure}; Path=/"))
    });
    to_cookies(lines)
}

async fn delete(args: Args) -> Result<Response, Refused> {
    const EXPIRED: &str = "; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/";

    to_cookies(args.0.iter().map(|(name, _)| cookie(name, EXPIRED)))
}

fn to_cookies(
    lines: impl Iterator<Item = Result<HeaderValue, Refused>>,
) -> Result<Response, Refused> {
    let mut response = redirect::to(StatusCode::FOUND, "/cookies")?;
    for line in lines {
        response.headers_mut().append(header::SET_COOKIE, line?);
    }
    Ok(response)
}

fn cookie(name: &str, rest: &str) -> Result<HeaderValue, Refused> {
    let is_token = |byte: u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(Refused::bad_request("the name of a cookie is a token"));
    }
    let line = HeaderValue::from_str(&format!("{name}={rest}"));
    line.map_err(|_| Refused::bad_request("the value of a cookie is text"))
}

/// Values with spaces or commas are quoted; the rest of what a cookie cannot hold is refused.
fn quoted(value: &str) -> Result<String, Refused> {
    if value.contains(['"', '\\', ';']) || !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Refused::bad_request("the value of a cookie is text"));
    }
    Ok(if value.contains([' ', ',']) { format!("\"{value}\"") } else { value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{get, json, send, values};
    use http::{Request, StatusCode, header::SET_COOKIE};
    use serde_json::json;

    #[tokio::test]
    async fn the_sent_ones_are_told() {
        let request = Request::get("/cookies")
            .header("cookie", "a=1; b=\"x y\"; junk")
            .header("cookie", "c=k=v");
        assert_eq!(
            json(send(request, "").await).await,
            json!({"cookies": {"a": "1", "b": "x y", "c": "k=v"}})
        );
    }

    #[tokio::test]
    async fn setting_redirects_to_the_list() {
        let response = get("/cookies/set?a=1&b=x%20y").await;
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(response.headers()["location"], "/cookies");
        assert_eq!(values(response.headers(), SET_COOKIE), ["a=1; Path=/", "b=\"x y\"; Path=/"]);
        let response = get("https://localhost/cookies/set/a/1").await;
        assert_eq!(values(response.headers(), SET_COOKIE), ["a=1; Secure; Path=/"]);
    }

    #[tokio::test]
    async fn deleting_expires() {
        let response = get("/cookies/delete?a&b=").await;
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(
            values(response.headers(), SET_COOKIE),
            ["a", "b"].map(|name| format!(
                "{name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/"
            ))
        );
    }

    #[tokio::test]
    async fn what_no_cookie_can_hold_is_refused() {
        for query in ["a%3B=1", "=1", "a=%3B", "a=%0A", "a=%C3%A9"] {
            let response = get(&format!("/cookies/set?{query}")).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        }
    }
}
