//! The order of layers, and what they need.

use axum::Router;
use http::{Request, Response};
use std::convert::Infallible;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_clients::{
    Body, BoxClient, BoxError, BoxService, CheckLayer, CheckStatusLayer, Content, DeadlineLayer, DecodeLayer,
    Error, HttpService, RetryLayer,
};

fn is_http_service<S: HttpService<Body>>(_: &S) {}

fn is_service<S: Service<Request<Body>>>(_: &S) {}

async fn status_checked_above_the_decoding() -> Result<(), BoxError> {
    let service = ServiceBuilder::new()
        .layer(CheckStatusLayer::new())
        .layer(DecodeLayer::<Content>::new())
        .service(Router::new());
    service.oneshot(Request::new(Body::empty())).await?;
    Ok(())
}

fn status_checked_above_the_decoding_with_its_bound_named() {
    let service = ServiceBuilder::new()
        .layer(CheckStatusLayer::new())
        .layer(DecodeLayer::<Content>::new())
        .service(Router::new());
    is_http_service(&service);
}

async fn deadline_above_the_decoding() -> Result<(), BoxError> {
    let service = ServiceBuilder::new()
        .layer(DeadlineLayer::none())
        .layer(DecodeLayer::<Content>::new())
        .service(Router::new());
    let response = service.oneshot(Request::new(Body::empty())).await?;
    let _text: Option<&str> = response.into_body().as_text();
    Ok(())
}

fn retries_of_a_body_that_cannot_be_repeated() {
    let server = service_fn(async |_: Request<axum::body::Body>| {
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    is_http_service(&RetryLayer::new().layer(server));
}

fn check_without_decoding() {
    let check = CheckLayer::new(|_: &http::response::Parts, body: Content| Ok::<_, Error>(body));
    is_service(&check.layer(Router::new()));
}

fn decoding_below_a_client(client: BoxClient) {
    let _client = client.layer(DecodeLayer::<Content>::new());
}

// Types of functions are shown in the same words wherever this lies, those of closures with their path.
fn same(service: BoxService) -> BoxService {
    service
}

fn no_layer_at_all(client: BoxClient) {
    let _client = client.layer(same);
}

fn main() {}
