//! Requests that are sent again, by whole clients and over connections.

use axum::Router;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, StatusCode};
use integration_tests::{Peer, Step};
use serde_json::{Value, json};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::Instant};
use tower_clients::{
    Attempts, Body, Client, ClientBuilder, Graph, NotRetried, Resource, Retries, RetryBudget,
    RetryLayer, Session,
};
use tower_clients_mock::{Mock, Reply};

const SECOND: Duration = Duration::from_secs(1);

fn at_once() -> RetryLayer {
    RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO)
}

fn builder() -> ClientBuilder {
    Client::builder("http://h").retry(at_once())
}

fn scripted(replies: impl IntoIterator<Item = Reply>) -> (Resource<Session<Mock>>, Mock) {
    let mock = replies.into_iter().fold(Mock::new(), Mock::reply);
    (builder().build_over(mock.clone()).unwrap().into(), mock)
}

fn failing(times: usize) -> impl Iterator<Item = Reply> {
    (0..times).map(|_| Reply::status(503).body("busy"))
}

#[tokio::test(start_paused = true)]
async fn nothing_is_retried_until_it_is_configured() {
    let mock = failing(1).fold(Mock::new(), Mock::reply);
    let client = Client::builder("http://h").build_over(mock.clone()).unwrap();
    assert_eq!(client.get("x").retry(Retries::AnyMethod).await.unwrap().status(), 503);
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn r1_client_gives_the_last_response_and_a_resource_its_error() {
    let (api, _) = scripted(failing(3));
    let response = api.client().get("x").await.unwrap();
    let attempts: &Attempts = response.extensions().get().unwrap();
    assert_eq!((response.status().as_u16(), attempts.count()), (503, 3));

    let (api, _) = scripted(failing(3));
    let error = api.get("x").await.unwrap_err();
    assert_eq!(error.failure().unwrap().text(), "busy");
    assert_eq!(error.attempts().unwrap().not_retried(), Some(NotRetried::Attempts));
    assert_eq!(
        error.to_string(),
        "GET http://h/x: the server answered 503 Service Unavailable at attempt 3, the last one"
    );

    let (api, _) = scripted(failing(2).chain([Reply::status(404)]));
    assert!(!api.exists("x").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn r3_each_attempt_has_the_same_head_and_bytes() {
    let replies = failing(2).chain([Reply::json(&7)]);
    let mock = replies.fold(Mock::new(), Mock::reply);
    let client = builder().bearer_auth("t0ken").header("user-agent", "demo/1");
    let api = Resource::from(client.build_over(mock.clone()).unwrap());
    let body = json!({"amount": 3});
    let answer = api.post("pay").header("idempotency-key", "7f3a").json(&body).json::<u8>().await;
    assert_eq!(answer.unwrap(), 7);
    let requests = mock.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(
            (request.headers(), request.body()),
            (requests[0].headers(), requests[0].body())
        );
        assert_eq!(request.headers()["idempotency-key"], "7f3a");
        assert_eq!(serde_json::from_slice::<Value>(request.body()).unwrap(), body);
    }
}

#[tokio::test(start_paused = true)]
async fn query_of_a_graph_is_retried_where_the_call_says_so() {
    let answer = || Reply::json(&json!({"data": {"a": 1}}));
    for (retries, sent) in [(Retries::IfIdempotent, 1), (Retries::AnyMethod, 2)] {
        let mock = failing(1).chain([answer()]).fold(Mock::new(), Mock::reply);
        let graph = Graph::from(builder().build_over(mock.clone()).unwrap());
        let outcome = graph.execute::<Value>("{ a }", &()).retry(retries).await;
        assert_eq!((outcome.is_ok(), mock.requests().len()), (sent == 2, sent));
    }
}

#[tokio::test(start_paused = true)]
async fn put_of_an_edit_is_sent_once_also_with_a_replay_buffer() {
    let read = Reply::json(&1).header("etag", "\"a\"");
    let mock = [read, Reply::status(503)].into_iter().fold(Mock::new(), Mock::reply);
    let layer = at_once().replay_up_to(1024);
    let client = Client::builder("http://h").retry(layer).build_over(mock.clone()).unwrap();
    let error = Resource::from(client).edit("x").with(|n: &mut u8| *n += 1).await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), mock.requests().len()), (503, 2));
}

