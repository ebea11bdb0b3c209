//! Redirect chains, relative and absolute.

use super::{Refused, args::Args, echo::Echo};
use axum::{
    Router,
    extract::Path,
    response::{Html, IntoResponse, Response},
    routing::{any, get},
};
use http::{HeaderValue, StatusCode, header};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/redirect/{n}", get(redirect))
        .route("/relative-redirect/{n}", get(relative))
        .route("/absolute-redirect/{n}", get(absolute))
        .route("/redirect-to", any(redirect_to))
}

async fn redirect(Path(n): Path<u32>, args: Args, echo: Echo) -> Result<Response, Refused> {
    match args.get("absolute") {
        Some(yes) if yes.eq_ignore_ascii_case("true") => absolute(Path(n), echo).await,
        _ => relative(Path(n)).await,
    }
}

async fn relative(Path(n): Path<u32>) -> Result<Response, Refused> {
    to(StatusCode::FOUND, &next(n, "/relative-redirect")?)
}

async fn absolute(Path(n): Path<u32>, echo: Echo) -> Result<Response, Refused> {
    let next = next(n, "/absolute-redirect")?;
    to(StatusCode::FOUND, &echo.absolute(&next))
}

fn next(n: u32, chain: &str) -> Result<String, Refused> {
    match n {
        0 => Err(Refused::bad_request("no redirects to follow")),
        1 => Ok("/get".to_owned()),
        _ => Ok(format!("{chain}/{}", n - 1)),
    }
}

async fn redirect_to(args: Args) -> Result<Response, Refused> {
    let url = args.get("url");
    let url = url.ok_or_else(|| Refused::bad_request("the parameter url is missing"))?;
    let status = match args.parse("status_code")? {
        Some(code @ 300..=399) => StatusCode::from_u16(code).unwrap_or(StatusCode::FOUND),
        _ => StatusCode::FOUND,
    };
    to(status, url)
}

/// A redirect with the short page that servers send along.
pub(super) fn to(status: StatusCode, location: &str) -> Result<Response, Refused> {
    let value = HeaderValue::from_bytes(location.as_bytes());
    let value = value.map_err(|_| Refused::bad_request("the location is no header value"))?;
    let page =
        Html("<!doctype html>\n<title>Redirecting</title>\n<p>See the location header.</p>\n");
    Ok((status, [(header::LOCATION, value)], page).into_response())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{get, send};
    use http::{Request, StatusCode};

    async fn chain(start: &str) -> Vec<String> {
        let mut locations = vec![start.to_owned()];
        loop {
            let response = get(&locations[locations.len() - 1]).await;
            if response.status() == StatusCode::OK {
                return locations;
            }
            assert_eq!(response.status(), StatusCode::FOUND);
            let location = response.headers()["location"].to_str().unwrap();
            locations.push(location.to_owned());
        }
    }

    #[tokio::test]
    async fn chains_end_at_get() {
        assert_eq!(
            chain("/redirect/3").await,
            ["/redirect/3", "/relative-redirect/2", "/relative-redirect/1", "/get"]
        );
        assert_eq!(chain("/relative-redirect/1").await, ["/relative-redirect/1", "/get"]);
        let absolute = [
            "/absolute-redirect/2",
            "http://localhost/absolute-redirect/1",
            "http://localhost/get",
        ];
        assert_eq!(chain("/absolute-redirect/2").await, absolute);
        let of_flag = chain("/redirect/2?absolute=true").await;
        assert_eq!(of_flag[1..], absolute[1..]);
    }

    #[tokio::test]
    async fn redirect_to_goes_where_it_is_told() {
        let response = get("/redirect-to?url=https%3A%2F%2Fexample.com%2F%3Fa").await;
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(response.headers()["location"], "https://example.com/?a");

        let request = Request::post("/redirect-to?url=/post&status_code=308");
        let response = send(request, "body").await;
        assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
        assert_eq!(response.headers()["location"], "/post");

        let response = get("/redirect-to?url=/&status_code=200").await;
        assert_eq!(response.status(), StatusCode::FOUND);
    }

    #[tokio::test]
    async fn nowhere_to_go_is_refused() {
        for path in ["/redirect/0", "/redirect/x", "/redirect-to", "/redirect-to?url=%0A"] {
            assert_eq!(get(path).await.status(), StatusCode::BAD_REQUEST, "{path}");
        }
    }
}
