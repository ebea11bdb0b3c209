//! The end of a client is that of all clients over its transport.

use axum::Router;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use testbed::Testbed;
use tokio::{sync::Notify, task::yield_now};
use tower::util::MapRequestLayer;
use tower_clients::{Body, Client, HedgeLayer, Resource, RetryLayer, Transport};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn all_clients_over_one_transport_are_shut_down() {
    let server = Testbed::http().await.unwrap();
    let api = Resource::new(server.url()).unwrap();
    let child = &api / "anything";
    child.get("x").await.unwrap();
    assert_eq!(api.client().shutdown(SECOND).await, 0);
    for error in [api.get("get").await.unwrap_err(), child.get("x").await.unwrap_err()] {
        assert!(error.unavailable().unwrap().is_shut_down(), "{error:?}");
        assert_eq!(error.gateway_status(), 503);
    }
    assert_eq!((server.requests(), api.client().in_flight()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn retry_that_waits_is_not_sent_any_more() {
    let server = Testbed::http().await.unwrap();
    let transport = Transport::new();
    let retry = RetryLayer::new().backoff(SECOND / 2, SECOND / 2);
    let client = Client::builder(server.url()).retry(retry).build_over(transport.clone());
    let api = Resource::from(client.unwrap());
    let request = tokio::spawn(api.get("status/503").text().send());
    while server.requests() == 0 || transport.in_flight() > 0 {
        yield_now().await;
    }
    assert_eq!(transport.shutdown(60 * SECOND).await, 0);
    let error = request.await.unwrap().unwrap_err();
    assert!(error.unavailable().unwrap().is_shut_down(), "{error:?}");
    assert_eq!((server.requests(), error.attempts().unwrap().count()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn second_attempt_of_a_hedge_is_not_sent_any_more_and_the_first_ends() {
    let answer = Arc::new(Notify::new());
    let held = Arc::clone(&answer);
    let router = Router::new().fallback(async move || held.notified().await);
    let server = Testbed::serve(router).await.unwrap();
    let transport = Transport::new();
    let attempts = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&attempts);
    let client = Client::builder(server.url()).build_over(transport.clone()).unwrap();
    let client = client
        .layer(MapRequestLayer::new(move |request: http::Request<Body>| {
            // The first is answered when the second has been tried.
            if counted.fetch_add(1, Relaxed) == 1 {
                answer.notify_one();
            }
            request
        }))
        .layer(HedgeLayer::after(SECOND));
    let request = tokio::spawn(Resource::from(client).get("slow").text().send());
    while transport.in_flight() == 0 {
        yield_now().await;
    }
    assert_eq!(transport.shutdown(60 * SECOND).await, 0);
    assert_eq!(request.await.unwrap().unwrap(), "");
    assert_eq!((attempts.load(Relaxed), server.requests()), (2, 1));
}
