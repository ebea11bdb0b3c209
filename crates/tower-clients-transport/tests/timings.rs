//! What responses tell of the time that they took.

#![cfg(feature = "ring")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use http::{Request, Response};
use http_body_util::BodyExt;
use testbed::Testbed;
use tower::ServiceExt;
use tower_clients_layers::Body;
use tower_clients_transport::{ResponseBody, Timings, Transport, TransportBuilder, tls::Tls};

async fn get(transport: &Transport, url: &str) -> Response<ResponseBody> {
    let request = Request::get(format!("{url}bytes/100")).body(Body::empty()).unwrap();
    transport.clone().oneshot(request).await.unwrap()
}

fn timings(response: &Response<ResponseBody>) -> Timings {
    response.extensions().get::<Timings>().unwrap().clone()
}

async fn secure() -> (Testbed, TransportBuilder) {
    let server = Testbed::https().await.unwrap();
    let tls = Tls::roots_pem(server.ca_pem().unwrap()).unwrap();
    (server, Transport::builder().tls(tls))
}

#[tokio::test]
async fn parts_of_the_way_to_a_server_are_told_once() {
    for http1_only in [false, true] {
        let (server, mut builder) = secure().await;
        if http1_only {
            builder = builder.http1_only();
        }
        let transport = builder.timings().build().unwrap();
        let response = get(&transport, server.url()).await;
        let first = timings(&response);
        let parts = [first.dns(), first.tcp(), first.tls()].map(Option::unwrap);
        assert!(!first.is_reused() && parts.iter().sum::<std::time::Duration>() < first.head());
        assert_eq!(first.body(), None);
        response.into_body().collect().await.unwrap();
        assert!(first.body().is_some());

        let second = timings(&get(&transport, server.url()).await);
        assert!(second.is_reused() && second.tcp().is_none() && second.tls().is_none());
    }
}

#[tokio::test]
async fn body_that_is_given_up_has_no_end() {
    let server = Testbed::http().await.unwrap();
    let transport = Transport::builder().timings().build().unwrap();
    let request = Request::get(format!("{}bytes/100000", server.url())).body(Body::empty());
    let response = transport.oneshot(request.unwrap()).await.unwrap();
    let timings = timings(&response);
    drop(response);
    assert_eq!(timings.body(), None);
}

#[tokio::test]
async fn nothing_is_told_unless_asked_for() {
    let (server, builder) = secure().await;
    let response = get(&builder.build().unwrap(), server.url()).await;
    assert!(response.extensions().get::<Timings>().is_none());
}
