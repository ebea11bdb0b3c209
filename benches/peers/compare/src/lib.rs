//! The code of `COMPARE.md`, `docs/migrating.md` and `docs/clients.md`: that of other clients compiles and
//! runs as ours does, against [a server](serve) on the loopback. `cargo xtask compare` runs it, and the
//! Python in between by the test `python`.

use axum::{
    Json, Router,
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/compare.md"))]
struct Compare;

#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/migrating.md"))]
struct Migrating;

#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/clients.md"))]
struct Clients;

/// Runs an example as the body of an asynchronous function, beside [a server](serve) at `base`, with a
/// [`User`] and [`signature`] at hand.
#[macro_export]
macro_rules! run {
    ($base:ident; $($example:tt)*) => {
        #[allow(unused_imports)]
        use $crate::{User, signature};
        #[allow(unused_variables)]
        let $base = $crate::serve();
        $crate::block_on(async move {
            $($example)*
            Ok(())
        });
    };
}

/// What an example may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Waits for an example.
///
/// # Panics
///
/// Where it fails.
pub fn block_on(example: impl Future<Output = Result<(), BoxError>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("there is a reactor").block_on(example).expect("the example does not fail");
}

/// What most examples ask for.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct User {
    /// 7 is Ada's.
    pub id: u32,
    /// Anything but an empty text.
    pub name: String,
}

/// Starts a server that lasts as long as the process. Gives its URL, without a slash at the end.
///
/// # Panics
///
/// Where there is no loopback.
#[must_use]
pub fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a loopback");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            listener.set_nonblocking(true)?;
            axum::serve(tokio::net::TcpListener::from_std(listener)?, router()).await
        })
    });
    format!("http://{address}/v1")
}

fn router() -> Router {
    let failures = Arc::new(AtomicUsize::new(2));
    Router::new()
        .route("/v1/users/{id}", get(user))
        .route("/v1/users", post(create))
        .route("/v1/log", get("one\ntwo\nthree\n"))
        .route("/v1/flaky", get(async move || flaky(&failures)))
        .route("/v1/signature", get(async |headers: HeaderMap| signed(&headers)))
}

/// Answers only who sends what all examples are to send.
async fn user(Path(id): Path<u32>, headers: HeaderMap) -> Response {
    let has = |name, value| headers.get(name).is_some_and(|sent| sent == value);
    if !has(header::AUTHORIZATION, "Bearer t0ken") || !has(header::USER_AGENT, "demo/1.0") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match id {
        7 => Json(User { id, name: "Ada".into() }).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn create(body: Bytes) -> Response {
    let user: Value = serde_json::from_slice(&body).unwrap_or_default();
    if user["name"].as_str().is_some_and(|name| !name.is_empty()) {
        return (StatusCode::CREATED, [(header::LOCATION, "/v1/users/7")]).into_response();
    }
    let problem = json!({"title": "The user needs a name", "status": 422, "field": "name"});
    let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::UNPROCESSABLE_ENTITY, content_type, problem.to_string()).into_response()
}

/// Fails twice.
fn flaky(failures: &AtomicUsize) -> Result<&'static str, StatusCode> {
    let left = failures.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
    if left.is_ok() { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok("at last") }
}

/// Says what the request was signed with.
fn signed(headers: &HeaderMap) -> String {
    let signature = headers.get("x-signature").and_then(|value| value.to_str().ok());
    signature.unwrap_or("none").to_owned()
}

/// What the examples take for a signature: the path itself.
///
/// # Panics
///
/// Where it is no value of a header.
#[must_use]
pub fn signature(path: &str) -> HeaderValue {
    path.parse().expect("it is a path")
}
