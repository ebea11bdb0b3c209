//! What is logged of secrets, by the libraries inside too, down to TRACE.

use integration_tests::alone;
use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
};
use testbed::Testbed;
use tokio::runtime::Builder;
use tower_clients::{Client, Json, Resource, Transport, TransportBuilder, tls::Tls};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::set_default,
};

const CANARY: &str = "CANARY";

/// Keeps every line: its target, and what it says.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(&'static str, String)>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Log {
    fn keep(&self, metadata: &'static Metadata<'static>, record: impl FnOnce(&mut Line)) {
        let mut line = Line(metadata.name().to_owned());
        record(&mut line);
        self.0.lock().unwrap().push((metadata.target(), line.0));
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.keep(span.metadata(), |line| span.record(line));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line("later".into());
        values.record(&mut line);
        self.0.lock().unwrap().push(("", line.0));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.keep(event.metadata(), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What a client logs that sends secrets in every place, and gets one back.
async fn log(server: &Testbed, transport: TransportBuilder) -> Vec<(&'static str, String)> {
    let log = Log::default();
    let guard = set_default(log.clone());
    let client = Client::builder(server.url())
        .header("x-api-key", CANARY)
        .header("cookie", "a=CANARY")
        .query(&[("key", CANARY)])
        .bearer_auth(CANARY)
        .cookies();
    let api = Resource::from(client.build_over(transport.build().unwrap()).unwrap());
    let request = api.put("put?q=CANARY").header("idempotency-key", CANARY).body(Json(CANARY));
    assert!(request.text().await.unwrap().contains(CANARY));
    assert!(api.get("status/404?q=CANARY").await.unwrap_err().is_status());
    drop((api, guard));
    log.0.lock().unwrap().drain(..).collect()
}

#[test]
fn s1_no_line_of_a_log_shows_a_secret() {
    let _alone = alone();
    // What servers log is their own: they have another thread.
    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let plain = servers.block_on(Testbed::http()).unwrap();
    let secure = servers.block_on(Testbed::https()).unwrap();
    let tls = Tls::roots_pem(secure.ca_pem().unwrap()).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut lines = log(&plain, Transport::builder()).await;
        lines.extend(log(&plain, Transport::builder().http2_prior_knowledge()).await);
        lines.extend(log(&secure, Transport::builder().tls(tls)).await);
        for (target, line) in &lines {
            assert!(!line.contains(CANARY), "{target}: {line}");
        }
        assert!(lines.iter().any(|(target, _)| target.starts_with("h2::")), "nothing is kept");
    });
}
