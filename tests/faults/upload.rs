//! Uploads that are answered too early, that fail, or that are not as long as they say.

use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use integration_tests::{Peer, Step, without_leaks};
use std::{convert::Infallible, io, time::Duration};
use tower_clients::{Body, BoxError, Client, Error, Resource, RetryLayer};

const ENOUGH: Duration = Duration::from_secs(10);
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn pending() -> impl Stream<Item = Result<&'static str, BoxError>> {
    stream::pending()
}

/// Answers the head of the first request so, and reads on. Then all requests are answered well.
async fn early(answer: &str) -> Peer {
    let early = vec![Step::ReadHead, Step::send(answer), Step::Hang];
    Peer::playing([early, vec![Step::ReadHead, Step::send(OK)]]).await
}

#[test]
fn d5_refusal_ends_the_upload_and_its_connection() {
    without_leaks(async || {
        for status in [400, 413, 503] {
            let peer = early(&format!("HTTP/1.1 {status} \r\ncontent-length: 3\r\n\r\nwhy")).await;
            let client = Client::new(&*peer.url()).unwrap();
            let response = client.put("x").body(Body::from_stream(pending())).await.unwrap();
            assert_eq!(response.status(), status);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, "why");
            assert_eq!(client.get("x").await.unwrap().status(), 200);
            assert_eq!(peer.connections(), 2);
        }
    });
}

#[test]
fn d5_response_that_is_dropped_ends_the_upload() {
    without_leaks(async || {
        let peer = early("HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\nbegin").await;
        let client = Client::new(&*peer.url()).unwrap();
        drop(client.put("x").body(Body::from_stream(pending())).await.unwrap());
    });
}

#[test]
fn d5_upload_that_is_accepted_early_goes_on_to_its_end() {
    without_leaks(async || {
        let head = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        let rest = "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n".len();
        let script = vec![Step::ReadHead, Step::send(head), Step::Read(rest), Step::Hang];
        let peer = Peer::playing([script]).await;
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let chunks = stream::unfold(receiver, async |mut receiver| {
            Some((Ok::<&str, Infallible>(receiver.recv().await?), receiver))
        });
        let client = Client::new(&*peer.url()).unwrap();
        let response = client.put("x").body(Body::from_stream(chunks)).await.unwrap();
        drop(response);
        for chunk in ["one", "two"] {
            sender.send(chunk).unwrap();
        }
        drop(sender);
        while !peer.received()[0].ends_with(b"0\r\n\r\n") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

async fn uploaded(
    peer: &Peer,
    length: Option<usize>,
    chunks: Vec<Result<&'static str, BoxError>>,
) -> Result<String, Error> {
    let api = Resource::new(&*peer.url()).unwrap();
    let body = Body::from_stream(stream::iter(chunks));
    let request = api.put("x").body(body).timeout(ENOUGH);
    let request = match length {
        Some(length) => request.header("content-length", length.to_string()),
        None => request,
    };
    let outcome = request.text().await;
    assert_eq!(api.get("next").text().await.unwrap(), "ok");
    outcome
}

#[test]
fn w4_upload_that_fails_or_is_not_as_long_as_it_says_is_an_error_and_closes() {
    without_leaks(async || {
        for (length, chunks) in [
            (None, vec![Ok("one"), Err(io::Error::other("the disk").into())]),
            (Some(9), vec![Ok("one"), Err(io::Error::other("the disk").into())]),
            (Some(9), vec![Ok("one"), Ok("two")]),
            (Some(4), vec![Ok("one"), Ok("two")]),
        ] {
            let place = format!("{length:?} {chunks:?}");
            // It waits for more than there is.
            let peer = Peer::playing([
                vec![Step::ReadHead, Step::Hang],
                vec![Step::ReadHead, Step::send(OK)],
            ])
            .await;
            let error = uploaded(&peer, length, chunks).await.unwrap_err();
            assert!(error.may_have_been_sent() && !error.is_timeout(), "{place}: {error:#}");
            let received = peer.received();
            assert_eq!(received.len(), 2, "{place}");
            assert!(!received[0].windows(4).any(|bytes| bytes == b"next"), "{place}");
            assert!(!received[0].ends_with(b"0\r\n\r\n"), "{place}");
        }
    });
}

#[test]
fn w4_length_that_is_not_that_of_the_body_is_an_error_before_anything_is_sent() {
    without_leaks(async || {
        let peer = Peer::evil().await;
        let client = Client::new(&*peer.url()).unwrap();
        for length in ["0", "2", "4", "+3", "3, 3", "x", ""] {
            let request = client.put("x").header("content-length", length).body("one");
            let error = request.await.unwrap_err();
            assert!(error.is_request() && !error.may_have_been_sent(), "{length:?}: {error:#}");
        }
        assert_eq!(peer.connections(), 0);
    });
}

#[test]
fn u3_change_that_is_made_and_not_answered_is_on_the_wire_once() {
    without_leaks(async || {
        let document = "HTTP/1.1 200 OK\r\netag: \"a\"\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n1";
        let lost =
            vec![Step::ReadHead, Step::send(document), Step::ReadHead, Step::Read(1), Step::Reset];
        let peer = Peer::playing([lost, vec![Step::Hang]]).await;
        let retry = RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO);
        let client = Client::builder(&*peer.url()).retry(retry).build().unwrap();
        let edit = Resource::from(client).edit("x");
        let error = edit.with(|number: &mut u8| *number += 1).await.unwrap_err();
        assert!(error.is_transport() && error.may_have_been_sent(), "{error:#}");
        assert_eq!(String::from_utf8(peer.received().concat()).unwrap().matches("PUT").count(), 1);
        assert_eq!(peer.connections(), 1);
    });
}
