//! A proxy over real servers, and what its hosts are trusted with.

use axum::{Router, http::StatusCode};
use http::{HeaderMap, Uri};
use http_body_util::BodyExt;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};
use testbed::Testbed;
use tower::Layer;
use tower_clients::{BalanceLayer, Client, Proxy, Resource, RetryLayer, Transport};
use tower_clients_mock::Mock;

#[tokio::test]
async fn all_hosts_share_one_pool_and_get_requests() {
    let (a, b) = (Testbed::http().await.unwrap(), Testbed::http().await.unwrap());
    let proxy = Proxy::new([a.url(), b.url()]).unwrap();
    let api = proxy.resource();
    for _ in 0..40 {
        api.get("get").await.unwrap();
        (&proxy / "status").get("204").await.unwrap();
    }
    assert_eq!(a.requests() + b.requests(), 80);
    assert!(a.requests() > 20 && b.requests() > 20);
    assert_eq!((a.connections(), b.connections()), (1, 1));
    assert!(proxy.upstreams().all(|upstream| upstream.active() == 0));
}

#[tokio::test]
async fn dead_host_is_passed_over_whatever_the_method() {
    let server = Testbed::http().await.unwrap();
    let proxy = Proxy::new(["http://127.0.0.1:9/", server.url()]).unwrap();
    for _ in 0..20 {
        let response = proxy.post("post").json(&["whole"]).await.unwrap();
        assert_eq!(response.status(), 200);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains("whole"));
    }
    assert_eq!(server.requests(), 20);
}

#[tokio::test]
async fn stream_is_active_until_it_ends() {
    let server = Testbed::http().await.unwrap();
    let proxy = Proxy::new([server.url()]).unwrap();
    let child = &proxy / "bytes";
    let active = || proxy.upstreams().map(|upstream| upstream.active()).sum::<usize>();
    let response = child.get("1000").await.unwrap();
    let dropped = child.get("1000").await.unwrap();
    assert_eq!(active(), 2);
    drop(dropped);
    assert_eq!(active(), 1);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), 1000);
    assert_eq!(active(), 0);
}

/// All hosts are trusted alike; any other one gets nothing, not even a request.
#[tokio::test]
async fn l8_credentials_reach_every_upstream_and_nobody_else() {
    let evil = Arc::new(AtomicBool::new(false));
    let met = Arc::clone(&evil);
    let echo = Router::new().fallback(async move |uri: Uri, headers: HeaderMap| {
        met.fetch_or(uri.host().is_some_and(|host| host == "evil"), SeqCst);
        match headers.get("authorization") {
            Some(value) if value == "Bearer t0ken" => StatusCode::OK,
            _ => StatusCode::UNAUTHORIZED,
        }
    });
    let balance = BalanceLayer::new(["http://a/v1", "http://b/v1"]).unwrap();
    let client = Client::builder(balance.base_url().clone()).bearer_auth("t0ken");
    let proxy = Proxy::from(client.build_over(balance.layer(echo)).unwrap());
    for _ in 0..20 {
        assert_eq!(proxy.get("x").await.unwrap().status(), 200);
    }
    for reference in ["//evil/v1/x", "http://evil/v1", "//b/v1/x", "../x", "/v2"] {
        let error = proxy.get(reference).await.unwrap_err();
        assert!(error.is_url() && !error.may_have_been_sent(), "{reference}");
    }
    assert!(!evil.load(SeqCst));
}

#[tokio::test(start_paused = true)]
async fn retries_and_failover_do_not_multiply() {
    let mock = Mock::new();
    let balance = BalanceLayer::new(["http://a", "http://b", "http://c"]).unwrap();
    let client = Client::builder(balance.base_url().clone()).retry(RetryLayer::new().attempts(2));
    let proxy = Proxy::from(client.build_over(balance.layer(mock.clone())).unwrap());
    assert_eq!(proxy.get("x").await.unwrap_err().attempts().unwrap().count(), 2);
    let hosts: Vec<_> =
        mock.requests().iter().map(|request| request.uri().host().unwrap().to_owned()).collect();
    assert!(hosts.len() == 2 && hosts[0] != hosts[1], "{hosts:?}");
}

#[test]
fn proxy_needs_no_runtime_to_be_made() {
    let proxy = Proxy::new(["http://a", "http://b"]).unwrap();
    assert_eq!(proxy.to_string(), "http://a/");
    assert_eq!(Resource::from(proxy.clone()).to_string(), Client::from(proxy).to_string());
    let balance = BalanceLayer::new(["http://a"]).unwrap().layer(Transport::new());
    assert_eq!(balance.upstreams().len(), 1);
    assert!(Proxy::new::<&str>([]).unwrap_err().is_config());
}
