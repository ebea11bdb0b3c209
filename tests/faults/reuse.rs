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

/// Retries what costs nothing.
fn without_budget() -> RetryLayer {
    let retry = RetryLayer::new().budget(RetryBudget::percent(0).per_second(0));
    retry.backoff(Duration::ZERO, Duration::ZERO)
}

#[test]
fn d2_only_what_is_idempotent_and_met_a_stale_connection_is_sent_again_for_nothing() {
    without_leaks(async || {
        let stale = vec![Step::ReadHead, Step::send(OK), Step::ReadHead];
        let good = vec![Step::ReadHead, Step::send(OK), Step::Hang];
        let api = |peer: &Peer| {
            let client = Client::builder(&*peer.url()).retry(without_budget());
            Resource::from(client.build().unwrap())
        };

        let peer = Peer::playing([stale.clone(), good.clone()]).await;
        let got = api(&peer);
        assert_eq!(got.get("a").text().await.unwrap(), "ok");
        assert_eq!(got.get("b").text().await.unwrap(), "ok");
        let requests = String::from_utf8(peer.received().concat()).unwrap();
        assert_eq!(requests.matches("GET /b").count(), 2);

        let peer = Peer::playing([stale, good]).await;
        let posted = api(&peer);
        posted.get("a").await.unwrap();
        let error = posted.post("b").await.unwrap_err();
        assert!(error.is_stale() && error.may_have_been_sent() && peer.connections() == 1);

        let peer = Peer::playing([vec![Step::ReadHead]]).await;
        let error = api(&peer).get("a").await.unwrap_err();
        assert!(!error.is_stale() && peer.connections() == 1, "{error:#}");
        assert_eq!(error.attempts().unwrap().not_retried(), Some(NotRetried::Budget));
    });
}

#[test]
fn d3_get_that_meets_a_closing_connection_is_answered() {
    without_leaks(async || {
        let peer = impatient().await;
        let client = Client::builder(&*peer.url()).retry(without_budget());
        let api = Resource::from(client.build().unwrap());
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
