//! Layers composed by hand into a service, with no client around them.
//!
//! Run it with `cargo run --example custom_stack`.

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use serde_json::Value;
use std::time::Duration;
use testbed::Testbed;
use tower::{ServiceBuilder, ServiceExt, limit::ConcurrencyLimitLayer, timeout::TimeoutLayer};
use tower_clients::{
    AuthorizeLayer, BaseUrl, Body, BoxError, CheckStatusLayer, DecodeLayer, DefaultHeadersLayer,
    JoinUrlLayer, Json, Transport,
};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let server = Testbed::http().await?;
    let base = BaseUrl::parse(server.url())?;
    let agent =
        (HeaderName::from_static("user-agent"), HeaderValue::from_static("custom-stack/1.0"));

    // The first layer is the outermost. Layers of others go wherever they make sense.
    let service = ServiceBuilder::new()
        .layer(DecodeLayer::<Json<Value>>::new())
        .layer(CheckStatusLayer::new().keep(1024))
        .layer(TimeoutLayer::new(Duration::from_secs(5)))
        .layer(JoinUrlLayer::new(base.clone()))
        .layer(DefaultHeadersLayer::new(base.origin().clone(), HeaderMap::from_iter([agent])))
        .layer(AuthorizeLayer::basic(base.origin().clone(), "ada", "secret")?)
        .layer(ConcurrencyLimitLayer::new(8))
        .service(Transport::new());

    let request = Request::get("/basic-auth/ada/secret").body(Body::empty())?;
    let response = service.clone().oneshot(request).await?;
    println!("{} {}", response.status(), response.body());
    assert_eq!(response.body()["user"], "ada");

    let request = Request::get("/status/503").body(Body::empty())?;
    let error = service.clone().oneshot(request).await.expect_err("it is an outage");
    println!("{error}");

    let request = Request::get("/html").body(Body::empty())?;
    let error = service.oneshot(request).await.expect_err("it is no JSON");
    println!("{error:#}");
    Ok(())
}
