//! Limits of time, on a virtual clock.

use http_body_util::BodyExt;
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpListener, time::Instant};
use tower::{ServiceExt, limit::ConcurrencyLimitLayer};
use tower_clients::{Body, Client, Resource, RetryLayer, Session};
use tower_clients_mock::{Mock, Reply};

const SECOND: Duration = Duration::from_secs(1);

fn api(timeout: Duration) -> Resource<Session<axum::Router>> {
    let client = Client::builder("http://in.process").timeout(timeout);
    client.build_over(testbed::router()).unwrap().into()
}

#[tokio::test(start_paused = true)]
async fn timeout_of_the_client_covers_head_and_body() {
    for (path, limit) in [("delay/5", 2 * SECOND), ("drip?duration=8&numbytes=8", 3 * SECOND)] {
        let start = Instant::now();
        let error = api(limit).get(path).bytes().await.unwrap_err();
        assert_eq!((start.elapsed(), error.timeout().unwrap().after()), (limit, limit), "{path}");
        assert!(error.url().unwrap().starts_with("http://in.process/"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_of_the_request_beats_that_of_the_client() {
    assert!(api(SECOND).get("delay/5").timeout(9 * SECOND).await.is_ok());
    let error = api(9 * SECOND).get("delay/5").timeout(SECOND).await.unwrap_err();
    assert_eq!(error.timeout().unwrap().limit(), "total");
}

#[tokio::test(start_paused = true)]
async fn timeout_needs_no_layer_below_the_client() {
    let mock = || Mock::new().reply(Reply::hang());
    let api = Resource::with_service("http://mock", mock()).unwrap();
    assert!(api.get("x").timeout(SECOND).await.unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn waiting_until_the_service_is_ready_counts() {
    let mock = Mock::new().reply(Reply::hang());
    let api = Resource::with_service("http://mock", mock).unwrap();
    let api = api.layer(ConcurrencyLimitLayer::new(1));
    let holds_the_permit = tokio::spawn(api.get("first").send());
    tokio::task::yield_now().await;
    let start = Instant::now();
    let error = api.get("second").timeout(SECOND).await.unwrap_err();
    assert_eq!((start.elapsed(), error.is_timeout()), (SECOND, true));
    holds_the_permit.abort();
}

#[tokio::test(start_paused = true)]
async fn client_as_a_service_has_the_same_limits() {
    let client = Client::builder("http://mock").timeout(SECOND);
    let client = client.build_over(Mock::new().reply(Reply::hang())).unwrap();
    let request = http::Request::get("/x").body(Body::empty()).unwrap();
    assert!(client.oneshot(request).await.unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn body_of_a_response_ends_at_the_deadline_too() {
    let response = api(3 * SECOND).get("drip?duration=8&numbytes=8").response().await.unwrap();
    let start = Instant::now();
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        if let Err(error) = frame {
            assert!(error.is_timeout());
        }
    }
    assert_eq!(start.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn attempt_timeout_ends_with_the_head() {
    let api = |timeout| {
        let client = Client::builder("http://in.process").attempt_timeout(timeout);
        Resource::from(client.build_over(testbed::router()).unwrap())
    };
    let error = api(SECOND).get("delay/5").await.unwrap_err();
    assert_eq!(error.timeout().unwrap().limit(), "attempt");
    assert!(api(SECOND).get("delay/5").attempt_timeout(6 * SECOND).await.is_ok());
    assert!(api(SECOND).get("drip?duration=8&numbytes=8").bytes().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn d10_idle_timeout_and_deadline_both_end_a_body_that_drips() {
    let drip = "drip?duration=8&numbytes=4";
    let builder = || Client::builder("http://in.process");
    for (client, limit, after) in [
        (builder().idle_timeout(SECOND), "idle", SECOND),
        (builder().timeout(5 * SECOND).idle_timeout(3 * SECOND), "total", 5 * SECOND),
    ] {
        let api = Resource::from(client.build_over(testbed::router()).unwrap());
        let start = Instant::now();
        let error = api.get(drip).bytes().await.unwrap_err();
        let timeout = error.timeout().unwrap();
        assert_eq!((timeout.limit(), timeout.after(), start.elapsed()), (limit, after, after));
        assert!(error.url().unwrap().starts_with("http://in.process/drip"), "{error}");
    }
    let api = Resource::from(builder().idle_timeout(SECOND).build_over(testbed::router()).unwrap());
    assert!(api.get(drip).idle_timeout(3 * SECOND).bytes().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn total_timeout_tells_in_which_attempt_it_passed() {
    let client = Client::builder("http://mock").timeout(3 * SECOND).retry(RetryLayer::new());
    let mock = Mock::new().reply(Reply::status(503)).reply(Reply::hang());
    let error = client.build_over(mock).unwrap().get("x").await.unwrap_err();
    assert_eq!(error.timeout().unwrap().to_string(), "the total timeout of 3s passed in attempt 2");
}

/// Takes connections, writes `answer` and is silent from then on.
async fn silent(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut streams = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(answer.as_bytes()).await.unwrap();
            streams.push(stream);
        }
    });
    url
}

#[tokio::test]
async fn d10_server_that_falls_silent_is_an_error_over_the_wire() {
    let limit = Duration::from_millis(50);
    for answer in ["", "HTTP/1.1 200 \r\ncontent-length: 9\r\n\r\nbegin"] {
        let client = Client::builder(silent(answer).await).idle_timeout(limit).build().unwrap();
        let error = Resource::from(client).get("x").bytes().await.unwrap_err();
        assert_eq!((error.timeout().unwrap().limit(), error.is_timeout()), ("idle", true));
    }
    // It takes what fits into buffers on the way, and no more.
    let client = Client::builder(silent("").await).idle_timeout(limit).build().unwrap();
    let error = client.put("x").body(vec![0; 64 * 1024 * 1024]).await.unwrap_err();
    assert_eq!(error.timeout().unwrap().limit(), "idle");
}
