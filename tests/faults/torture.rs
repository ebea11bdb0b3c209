//! Every operation of a connection fails once, in every way, and every call is dropped at every poll.

use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use futures_util::stream;
use integration_tests::{Fault, Proxy, polled, without_leaks};
use std::{convert::Infallible, time::Duration};
use testbed::Testbed;
use tower_clients::{Client, Error, Resource, Transport};

const TEXT: &str = "a text that does not fit into one operation, as do few of those that matter";

/// What is called, with the answer that is right.
const CALLS: [Call; 3] = [Call::Sized, Call::Chunked, Call::Upload];

#[derive(Debug, Clone, Copy)]
enum Call {
    Sized,
    Chunked,
    Upload,
}

impl Call {
    async fn of(self, api: &Resource, limit: Duration) -> Result<String, Error> {
        match self {
            Self::Sized => api.get("sized").timeout(limit).text().await,
            Self::Chunked => api.get("chunked").timeout(limit).text().await,
            Self::Upload => api.post("upload").body(TEXT).timeout(limit).text().await,
        }
    }
}

async fn server() -> Testbed {
    let chunked = async || {
        let words = TEXT.split_inclusive(' ').map(Ok::<_, Infallible>);
        Body::from_stream(stream::iter(words))
    };
    let routes = Router::new()
        .route("/sized", get(async || TEXT))
        .route("/chunked", get(chunked))
        .route("/upload", post(async |body: String| body));
    Testbed::serve(routes).await.unwrap()
}

#[derive(Debug, Clone, Copy)]
enum Http {
    One,
    Two,
}

impl Http {
    fn client(self, proxy: &Proxy) -> Resource {
        let transport = match self {
            Self::One => Transport::builder().http1_only(),
            Self::Two => Transport::builder().http2_prior_knowledge(),
        };
        let client = Client::builder(&*proxy.url()).build_over(transport.build().unwrap());
        client.unwrap().into()
    }
}

async fn line() -> (Testbed, Proxy) {
    let server = server().await;
    let proxy = Proxy::before(server.addr()).await;
    (server, proxy)
}

const ENOUGH: Duration = Duration::from_secs(10);

/// Fails each operation of a call in turn; tells how many there are.
async fn torture(http: Http, call: Call, fault: Fault, is_reused: bool) -> usize {
    let (_server, proxy) = line().await;
    let reused = http.client(&proxy);
    // Where nothing fails, each place is much like the next.
    let step = if fault == Fault::Short { 7 } else { 1 };
    for operations in (0..).step_by(step) {
        let api = if is_reused { reused.clone() } else { http.client(&proxy) };
        let limit = if fault == Fault::Hang { Duration::from_millis(20) } else { ENOUGH };
        proxy.fail_after(operations, fault);
        let outcome = call.of(&api, limit).await;
        let place = format!("{call:?}, {fault:?} at {operations}: {outcome:?}");
        let struck = !proxy.relent();
        match &outcome {
            Ok(text) => assert_eq!(text, TEXT, "{place}"),
            Err(_) if fault == Fault::Short => panic!("{place}"),
            Err(error) => {
                let is_typed = error.is_transport() || error.is_body() || error.is_timeout();
                assert!(is_typed, "{place}");
            }
        }
        assert_eq!(call.of(&api, ENOUGH).await.unwrap(), TEXT, "behind {place}");
        // A slow machine may run out of time before the fault.
        if !struck && outcome.is_ok() {
            return operations;
        }
    }
    unreachable!()
}

fn torture_all(http: Http, fault: Fault) {
    for call in CALLS {
        for is_reused in [false, true] {
            without_leaks(async || {
                let operations = torture(http, call, fault, is_reused).await;
                assert!(operations > 5, "{call:?}: {operations}");
            });
        }
    }
}

#[test]
fn d1_connection_that_is_reset_at_any_operation_is_an_error_and_the_next_call_is_right() {
    torture_all(Http::One, Fault::Reset);
}

#[test]
fn d9_connection_that_ends_at_any_operation_is_never_a_whole_answer() {
    torture_all(Http::One, Fault::Eof);
}

#[test]
fn d10_connection_that_falls_silent_at_any_operation_ends_at_the_deadline() {
    torture_all(Http::One, Fault::Hang);
}

#[test]
fn d11_connection_of_single_bytes_gives_the_same_answer() {
    torture_all(Http::One, Fault::Short);
}

/// One that falls silent is found by its pings only, if they are asked for.
#[test]
fn h1_connection_that_breaks_at_any_operation_is_an_error_and_the_next_call_is_right() {
    for fault in [Fault::Reset, Fault::Eof, Fault::Short] {
        torture_all(Http::Two, fault);
    }
}

#[test]
fn x1_call_that_is_dropped_at_any_poll_leaves_nothing_and_the_next_is_right() {
    for call in CALLS {
        without_leaks(async || {
            let (_server, proxy) = line().await;
            let api = Http::One.client(&proxy);
            for polls in 0.. {
                // Single bytes make for many polls.
                proxy.fail_after(0, Fault::Short);
                let outcome = polled(polls, call.of(&api, ENOUGH)).await;
                let _ = proxy.relent();
                assert_eq!(call.of(&api, ENOUGH).await.unwrap(), TEXT, "{call:?} after {polls}");
                if let Some(outcome) = outcome {
                    assert_eq!(outcome.unwrap(), TEXT);
                    assert!(polls > 3, "{call:?}: {polls}");
                    break;
                }
            }
        });
    }
}