#[tokio::test(start_paused = true)]
async fn r7_all_attempts_share_the_time_of_the_request() {
    let client = builder().timeout(10 * SECOND).attempt_timeout(4 * SECOND);
    let mock = (0..9).map(|_| Reply::hang()).fold(Mock::new(), Mock::reply);
    let api = Resource::from(client.build_over(mock.clone()).unwrap());
    let start = Instant::now();
    let error = api.get("x").await.unwrap_err();
    // A third attempt would have had two seconds.
    assert_eq!((start.elapsed(), mock.requests().len()), (8 * SECOND, 2));
    assert_eq!(error.attempts().unwrap().not_retried(), Some(NotRetried::Deadline));
    assert_eq!(
        format!("{error:#}"),
        "GET http://h/x: the request ran out of time at attempt 2; too little time is left for another: \
         the attempt timeout of 4s passed in attempt 2"
    );
}

fn over_wire(url: &str, layer: RetryLayer) -> Client {
    Client::builder(url).retry(layer).build().unwrap()
}

#[tokio::test]
async fn r2_post_whose_answer_is_lost_is_on_the_wire_once_and_a_get_again() {
    let lost = || vec![Step::ReadHead];
    let answered = vec![Step::ReadHead, Step::send("HTTP/1.1 204 \r\n\r\n")];
    let peer = Peer::playing([lost(), lost(), lost(), answered]).await;
    let client = over_wire(&peer.url(), at_once());
    let error = client.post("pay").body("1").await.unwrap_err();
    assert!(error.is_transport() && error.may_have_been_sent() && error.attempts().is_none());
    assert_eq!(peer.connections(), 1);

    assert_eq!(client.get("x").await.unwrap().status(), 204);
    let seen = peer.received();
    assert_eq!(seen.len(), 4);
    assert_eq!(seen.iter().filter(|request| request.starts_with(b"POST")).count(), 1);
}

#[tokio::test]
async fn r4_stream_that_is_answered_too_early_is_sent_again_whole() {
    const BUSY: &str = "HTTP/1.1 503 \r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const FINE: &str = "HTTP/1.1 200 \r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let peer = Peer::playing([
        vec![Step::ReadHead, Step::send(BUSY), Step::Finish],
        vec![Step::ReadTo(b"\r\n0\r\n\r\n".to_vec()), Step::send(FINE)],
    ]);
    let peer = Arc::new(peer.await);
    // The rest comes only when the server has the head.
    let seen = Arc::clone(&peer);
    let rest = stream::once(async move {
        let has_head = |bytes: &Vec<u8>| bytes.windows(4).any(|bytes| bytes == b"\r\n\r\n");
        while !seen.received().first().is_some_and(has_head) {
            tokio::task::yield_now().await;
        }
        Bytes::from_static(b"rest")
    });
    let chunks = stream::iter([Bytes::from_static(b"begin ")]).chain(rest);
    let body = Body::from_stream(chunks.map(Ok::<_, Infallible>));
    let client = over_wire(&peer.url(), at_once().replay_up_to(1024));
    let response = client.put("x").body(body).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let second = String::from_utf8(peer.received()[1].clone()).unwrap();
    assert!(second.ends_with("\r\n\r\n6\r\nbegin \r\n4\r\nrest\r\n0\r\n\r\n"), "{second:?}");
}

#[tokio::test]
async fn c1_connection_that_is_refused_is_tried_again_for_any_method() {
    let addr = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{addr}");
    for method in [Method::GET, Method::POST] {
        let error = over_wire(&url, at_once()).request(method, "x").await.unwrap_err();
        assert!(error.is_connect() && !error.may_have_been_sent());
        let attempts = error.attempts().unwrap();
        assert_eq!((attempts.count(), attempts.not_retried()), (3, Some(NotRetried::Attempts)));
        assert!(attempts.earlier().iter().all(|attempt| attempt.error().unwrap().is_connect()));
    }
}

#[tokio::test(start_paused = true)]
async fn r8_clients_with_one_layer_share_its_budget() {
    let layer = at_once().budget(RetryBudget::percent(100).per_second(0));
    let down = || Router::new().fallback(async || StatusCode::BAD_GATEWAY);
    let clients = [(); 2]
        .map(|()| Client::builder("http://h").retry(layer.clone()).build_over(down()).unwrap());
    // Two requests save up two retries, and the first client uses both.
    let unsaved = clients[1].post("x").await.unwrap();
    assert!(unsaved.extensions().get::<Attempts>().is_none());
    let response = clients[0].get("x").await.unwrap();
    assert_eq!(response.extensions().get::<Attempts>().unwrap().count(), 3);
    let response = clients[1].get("x").retry(Retries::Never).await.unwrap();
    assert!(response.extensions().get::<Attempts>().is_none());
}
