//! A backend whose calls take over what the request has that it answers.

use axum::{Extension, Router, http::HeaderMap, routing::get};
use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tower::{ServiceExt, service_fn};
use tower_clients::{
    AnswerErrorsLayer, Body, BoxResource, Client, DeadlineLayer, Error, Inherit, RedirectLayer,
    Resource, RetryLayer, Upstream,
};

const LIMIT: Duration = Duration::from_millis(200);

/// Counts while it is there.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What an upstream does, whose calls would go on and on: it refuses for a while, then says nothing.
fn upstream(open: &Arc<AtomicUsize>) -> BoxResource {
    let open = Arc::clone(open);
    let calls = Arc::<AtomicUsize>::default();
    let service = service_fn(move |_: Request<Body>| {
        let open = Open::new(&open);
        let call = calls.fetch_add(1, Relaxed);
        async move {
            let _open = open;
            if call > 1 {
                pending::<()>().await;
            }
            sleep(Duration::from_millis(60)).await;
            let response = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE);
            Ok::<_, Infallible>(response.body(Body::empty()).unwrap())
        }
    });
    let client = Client::builder("http://upstream.internal")
        .timeout(Duration::from_secs(60))
        .retry(RetryLayer::new().attempts(9).backoff(Duration::ZERO, Duration::ZERO));
    Resource::from(client.build_over(service).unwrap()).boxed()
}

async fn handler(Upstream(api): Upstream<BoxResource>) -> Result<String, Error> {
    api.get("slow").text().await
}

/// A handler that lets its call go on without it.
async fn careless(Upstream(api): Upstream<BoxResource>) -> Result<String, Error> {
    tokio::spawn(api.get("slow").text().into_future()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn backend_makes_no_call_that_outlives_the_deadline_of_its_request() {
    for path in ["/handler", "/careless"] {
        let open = Arc::default();
        let app = Router::new()
            .route("/handler", get(handler))
            .route("/careless", get(careless))
            .layer((AnswerErrorsLayer::new(), DeadlineLayer::new(LIMIT)))
            .with_state(upstream(&open));
        let start = Instant::now();
        let response = app.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!((response.status(), start.elapsed()), (StatusCode::GATEWAY_TIMEOUT, LIMIT));
        sleep(Duration::from_millis(1)).await;
        assert_eq!(open.load(Relaxed), 0, "{path}");
    }
}

#[tokio::test]
async fn credential_of_the_caller_goes_to_the_origin_of_the_client_and_no_further() {
    let server = service_fn(async |request: Request<Body>| {
        let response = match request.uri().path() {
            "/away" => {
                Response::builder().status(302).header("location", "http://other.example/seen")
            }
            _ => Response::builder(),
        };
        let seen = request.headers().contains_key(AUTHORIZATION).to_string();
        Ok::<_, Infallible>(response.body(Body::from(seen)).unwrap())
    });
    let client = Client::builder("http://upstream.internal")
        .redirect(RedirectLayer::new().allow_cross_origin())
        .allow_origin("http://third.example");
    let inherit = Inherit::new().header(AUTHORIZATION);
    let inbound = HeaderMap::from_iter([(AUTHORIZATION, "Bearer t".parse().unwrap())]);
    let api = Resource::from(client.build_over(server).unwrap().inherit(&inherit.of(&inbound)));
    assert_eq!(api.get("here").text().await.unwrap(), "true");
    for elsewhere in ["away", "http://third.example/"] {
        assert_eq!(api.get(elsewhere).text().await.unwrap(), "false", "{elsewhere}");
    }
}

#[tokio::test]
async fn extension_says_what_is_inherited() {
    let server = Router::new().fallback(async |headers: HeaderMap| {
        format!("{} {}", headers.contains_key("x-tenant"), headers.contains_key("x-request-id"))
    });
    let api = Client::with_service("http://upstream.internal", server).unwrap();
    let app = Router::new()
        .route("/", get(handler))
        .layer(Extension(Inherit::new().header("x-tenant".parse().unwrap())))
        .with_state(Resource::from(api).boxed());
    let caller = Resource::with_service("http://backend", app).unwrap();
    let request = caller.get("").header("x-tenant", "a").header("x-request-id", "b");
    assert_eq!(request.text().await.unwrap(), "true true");
}
