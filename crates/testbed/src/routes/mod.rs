//! The routes, one module per topic.

mod args;
mod auth;
mod bytes;
mod cache;
mod content;
mod cookies;
mod data;
mod documents;
mod dynamic;
mod echo;
mod encoding;
mod graphql;
mod headers;
mod links;
mod oauth;
mod problem;
mod range;
mod redirect;
mod refused;
mod request;
mod rpc;
mod status;
#[cfg(test)]
mod testing;

use axum::{Router, extract::DefaultBodyLimit};
use refused::Refused;

/// The routes as a plain router: a service to use in process, with no socket.
///
/// Absolute URLs in its answers take their authority from the request's URI, else from the
/// `Host` header, else they name `localhost`; their scheme is that of the URI, else of the
/// listener, else `http`. Each router counts the rounds of `/status/{codes}` for itself, and has
/// its own documents, users and tokens.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::body::Body;
/// use http::{Request, StatusCode};
/// use tower::ServiceExt;
///
/// let request = Request::put("/status/418").body(Body::empty())?;
/// let response = testbed::router().oneshot(request).await?;
/// assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
/// # Ok(())
/// # }
/// ```
pub fn router() -> Router {
    Router::new()
        .merge(auth::routes())
        .merge(bytes::routes())
        .merge(cache::routes())
        .merge(cookies::routes())
        .merge(data::routes())
        .merge(documents::routes())
        .merge(dynamic::routes())
        .merge(encoding::routes())
        .merge(graphql::routes())
        .merge(headers::routes())
        .merge(links::routes())
        .merge(oauth::routes())
        .merge(problem::routes())
        .merge(range::routes())
        .merge(redirect::routes())
        .merge(request::routes())
        .merge(rpc::routes())
        .merge(status::routes())
        .fallback(async || Refused::not_found("no such route"))
        .layer(DefaultBodyLimit::disable())
}

#[cfg(test)]
mod tests {
    use super::testing::{get, send, text};
    use http::{Request, StatusCode, header};

    #[tokio::test]
    async fn unknown_paths_are_not_found() {
        let response = get("/nowhere").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(text(response).await, "no such route");
    }

    #[tokio::test]
    async fn head_has_the_headers_of_get_and_no_body() {
        for path in ["/get", "/html", "/gzip", "/bytes/10", "/anything", "/stream/2"] {
            let of_get = get(path).await;
            let response = send(Request::head(path), "").await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(
                response.headers().get(header::CONTENT_TYPE),
                of_get.headers().get(header::CONTENT_TYPE),
                "{path}"
            );
            assert_eq!(text(response).await, "", "{path}");
        }
    }
}
