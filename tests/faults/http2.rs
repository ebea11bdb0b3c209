//! HTTP/2 servers that go away, say nothing or say too much.

use integration_tests::{Peer, Step, without_leaks};
use std::time::Duration;
use tower_clients::{Client, Error, Resource, Transport, TransportBuilder};

const LIMIT: Duration = Duration::from_millis(300);
const ENOUGH: Duration = Duration::from_secs(10);

/// A frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
/// `:status: 200` (RFC 7541, appendix A).
const STATUS_200: u8 = 0x88;

fn settings(changed: &[(u16, u32)]) -> Vec<u8> {
    let entry = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
    let changed = changed.iter().flat_map(entry).collect::<Vec<_>>();
    [frame(SETTINGS, 0, 0, &changed), frame(SETTINGS, ACK, 0, &[])].concat()
}

fn goaway(last_stream: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last_stream.to_be_bytes(), [0; 4]].concat())
}

/// Of the connection.
fn window_update(bytes: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, 0, &bytes.to_be_bytes())
}

fn ok(stream: u32) -> Vec<u8> {
    let head = frame(HEADERS, END_HEADERS, stream, &[STATUS_200]);
    [head, frame(DATA, END_STREAM, stream, b"ok")].concat()
}

/// Reads to the beginning of the first request, which has no body.
fn read_request() -> Step {
    Step::ReadTo(vec![HEADERS, END_STREAM | END_HEADERS, 0, 0, 0, 1])
}

fn script(settings: Vec<u8>, then: impl IntoIterator<Item = Step>) -> Vec<Step> {
    [Step::Send(settings), read_request()].into_iter().chain(then).collect()
}

fn transport() -> TransportBuilder {
    Transport::builder().http2_prior_knowledge()
}

fn api(peer: &Peer, transport: TransportBuilder) -> Resource {
    Client::builder(&*peer.url()).build_over(transport.build().unwrap()).unwrap().into()
}

/// Two connections, of which the first misbehaves.
async fn peer(then: impl IntoIterator<Item = Step>) -> Peer {
    let bad = script(settings(&[]), then);
    let good = script(settings(&[]), [Step::Send(ok(1)), Step::Hang]);
    Peer::playing([bad, good]).await
}

/// The error that it makes. The next call is right.
async fn once(then: impl IntoIterator<Item = Step>) -> Error {
    let peer = peer(then).await;
    let api = api(&peer, transport());
    let error = api.get("x").timeout(ENOUGH).await.unwrap_err();
    assert_eq!(api.get("x").timeout(ENOUGH).text().await.unwrap(), "ok", "behind {error:#}");
    error
}

#[test]
fn h1_server_that_goes_away_has_not_seen_what_it_does_not_name() {
    without_leaks(async || {
        let error = once([Step::Send(goaway(0)), Step::Finish]).await;
        assert!(error.is_transport() && !error.may_have_been_sent(), "{error:#}");
        let error = once([Step::Send(goaway(1)), Step::Finish]).await;
        assert!(error.is_transport() && error.may_have_been_sent(), "{error:#}");
    });
}

#[test]
fn h1_stream_that_is_refused_was_not_sent_and_one_that_is_reset_was() {
    without_leaks(async || {
        for (code, may_have_been_sent) in [(7_u32, false), (8, true), (2, true), (11, true)] {
            let reset = frame(RST_STREAM, 0, 1, &code.to_be_bytes());
            let error = once([Step::Send(reset), Step::Finish]).await;
            assert!(error.is_transport(), "{code}: {error:#}");
            assert_eq!(error.may_have_been_sent(), may_have_been_sent, "{code}: {error:#}");
        }
    });
}

#[test]
fn h1_floods_end_by_themselves_or_at_the_deadline() {
    without_leaks(async || {
        let head = |flags| frame(HEADERS, flags, 1, &[STATUS_200]);
        let more = [0_u8, 1, b'a', 4, b'b', b'b', b'b', b'b'].repeat(500);
        for (name, start, flood) in [
            ("continuations", head(0), frame(CONTINUATION, 0, 1, &more)),
            ("empty continuations", head(0), frame(CONTINUATION, 0, 1, &[])),
            ("empty data", head(END_HEADERS), frame(DATA, 0, 1, &[]).repeat(100)),
            ("settings", Vec::new(), frame(SETTINGS, 0, 0, &[]).repeat(100)),
            ("pings", Vec::new(), frame(PING, 0, 0, &[0; 8]).repeat(100)),
            ("resets", Vec::new(), frame(RST_STREAM, 0, 1, &[0, 0, 0, 2]).repeat(100)),
        ] {
            for flood in [Step::Flood(flood.clone()), Step::Rant(flood)] {
                let peer = peer([Step::Send(start.clone()), flood]).await;
                let error = api(&peer, transport()).get("x").timeout(LIMIT).await.unwrap_err();
                assert!(error.may_have_been_sent() || error.is_timeout(), "{name}: {error:#}");
            }
        }
    });
}

#[test]
fn h1_answer_that_is_no_http_2_is_an_error() {
    without_leaks(async || {
        let error = once([Step::send("HTTP/1.1 400 Bad Request\r\n\r\n"), Step::Finish]).await;
        assert!(error.is_transport() && error.may_have_been_sent(), "{error:#}");
    });
}

#[test]
fn h1_server_without_window_or_streams_ends_at_the_deadline() {
    without_leaks(async || {
        for setting in [INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS] {
            let script = vec![Step::Send(settings(&[(setting, 0)])), Step::Hang];
            let peer = Peer::playing([script]).await;
            let api = api(&peer, transport());
            for _ in 0..2 {
                let error = api.post("x").body("text").timeout(LIMIT).await.unwrap_err();
                assert!(error.is_timeout(), "{setting}: {error:#}");
            }
        }
    });
}

#[test]
fn h1_server_that_reads_nothing_is_left_alone() {
    without_leaks(async || {
        let enough = 1 << 30;
        let windows = [settings(&[(INITIAL_WINDOW_SIZE, enough)]), window_update(enough)].concat();
        let pings = frame(PING, 0, 0, &[0; 8]).repeat(100);
        let peer = Peer::playing([vec![Step::Send(windows), Step::Rant(pings)]]).await;
        let request = api(&peer, transport()).post("x").body(vec![0; 1 << 24]);
        assert!(request.timeout(LIMIT).await.unwrap_err().is_timeout());
    });
}

#[test]
fn h1_server_that_answers_no_ping_is_dead() {
    without_leaks(async || {
        let peer = Peer::playing([vec![Step::Send(settings(&[])), Step::Hang]]).await;
        let transport = transport().http2_keep_alive(LIMIT / 10, LIMIT / 10);
        let error = api(&peer, transport).get("x").timeout(ENOUGH).await.unwrap_err();
        assert!(error.is_transport() && error.may_have_been_sent(), "{error:#}");
    });
}
