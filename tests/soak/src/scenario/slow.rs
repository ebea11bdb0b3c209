//! A server that sends so slowly that no answer ever ends.

use super::Size;
use crate::{
    Result,
    call::{self, Came},
    process::{Held, cpu},
    report::Report,
};
use std::time::Duration;
use tokio::{task::JoinSet, time::Instant};
use tower::Layer;

pub(super) fn run(size: Size, report: &mut Report) -> Result {
    crate::threads()?.block_on(soak(size, report))
}

async fn soak(size: Size, report: &mut Report) -> Result {
    let connections = size.pick(500, 1000);
    let deadline = size.pick(Duration::from_secs(3), Duration::from_secs(20));
    let before = Held::now();
    // Something comes all the time, so only the time of the whole is a limit. Of half of the answers
    // the head has no end, of half the body.
    let client = call::builder()?.attempt_timeout(2 * deadline).idle_timeout(2 * deadline);
    let client = client.timeout(deadline).build()?;
    let service = call::whole().layer(client);
    let (start, used) = (Instant::now(), cpu());
    let mut calls = JoinSet::new();
    for id in 0..connections {
        let service = service.clone();
        calls.spawn(async move {
            let start = Instant::now();
            let came = call::get(service, "trickle", id).await?;
            Ok((start.elapsed(), came))
        });
    }
    let calls = calls.join_all().await;
    let busy = (cpu() - used).as_secs_f64() / start.elapsed().as_secs_f64();
    drop(service);
    let (_, held) = before.again().await;

    let calls = calls.into_iter().collect::<Result<Vec<(Duration, Came)>>>()?;
    let is_late = |came: &Came| matches!(came, Came::Failed(error) if error.is_timeout());
    let other = calls.iter().filter(|(_, came)| !is_late(came)).count();
    let early = calls.iter().filter(|(took, _)| *took < deadline).count();
    let late = calls.iter().map(|(took, _)| took.saturating_sub(deadline)).max();
    report.told("connections", connections as f64);
    report.told("deadline, s", deadline.as_secs_f64());
    report.none("calls that ended otherwise than by the deadline", other as u64);
    report.none("calls that ended before it", early as u64);
    // Where other programs run, threads wait for a core.
    let limit = size.pick(1000.0, 50.0);
    report.at_most("latest after it, ms", late.unwrap_or_default().as_secs_f64() * 1e3, limit);
    report.at_most("of a core used, %", 100.0 * busy, size.pick(100.0, 20.0));
    report.none("files not given back", held.files.saturating_sub(before.files) as u64);
    report.none("tasks not given back", held.tasks.saturating_sub(before.tasks) as u64);
    Ok(())
}
