//! Answers whose framing is odd, doubtful or endless.

use futures_util::stream;
use http::Method;
use http_body_util::BodyExt;
use integration_tests::{Peer, Step, without_leaks};
use std::{convert::Infallible, iter, time::Duration};
use tokio::time::sleep;
use tower_clients::{Body, Client, Error, Resource};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const LIMIT: Duration = Duration::from_millis(100);
const ENOUGH: Duration = Duration::from_secs(10);

fn api(peer: &Peer) -> Resource {
    Resource::new(&*peer.url()).unwrap()
}

/// Answers the same to each request on a connection.
async fn repeating(answer: &str) -> Peer {
    let round = [Step::ReadHead, Step::send(answer)];
    Peer::playing([iter::repeat_n(round, 10).flatten().collect()]).await
}

/// Asks twice, and tells what came of it on how many connections.
async fn twice(answer: &str, method: Method) -> (Result<String, Error>, usize) {
    let peer = repeating(answer).await;
    let client = Client::new(&*peer.url()).unwrap();
    let ask = async || {
        let response = client.request(method.clone(), "x").timeout(ENOUGH).await?;
        let body = response.into_body().collect().await?.to_bytes();
        Ok(String::from_utf8(body.to_vec()).unwrap())
    };
    let first = ask().await;
    // What else there is has time to come.
    sleep(Duration::from_millis(2)).await;
    let second = ask().await;
    assert_eq!(first.as_ref().ok(), second.as_ref().ok(), "{answer:?}");
    (second, peer.connections())
}

#[test]
fn d7_odd_answers_are_read_and_the_connection_is_kept() {
    without_leaks(async || {
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\ncontent-length: 2\n\nok",
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nx-sum: 1\r\n\r\n",
        ] {
            let (text, connections) = twice(answer, Method::GET).await;
            assert_eq!((text.unwrap().as_str(), connections), ("ok", 1), "{answer:?}");
        }
    });
}

#[test]
fn d7_answers_of_doubtful_framing_end_the_connection() {
    without_leaks(async || {
        for answer in [
            "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        ] {
            let (text, connections) = twice(answer, Method::GET).await;
            assert_eq!((text.unwrap().as_str(), connections), ("ok", 2), "{answer:?}");
        }
        for (answer, method) in [
            ("HTTP/1.1 204 No Content\r\n\r\nbody", Method::GET),
            ("HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\nbody", Method::GET),
            ("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody", Method::HEAD),
        ] {
            let (text, connections) = twice(answer, method).await;
            assert_eq!((text.unwrap().as_str(), connections), ("", 2), "{answer:?}");
        }
    });
}

#[test]
fn d7_answers_that_are_no_http_are_errors_that_end_the_connection() {
    without_leaks(async || {
        for answer in [
            "hello\r\n\r\n",
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 2OO OK\r\n\r\n",
            "HTTP/3.7 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 2, 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nx-a: 1\r\n folded\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nx-a: a\0b\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nx a: 1\r\ncontent-length: 2\r\n\r\nok",
        ] {
            let (text, connections) = twice(answer, Method::GET).await;
            let error = text.expect_err(answer);
            assert!(error.is_transport() && error.may_have_been_sent(), "{answer:?}: {error:#}");
            assert_eq!(connections, 2, "{answer:?}");
        }
        for chunk in ["10000000000000000\r\nok", "-2\r\nok", "+2\r\nok", "x\r\nok", "2\r\nokay\r\n"]
        {
            let answer =
                format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}\r\n");
            let (text, connections) = twice(&answer, Method::GET).await;
            let error = text.expect_err(chunk);
            assert!(error.is_body() && error.may_have_been_sent(), "{chunk:?}: {error:#}");
            assert_eq!(connections, 2, "{chunk:?}");
        }
    });
}

#[test]
fn d6_informational_responses_are_passed_over() {
    without_leaks(async || {
        let peer = repeating(&format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n{OK}"
        ))
        .await;
        let api = api(&peer);
        for _ in 0..3 {
            let text = api.get("x").header("expect", "100-continue").text().await;
            assert_eq!(text.unwrap(), "ok");
        }
        assert_eq!(peer.connections(), 1);
    });
}

#[test]
fn d6_flood_of_informational_responses_ends_at_the_deadline() {
    without_leaks(async || {
        let flood = Step::Flood(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000));
        let peer =
            Peer::playing([vec![Step::ReadHead, flood], vec![Step::ReadHead, Step::send(OK)]])
                .await;
        let api = api(&peer);
        let error = api.get("x").timeout(LIMIT).await.unwrap_err();
        assert!(error.is_timeout() && error.may_have_been_sent(), "{error:#}");
        assert_eq!(api.get("x").text().await.unwrap(), "ok");
    });
}

#[test]
fn d6_expectation_that_is_refused_or_never_met_is_no_reuse() {
    without_leaks(async || {
        let refusal = "HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\n\r\n";
        let refusing = vec![Step::ReadHead, Step::send(refusal), Step::Hang];
        let silent = vec![Step::ReadHead, Step::Hang];
        for (script, code) in [(refusing, Some(417)), (silent, None)] {
            let peer = Peer::playing([script, vec![Step::ReadHead, Step::send(OK)]]).await;
            let api = api(&peer);
            let endless = stream::pending::<Result<&str, Infallible>>();
            let request = api.put("x").header("expect", "100-continue");
            let request = request.body(Body::from_stream(endless));
            let error = request.timeout(LIMIT).await.unwrap_err();
            assert_eq!(error.status().map(|status| status.as_u16()), code);
            assert_eq!(api.get("x").text().await.unwrap(), "ok");
            assert_eq!(peer.connections(), 2);
        }
    });
}

#[test]
fn d8_head_without_bounds_is_an_error_before_it_is_read() {
    without_leaks(async || {
        let start = "HTTP/1.1 200 OK\r\n";
        for (line, flood) in [
            ("HTTP/1.1 200 ", "reason ".repeat(1000)),
            (start, "x-a: ".to_owned() + &"a".repeat(4000) + "\r\n"),
            (start, "x-a: 1\r\n".repeat(1000)),
            ("HTTP/1.1 200 OK\r\nx-a: ", "a".repeat(8000)),
        ] {
            let script = vec![Step::ReadHead, Step::send(line), Step::Flood(flood.into_bytes())];
            let peer = Peer::playing([script, vec![Step::ReadHead, Step::send(OK)]]).await;
            let api = api(&peer);
            let error = api.get("x").timeout(ENOUGH).await.unwrap_err();
            assert!(error.is_transport() && error.may_have_been_sent(), "{line:?}: {error:#}");
            assert_eq!(api.get("x").text().await.unwrap(), "ok");
        }
    });
}

#[test]
fn d4_answer_that_nobody_asked_for_is_never_that_of_the_next_request() {
    without_leaks(async || {
        let text = |text| format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{text}");
        let at_once = [Step::ReadHead, Step::send(text("ok") + &text("no")), Step::Hang];
        let idle = Step::Sleep(Duration::from_millis(5));
        let later =
            [Step::ReadHead, Step::send(text("ok")), idle, Step::send(text("no")), Step::Hang];
        let peer = Peer::playing([at_once.to_vec(), later.to_vec()]).await;
        let api = api(&peer);
        for calls in 1..=3 {
            assert_eq!(api.get("x").text().await.unwrap(), "ok");
            sleep(Duration::from_millis(20)).await;
            assert_eq!(peer.connections(), calls);
        }
    });
}
