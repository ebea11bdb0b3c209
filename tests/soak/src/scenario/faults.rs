//! Requests of three kinds, of whose attempts one in twenty meets a fault.

use super::Size;
use crate::{
    Result,
    call::{self, Answers, Came, Seen},
    plan::{End, end},
    process::{Held, memory},
    report::Report,
};
use http::Method;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use tokio::{
    task::JoinSet,
    time::{Duration, Instant},
};
use tower_clients::RetryLayer;

const WORKERS: usize = 64;
const ATTEMPTS: u64 = 3;
/// Memory is looked at so often in a run.
const LOOKS: u64 = 64;

pub(super) fn run(size: Size, report: &mut Report) -> Result {
    crate::threads()?.block_on(soak(size, report))
}

/// What happened.
#[derive(Default)]
struct Counts {
    next: AtomicU64,
    wrong: AtomicU64,
    /// Requests that may be retried, and are not redirected.
    repeatable: Share,
    /// Requests that may not, and meet no fault.
    once: Share,
    /// Redirects to another origin that were not refused.
    redirected: AtomicU64,
}

/// How many of some requests got the right answer.
#[derive(Default)]
struct Share {
    all: AtomicU64,
    right: AtomicU64,
}

impl Share {
    fn add(&self, right: u64) {
        self.all.fetch_add(1, Relaxed);
        self.right.fetch_add(right, Relaxed);
    }

    fn percent(&self) -> f64 {
        100.0 * self.right.load(Relaxed) as f64 / self.all.load(Relaxed).max(1) as f64
    }
}

async fn soak(size: Size, report: &mut Report) -> Result {
    let requests = size.pick(15_000, 1_000_000);
    let before = Held::now();
    let client = call::builder()?.build()?;
    let service = call::retried(client, RetryLayer::new().attempts(ATTEMPTS as usize));
    let (counts, start) = (Arc::new(Counts::default()), Instant::now());
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        workers.spawn(work(service.clone(), Arc::clone(&counts), requests));
    }
    let memory = watch(&counts, requests).await;
    workers.join_all().await;
    let took = start.elapsed();
    drop(service);
    let (given_back, held) = before.again().await;

    let seen = Seen::now().await?;
    report.told("requests", requests as f64);
    report.told("requests a second", (requests as f64 / took.as_secs_f64()).round());
    report.none("wrong answers", counts.wrong.load(Relaxed));
    report.none("damaged requests", seen.count("damaged")?);
    report.none("repeated `POST`s without a key", seen.count("duplicates")?);
    let [repeatable, once] = [&counts.repeatable, &counts.once].map(Share::percent);
    report.at_least("success of what may be repeated, %", repeatable, 99.98);
    report.at_least("success of what may not and meets no fault, %", once, 99.98);
    let ratio = seen.count("requests")? as f64 / requests as f64;
    report.at_most("requests on the wire for each", ratio, 1.07);
    report.none("foreign redirects followed", counts.redirected.load(Relaxed));
    report.none("connections to the foreign origin", seen.count("evil_connections")?);
    report.none("bytes to the foreign origin", seen.count("evil_bytes")?);
    // What is built for debugging is larger.
    report.at_most("memory at most, MiB", max(&memory), size.pick(32.0, 16.0));
    report.at_most("memory, growth in the second half, MiB", growth(&memory), 1.0);
    report.at_most("files and tasks given back after, s", given_back.as_secs_f64(), 1.0);
    report.none("files not given back", held.files.saturating_sub(before.files) as u64);
    report.none("tasks not given back", held.tasks.saturating_sub(before.tasks) as u64);
    Ok(())
}

async fn work(service: impl Answers, counts: Arc<Counts>, requests: u64) {
    loop {
        let id = counts.next.fetch_add(1, Relaxed);
        if id >= requests {
            return;
        }
        let (method, has_key) = match id % 10 {
            0 => (Method::POST, false),
            1 | 2 => (Method::POST, true),
            _ => (Method::GET, false),
        };
        let mut request = call::request(&method, "faults", id);
        if has_key {
            request = request.header("idempotency-key", id);
        }
        let may_repeat = has_key || method == Method::GET;
        let request = request.body(call::body(&method, id)).expect("a request that is valid");
        let came = call::call(service.clone(), request, id).await;
        counts.add(id, may_repeat, &came);
    }
}

impl Counts {
    fn add(&self, id: u64, may_repeat: bool, came: &Came) {
        self.wrong.fetch_add(u64::from(came.is_wrong()), Relaxed);
        let right = u64::from(came.is_right());
        match (may_repeat, end(id, if may_repeat { ATTEMPTS } else { 1 })) {
            (_, End::Redirected) => {
                self.redirected.fetch_add(right, Relaxed);
            }
            (true, _) => self.repeatable.add(right),
            (false, End::Answered) => self.once.add(right),
            (false, End::Failed) => {}
        }
    }
}

/// Memory, each time when a part of the requests is done.
async fn watch(counts: &Counts, requests: u64) -> Vec<f64> {
    let mut looks = Vec::new();
    for look in 1..=LOOKS {
        while counts.next.load(Relaxed) < requests * look / LOOKS {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        looks.push(memory());
    }
    looks
}

fn max(memory: &[f64]) -> f64 {
    memory.iter().copied().fold(0.0, f64::max)
}

/// Between the middle and the end, each a mean of eight looks.
fn growth(memory: &[f64]) -> f64 {
    let mean = |from: usize| memory[from..from + 8].iter().sum::<f64>() / 8.0;
    mean(memory.len() - 8) - mean(memory.len() / 2 - 4)
}
