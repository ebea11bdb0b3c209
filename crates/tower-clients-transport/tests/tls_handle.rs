//! Settings of TLS that are exchanged while connections are open, over loopback.

#![cfg(any(feature = "ring", feature = "aws-lc-rs"))]
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use futures_util::future::{join, join_all};
use http::{Request, Response};
use http_body_util::BodyExt;
use testbed::Testbed;
use tokio::task::yield_now;
use tower::ServiceExt;
use tower_clients_layers::{Body, Error};
use tower_clients_transport::{
    ResponseBody, Transport,
    tls::{Tls, TlsHandle},
};

const TOGETHER: usize = 4;

async fn get(transport: &Transport, url: &str) -> Result<Response<ResponseBody>, Error> {
    transport.clone().oneshot(Request::get(url).body(Body::empty()).unwrap()).await
}

fn trusting(server: &Testbed) -> Tls {
    Tls::roots_pem(server.ca_pem().unwrap()).unwrap()
}

fn identified(server: &Testbed, by: &Testbed) -> Tls {
    let (chain, key) = by.client_identity_pem().unwrap();
    trusting(server).client_identity_pem(chain, key).unwrap()
}

/// One connection for each of the requests that are open together.
async fn fill(transport: &Transport, url: &str) {
    let answers = join_all((0..TOGETHER).map(|_| get(transport, url))).await;
    for answer in answers {
        answer.unwrap().into_body().collect().await.unwrap();
    }
}

#[tokio::test]
async fn open_connections_go_on_while_a_certificate_is_exchanged_under_load() {
    let server = Testbed::https_with_client_auth().await.unwrap();
    let foreign = Testbed::https_with_client_auth().await.unwrap();
    let (url, good) = (format!("{}get", server.url()), identified(&server, &server));
    for builder in [Transport::builder(), Transport::builder().http1_only()] {
        let tls = TlsHandle::new(good.clone());
        let transport = builder.tls(&tls).build().unwrap();
        fill(&transport, &url).await;
        let (connections, requests) = (server.connections(), server.requests());

        let load = join_all((0..TOGETHER).map(async |_| {
            for _ in 0..25 {
                get(&transport, &url).await.unwrap().into_body().collect().await.unwrap();
            }
        }));
        let exchange = async {
            // The server would refuse a new connection with the foreign one.
            for next in [&identified(&server, &foreign), &good].repeat(20) {
                tls.set(next.clone()).unwrap();
                yield_now().await;
            }
        };
        join(load, exchange).await;
        assert_eq!(server.requests() - requests, TOGETHER * 25);
        assert_eq!(server.connections(), connections);
    }
}

#[tokio::test]
async fn new_connections_use_what_was_set_last() {
    let server = Testbed::https_with_client_auth().await.unwrap();
    let foreign = Testbed::https_with_client_auth().await.unwrap();
    let tls = TlsHandle::new(trusting(&server));
    let builder = Transport::builder().tls(&tls).pool_max_idle_per_host(0).http1_only();
    // Both are told.
    let transports = [builder.clone().build().unwrap(), builder.build().unwrap()];
    for (next, is_accepted) in [
        (trusting(&server), false),
        (identified(&server, &server), true),
        (identified(&server, &foreign), false),
        // It says who it is, and does not trust the server.
        (identified(&foreign, &server), false),
        (identified(&server, &server), true),
    ] {
        tls.set(next).unwrap();
        for transport in &transports {
            assert_eq!(get(transport, server.url()).await.is_ok(), is_accepted);
        }
    }
}

#[tokio::test]
async fn settings_that_are_refused_leave_those_before() {
    let [server, other] = [
        Testbed::https_with_client_auth().await.unwrap(),
        Testbed::https_with_client_auth().await.unwrap(),
    ];
    let tls = TlsHandle::new(identified(&server, &server));
    let transport = Transport::builder().tls(&tls).build().unwrap();
    let (chain, _) = server.client_identity_pem().unwrap();
    let (_, key) = other.client_identity_pem().unwrap();
    let error = tls.set(trusting(&server).client_identity_pem(chain, key).unwrap()).unwrap_err();
    assert!(error.is_config(), "{error:?}");
    assert!(get(&transport, server.url()).await.is_ok());
    let debug = format!("{tls:?} {transport:?}");
    assert!(debug.contains("client_identity: true"), "{debug}");
    assert!(!key.lines().any(|line| debug.contains(line)), "{debug}");
}
