//! A server that fails all requests for a time.

use super::Size;
use crate::{
    Result,
    call::{self, Answers, Seen},
    report::Report,
};
use http::Method;
use std::time::Duration;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use tower_clients::{Body, RetryLayer};

const TICK: Duration = Duration::from_millis(10);
/// How long requests go on after it.
const AFTER: Duration = Duration::from_secs(3);

pub(super) fn run(size: Size, report: &mut Report) -> Result {
    crate::threads()?.block_on(soak(size, report))
}

/// When a call was made, when it was over, and whether it was answered.
type Call = (Instant, Instant, bool);

async fn soak(size: Size, report: &mut Report) -> Result {
    let outage = size.pick(Duration::from_secs(4), Duration::from_secs(60));
    let a_tick = size.pick(2, 10);
    let service = call::retried(call::builder()?.build()?, RetryLayer::new());
    call::tell("down").await?;

    let (mut calls, start) = (JoinSet::new(), Instant::now());
    offer(&service, outage, a_tick, 0, &mut calls).await?;
    let offered = calls.len() as u64;
    let wire = Seen::now().await?.count("requests")?;
    let seconds = start.elapsed().as_secs_f64();
    call::tell("up").await?;
    let healed = Instant::now();
    offer(&service, AFTER, a_tick, offered, &mut calls).await?;
    let calls = calls.join_all().await;

    let added = wire.saturating_sub(offered) as f64;
    let recovered = calls.iter().filter(|(_, end, is_right)| !is_right && *end > healed);
    let recovered = recovered.map(|(_, end, _)| end.duration_since(healed)).max();
    let lost = calls.iter().filter(|(start, _, is_right)| *start > healed && !is_right).count();
    let slowest = calls.iter().filter(|(start, ..)| *start > healed);
    let slowest = slowest.map(|(start, end, _)| end.duration_since(*start)).max();
    report.told("outage, s", seconds);
    report.told("requests offered in it", offered as f64);
    // A share of a fifth, ten a second, and the ten that are there at first.
    let limit = 0.2 * offered as f64 + 10.0 * (seconds + 1.0);
    report.at_most("requests that retries added", added, limit);
    let last = recovered.unwrap_or_default().as_secs_f64();
    report.at_most("last failure after the server is back, s", last, 1.0);
    report.none("failures of requests made after that", lost as u64);
    report.at_most("slowest of them, s", slowest.unwrap_or_default().as_secs_f64(), 1.0);
    Ok(())
}

/// Makes calls at a steady rate, whatever becomes of them.
async fn offer(
    service: &impl Answers,
    time: Duration,
    a_tick: u64,
    mut id: u64,
    calls: &mut JoinSet<Call>,
) -> Result {
    let end = Instant::now() + time;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while ticks.tick().await < end {
        for _ in 0..a_tick {
            let request = call::request(&Method::GET, "steady", id).body(Body::empty())?;
            let service = service.clone();
            calls.spawn(async move {
                let start = Instant::now();
                let is_right = call::call(service, request, id).await.is_right();
                (start, Instant::now(), is_right)
            });
            id += 1;
        }
    }
    Ok(())
}
