//! Calls that are given up at any point, among others that are not.

use super::Size;
use crate::{
    Result,
    call::{self, Answers, Seen},
    plan::hash,
    process::Held,
    report::Report,
};
use http::Method;
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
};
use tokio::{task::JoinSet, time::Instant};
use tower_clients::{RetryLayer, Transport};

const WORKERS: usize = 64;
/// One in so many calls is not given up.
const FOLLOW_UP: u64 = 8;

pub(super) fn run(size: Size, report: &mut Report) -> Result {
    crate::threads()?.block_on(soak(size, report))
}

#[derive(Default)]
struct Counts {
    next: AtomicU64,
    dropped: AtomicU64,
    wrong: AtomicU64,
    lost: AtomicU64,
}

async fn soak(size: Size, report: &mut Report) -> Result {
    let drops = size.pick(3_000, 100_000);
    let before = Held::now();
    // A right to connect that is lost would be missed soon, and some calls are dropped in the queue.
    let transport = Transport::builder().pool_max_open_per_host(WORKERS / 2).build()?;
    let service = call::retried(call::builder()?.build_over(transport)?, RetryLayer::new());
    let (counts, start) = (Arc::new(Counts::default()), Instant::now());
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        workers.spawn(work(service.clone(), Arc::clone(&counts), drops));
    }
    workers.join_all().await;
    let took = start.elapsed();
    drop(service);
    let (given_back, held) = before.again().await;

    let seen = Seen::now().await?;
    let [calls, dropped, wrong, lost] =
        [&counts.next, &counts.dropped, &counts.wrong, &counts.lost].map(|n| n.load(Relaxed));
    report.told("calls", calls as f64);
    report.told("calls a second", (calls as f64 / took.as_secs_f64()).round());
    report.at_least("calls dropped", dropped as f64, drops as f64);
    report.none("wrong answers", wrong);
    report.none("calls lost that were not dropped", lost);
    report.none("damaged requests", seen.count("damaged")?);
    report.none("repeated `POST`s without a key", seen.count("duplicates")?);
    report.at_most("files and tasks given back after, s", given_back.as_secs_f64(), 1.0);
    report.none("files not given back", held.files.saturating_sub(before.files) as u64);
    report.none("tasks not given back", held.tasks.saturating_sub(before.tasks) as u64);
    Ok(())
}

async fn work(service: impl Answers, counts: Arc<Counts>, drops: u64) {
    while counts.dropped.load(Relaxed) < drops {
        let id = counts.next.fetch_add(1, Relaxed);
        let method = if id.is_multiple_of(3) { Method::POST } else { Method::GET };
        let request = call::request(&method, "pieces", id).body(call::body(&method, id));
        let request = request.expect("a request that is valid");
        let is_followed = id.is_multiple_of(FOLLOW_UP);
        let polls = if is_followed { u64::MAX } else { hash(id, 2) % 10 };
        match polled(call::call(service.clone(), request, id), polls).await {
            None => counts.dropped.fetch_add(1, Relaxed),
            Some(came) if came.is_wrong() => counts.wrong.fetch_add(1, Relaxed),
            Some(came) => counts.lost.fetch_add(u64::from(!came.is_right()), Relaxed),
        };
    }
}

/// Polls a future at most so often, and gives it up.
async fn polled<F: Future>(future: F, mut polls: u64) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        match future.as_mut().poll(cx) {
            Poll::Pending if polls == 0 => Poll::Ready(None),
            outcome => outcome.map(Some),
        }
    })
    .await
}
