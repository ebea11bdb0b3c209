//! A whole client against a server that sends whatever it likes, over loopback.
//!
//! Input: a byte of settings, then what the server sends. The byte 0xFF begins a command, which the next
//! byte names:
//!
//! | command | the server |
//! |---|---|
//! | `w` | has what it wrote so far seen |
//! | `s` | waits for a second |
//! | `a` | reads another request on this connection |
//! | `n` | closes this connection and takes another one |
//! | `c` | ends what it sends |
//! | `r` | resets the connection, and takes another one |
//!
//! At the end of the script it keeps silent. The clock is virtual: a second passes when nothing moves.

mod framing;
mod server;

use self::server::{Log, Server};
use http::Method;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    runtime::Builder,
    time::{Instant, advance, pause},
};
use tower_clients::{Client, Resource, RetryLayer, Transport};

const TIMEOUT: Duration = Duration::from_secs(10);
const LIMIT: usize = 4096;
const REQUESTS: usize = 3;
/// What passes at once.
const TICK: Duration = Duration::from_secs(1);
/// How often all that waits has a turn before that.
const TURNS: usize = 24;

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let Some((settings, script)) = input.split_first() else { return };
    // Each run has a runtime of its own, with which its connections end.
    let runtime = Builder::new_current_thread().enable_all().event_interval(1).build().unwrap();
    runtime.block_on(async {
        pause();
        let log = Arc::new(Mutex::new(Log::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(Server::new(listener, Arc::clone(&log)).play(script.to_vec()));
        tokio::select! {
            biased;
            () = requests(Settings(*settings), format!("http://{address}/"), &log) => {}
            () = clock() => {}
        }
        server.abort();
    });
}

/// Lets time pass when nothing moves. A runtime that waits for I/O would let it pass at once.
async fn clock() {
    loop {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        advance(TICK).await;
    }
}

#[derive(Clone, Copy)]
struct Settings(u8);

impl Settings {
    fn has(self, bit: u8) -> bool {
        self.0 & (1 << bit) != 0
    }

    fn method(self) -> Method {
        match (self.has(1), self.has(2)) {
            (false, false) => Method::GET,
            (true, false) => Method::HEAD,
            (false, true) => Method::POST,
            (true, true) => Method::PUT,
        }
    }

    fn is_http2(self) -> bool {
        self.has(3)
    }

    fn client(self, url: &str) -> Resource {
        let mut transport = Transport::builder();
        if self.is_http2() {
            transport = transport.http2_prior_knowledge();
        }
        let mut builder = Client::builder(url).timeout(TIMEOUT).cookies();
        if self.has(0) {
            builder = builder.retry(RetryLayer::new().seed(1));
        }
        builder.build_over(transport.build().unwrap()).unwrap().into()
    }
}

async fn requests(settings: Settings, url: String, log: &Mutex<Log>) {
    let client = settings.client(&url);
    for number in 0..REQUESTS {
        let start = Instant::now();
        let before = log.lock().unwrap().clone();
        let mut request = client.request(settings.method(), number).limit(LIMIT);
        if settings.has(2) {
            request = request.body("body");
        }
        let outcome = request.bytes().await;
        assert!(start.elapsed() <= TIMEOUT + TICK, "it took {:?}", start.elapsed());
        assert!(outcome.as_ref().is_ok_and(|body| body.len() <= LIMIT) || outcome.is_err());
        // The server goes on until it waits for something.
        for _ in 0..TURNS / 2 {
            tokio::task::yield_now().await;
        }
        if !settings.is_http2() {
            log.lock().unwrap().judge(&settings.method(), number, &before, outcome.ok().as_deref());
        }
    }
}
