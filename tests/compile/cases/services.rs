//! What a client can be made over.

use axum::Router;
use http::{Request, Response};
use std::{convert::Infallible, rc::Rc};
use tower::service_fn;
use tower_clients::{Body, Client, Error, HttpService, Resource};

const URL: &str = "http://in.process";

#[derive(Debug)]
struct NoError;

fn service_of_other_requests() {
    let service =
        service_fn(async |_: Request<String>| Ok::<_, Infallible>(Response::new(Body::empty())));
    let _client = Client::with_service(URL, service);
}

fn service_of_other_responses() {
    let service =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(vec![1u8])));
    let _client = Resource::with_service(URL, service);
}

fn service_of_no_responses() {
    let service = service_fn(async |_: Request<Body>| Ok::<_, Infallible>("hello"));
    let _client = Client::with_service(URL, service);
}

fn service_with_an_error_that_is_none() {
    let service = service_fn(async |_: Request<Body>| Err::<Response<Body>, NoError>(NoError));
    let _client = Client::with_service(URL, service);
}

fn router_without_its_state(router: Router<String>) {
    let _client = Client::with_service(URL, router);
}

#[derive(Clone)]
struct Mine;

impl HttpService<Body> for Mine {
    type ResBody = Body;
}

struct NotClone<S>(S);

async fn requests_of_what_is_not_clone<S: HttpService<Body>>(service: S) -> Result<(), Error> {
    let client = Client::with_service(URL, service)?;
    client.get("x").await?;
    Ok(())
}

async fn requests_of_what_may_be_anything<S: Clone>(client: Client<S>) -> Result<(), Error> {
    client.get("x").await?;
    Ok(())
}

fn boxed_without_send(router: Router) -> Result<(), Error> {
    let local = Rc::new(1);
    let service = service_fn(move |_: Request<Body>| {
        let _local = Rc::clone(&local);
        async { Ok::<_, Infallible>(Response::new(Body::empty())) }
    });
    let _client = Client::with_service(URL, service)?.boxed();
    Ok(())
}

fn main() {}
