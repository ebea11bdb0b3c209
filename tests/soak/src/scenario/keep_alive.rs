//! A server that closes its connections when the next request is on its way.

use super::Size;
use crate::{
    Result,
    call::{self, Seen},
    report::Report,
};
use http::Method;
use std::time::Duration;
use tokio::task::JoinSet;
use tower_clients::{RetryBudget, RetryLayer};

/// Each with connections of its own, so that another attempt has a new one.
const WORKERS: u64 = 8;

pub(super) fn run(size: Size, report: &mut Report) -> Result {
    crate::threads()?.block_on(soak(size, report))
}

/// What became of the requests of a worker.
#[derive(Default)]
struct Counts {
    wrong: u64,
    gets_lost: u64,
    posts_lost: u64,
}

async fn soak(size: Size, report: &mut Report) -> Result {
    let rounds: u64 = size.pick(5_000, 100_000);
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        workers.spawn(work(worker, rounds));
    }
    let mut all = Counts::default();
    while let Some(counts) = workers.join_next().await {
        let counts = counts??;
        all.wrong += counts.wrong;
        all.gets_lost += counts.gets_lost;
        all.posts_lost += counts.posts_lost;
    }
    let seen = Seen::now().await?;
    report.told("rounds of a `GET` and a `POST`", rounds as f64);
    report.none("wrong answers", all.wrong);
    report.none("`GET`s that failed", all.gets_lost);
    report.told("`POST`s without a key that failed, and were not repeated", all.posts_lost as f64);
    report.none("repeated `POST`s without a key", seen.count("duplicates")?);
    report.none("damaged requests", seen.count("damaged")?);
    Ok(())
}

async fn work(worker: u64, rounds: u64) -> Result<Counts> {
    // More of the connections break than retries are meant for.
    let budget = RetryBudget::percent(100);
    let layer = RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO).budget(budget);
    let service = call::retried(call::builder()?.build()?, layer);
    let mut counts = Counts::default();
    for round in (worker..rounds).step_by(WORKERS as usize) {
        for (id, method) in [(2 * round, Method::GET), (2 * round + 1, Method::POST)] {
            let request = call::request(&method, "closing", id).body(call::body(&method, id))?;
            let came = call::call(service.clone(), request, id).await;
            counts.wrong += u64::from(came.is_wrong());
            let lost = u64::from(!came.is_right());
            match method {
                Method::GET => counts.gets_lost += lost,
                _ => counts.posts_lost += lost,
            }
        }
    }
    Ok(counts)
}
