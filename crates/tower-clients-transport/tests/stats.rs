//! What is counted, over loopback.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use futures_util::poll;
use http::{Request, Response};
use http_body_util::BodyExt;
use std::{pin::pin, time::Duration};
use testbed::Testbed;
use tower::ServiceExt;
use tower_clients_layers::{Body, Error};
use tower_clients_transport::{ResponseBody, Transport, TransportStats};

async fn get(transport: &Transport, url: &str) -> Result<Response<ResponseBody>, Error> {
    transport.clone().oneshot(Request::get(url).body(Body::empty()).unwrap()).await
}

/// Open, idle, in use, waiting.
fn totals(stats: &TransportStats) -> [usize; 4] {
    [stats.open(), stats.idle(), stats.in_use(), stats.waiting()]
}

#[tokio::test]
async fn hosts_are_counted_by_origin_and_add_up() {
    let [one, two] = [Testbed::http().await.unwrap(), Testbed::http().await.unwrap()];
    let transport = Transport::new();
    assert_eq!(totals(&transport.stats()), [0; 4]);
    let url = |server: &Testbed| format!("{}bytes/100000", server.url());
    let held = [get(&transport, &url(&one)).await, get(&transport, &url(&one)).await];
    get(&transport, &url(&two)).await.unwrap().into_body().collect().await.unwrap();

    let stats = transport.stats();
    let mut hosts = stats.hosts.iter().map(|host| (host.origin.clone(), host.in_use, host.idle));
    let mut expected =
        [(format!("http://{}", one.addr()), 2, 0), (format!("http://{}", two.addr()), 0, 1)];
    expected.sort();
    assert!(hosts.by_ref().eq(expected));
    assert_eq!((totals(&stats), stats.in_flight), ([3, 1, 2, 0], 2));

    // Too long to be read for the sake of the connection.
    drop(held);
    assert_eq!(totals(&transport.stats()), [1, 1, 0, 0]);
    assert_eq!(transport.shutdown(Duration::ZERO).await, 0);
    assert_eq!(totals(&transport.stats()), [0; 4]);
}

#[tokio::test]
async fn request_that_waits_for_a_limit_is_counted_until_it_is_dropped() {
    let server = Testbed::http().await.unwrap();
    let transport = Transport::builder().pool_max_open_per_host(1).build().unwrap();
    let url = format!("{}bytes/10", server.url());
    let held = get(&transport, &url).await.unwrap();
    {
        let mut waiting = pin!(get(&transport, &url));
        assert!(poll!(&mut waiting).is_pending());
        assert_eq!(totals(&transport.stats()), [1, 0, 1, 1]);
    }
    assert_eq!(totals(&transport.stats()), [1, 0, 1, 0]);
    held.into_body().collect().await.unwrap();
    assert_eq!(totals(&transport.stats()), [1, 1, 0, 0]);
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn connection_that_carries_many_requests_is_one() {
    let server = Testbed::http().await.unwrap();
    let transport = Transport::builder().http2_prior_knowledge().build().unwrap();
    let url = format!("{}bytes/100000", server.url());
    let held = [get(&transport, &url).await, get(&transport, &url).await];
    assert_eq!((totals(&transport.stats()), transport.in_flight()), ([1, 0, 1, 0], 2));
    drop(held);
    assert_eq!((totals(&transport.stats()), transport.in_flight()), ([1, 1, 0, 0], 0));
}

#[tokio::test]
async fn connection_that_cannot_be_made_is_not_open() {
    let transport = Transport::new();
    assert!(get(&transport, "http://127.0.0.1:1/").await.is_err());
    assert_eq!(totals(&transport.stats()), [0; 4]);
}
