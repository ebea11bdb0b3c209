//! Where secrets must not come: other servers, and the text of any error that a connection makes.

use integration_tests::{Peer, Step, without_leaks};
use std::{error::Error as StdError, iter::successors, time::Duration};
use tower_clients::{Client, Error, Json, Resource};

const CANARY: &str = "CANARY";

fn client(peer: &Peer) -> Client {
    Client::builder(&*peer.url())
        .header("x-api-key", CANARY)
        .header("cookie", "a=CANARY")
        .query(&[("key", CANARY)])
        .bearer_auth(CANARY)
        .cookies()
        .timeout(Duration::from_millis(100))
        .build()
        .unwrap()
}

fn assert_clean(error: &Error) {
    for error in successors(Some(error as &dyn StdError), |error| (*error).source()) {
        for text in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!text.contains(CANARY) && !text.contains("Q0FOQVJZ"), "{text}");
        }
    }
}

#[test]
fn s1_no_error_of_a_connection_shows_a_secret() {
    without_leaks(async || {
        for answer in [
            vec![Step::Reset],
            vec![],
            vec![Step::Hang],
            vec![Step::send("CANARY\r\n\r\n")],
            vec![Step::send("HTTP/1.1 CANARY\r\n\r\n")],
            vec![Step::send("HTTP/1.1 200 OK\r\ncontent-length: CANARY\r\n\r\n")],
            vec![Step::send("HTTP/1.1 200 OK\r\nx-CANARY\r\n\r\n")],
            vec![Step::send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nCANARY")],
            vec![Step::send("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nCANARY")],
            vec![Step::send("HTTP/1.1 500 CANARY\r\nx: CANARY\r\ncontent-length: 6\r\n\r\nCANARY")],
            vec![Step::send("HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n\"CANARY\"")],
        ] {
            let place = format!("{answer:?}");
            let peer = Peer::playing([[vec![Step::ReadHead], answer].concat()]).await;
            let api = Resource::from(client(&peer));
            let request = api.put("x?q=CANARY").header("idempotency-key", CANARY);
            assert_clean(&request.body(Json(CANARY)).json::<u8>().await.expect_err(&place));
        }
    });
}

#[test]
fn s1_server_that_names_another_sends_nobody_there() {
    without_leaks(async || {
        let evil = Peer::evil().await;
        let url = evil.url();
        for head in [
            format!("302 Found\r\nlocation: {url}"),
            format!("308 Permanent Redirect\r\nlocation: {}", url.trim_start_matches("http:")),
            format!("201 Created\r\nlocation: {url}\r\ncontent-location: {url}"),
            format!(
                "200 OK\r\nrefresh: 0;url={url}\r\nlink: <{url}>; rel=next, <{url}>; rel=preload"
            ),
            format!("200 OK\r\nalt-svc: h2=\"{0}\", http/1.1=\"{0}\"", evil.addr()),
            format!(
                "401 Unauthorized\r\nwww-authenticate: Bearer realm=\"{url}\", error=\"invalid_token\""
            ),
            format!(
                "407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"{url}\""
            ),
            format!("305 Use Proxy\r\nlocation: {url}"),
        ] {
            let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
            let peer = Peer::playing([vec![Step::ReadHead, Step::send(answer), Step::Hang]]).await;
            let client = client(&peer);
            let _ = client.get("x").await;
            let _ = Resource::from(client).create("x").json(&1).await;
        }
        assert_eq!(evil.received(), Vec::<Vec<u8>>::new());
    });
}
