//! Limits of time, on a virtual clock.

use std::time::Duration;
use tokio::time::Instant;
use tower_clients::{Client, Resource, Session};

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
