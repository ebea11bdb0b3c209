//! Connections that the server closes while the client is about to use them.

use integration_tests::{Peer, Step, without_leaks};
use std::time::Duration;
use tower_clients::{Client, NotRetried, Resource, RetryBudget, RetryLayer};

const ROUNDS: usize = 1000;
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Answers, and closes a little later: a connection has as many answers, and as much patience, as its
/// number makes it.
async fn impatient() -> Peer {
    let script = |number: usize| {
        let answers = (0..=number % 3).flat_map(|_| [Step::ReadHead, Step::send(OK)]);
        answers.chain([Step::Sleep(Duration::from_micros(97 * (number % 7) as u64))]).collect()
    };
    Peer::playing((0..ROUNDS).map(script)).await
}

#[test]
fn d2_only_what_is_idempotent_is_sent_again_on_a_new_connection_and_charged_to_the_budget() {
    without_leaks(async || {
        let stale = vec![Step::ReadHead, Step::send(OK), Step::ReadHead];
        let good = vec![Step::ReadHead, Step::send(OK), Step::Hang];
        let peer = Peer::playing([stale.clone(), good, stale]).await;
        let client = |percent| {
            let budget = RetryBudget::percent(percent).per_second(0);
            let retry = RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO).budget(budget);
            Resource::from(Client::builder(&*peer.url()).retry(retry).build().unwrap())
        };
        // Two requests pay for one retry.
        let api = client(50);
        assert_eq!(api.get("a").text().await.unwrap(), "ok");
        assert_eq!(api.get("b").text().await.unwrap(), "ok");
        let received = String::from_utf8(peer.received().concat()).unwrap();
        assert_eq!(received.matches("GET /b").count(), 2);

        let api = client(0);
        assert_eq!(api.get("c").text().await.unwrap(), "ok");
        let error = api.get("d").await.unwrap_err();
        assert_eq!(error.attempts().unwrap().not_retried(), Some(NotRetried::Budget));

        let api = client(100);
        assert_eq!(api.get("e").text().await.unwrap(), "ok");
        let error = api.post("f").await.unwrap_err();
        assert!(error.may_have_been_sent() && error.attempts().is_none(), "{error:#}");
        assert_eq!(peer.connections(), 4);
    });
}

#[test]
fn d3_get_that_meets_a_closing_connection_is_answered() {
    without_leaks(async || {
        let peer = impatient().await;
        // Every second request meets a connection that closes.
        let retry = RetryLayer::new().budget(RetryBudget::percent(100));
        let retry = retry.backoff(Duration::ZERO, Duration::ZERO);
        let api = Resource::from(Client::builder(&*peer.url()).retry(retry).build().unwrap());
        for round in 0..ROUNDS {
            let text = api.get(("get", round)).text().await;
            assert_eq!(text.unwrap(), "ok", "{round}");
        }
        assert!(peer.connections() > ROUNDS / 4);
    });
}

#[test]
fn d2_d3_post_that_meets_a_closing_connection_is_on_the_wire_once() {
    without_leaks(async || {
        let peer = impatient().await;
        let client = Client::new(&*peer.url()).unwrap();
        for round in 0..ROUNDS / 2 {
            if let Err(error) = client.post(("post", round)).await {
                assert!(error.may_have_been_sent(), "{round}: {error:#}");
            }
        }
        let received = String::from_utf8(peer.received().concat()).unwrap();
        for round in 0..ROUNDS / 2 {
            assert!(received.matches(&format!("/post/{round} ")).count() <= 1, "{round}");
        }
    });
}
