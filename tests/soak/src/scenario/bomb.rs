//! 200 MB that come as 200 KB.

use super::Size;
use crate::{
    Result,
    call::{self, Came},
    process::memory,
    report::Report,
};
use std::time::Duration;
use tokio::time::Instant;
use tower::Layer;

const LIMIT: usize = 1024 * 1024;

pub(super) fn run(size: Size, report: &mut Report) -> Result {
    crate::threads()?.block_on(soak(size, report))
}

async fn soak(size: Size, report: &mut Report) -> Result {
    let bombs = size.pick(20, 200);
    let service = call::whole().limit(LIMIT).layer(call::builder()?.build()?);
    // What is needed for a first request anyway.
    let came = call::get(service.clone(), "steady", 0).await?;
    if !came.is_right() {
        return Err(format!("{came:?}").into());
    }
    let before = memory();
    let (mut slowest, mut most, mut other) = (Duration::ZERO, before, 0);
    for id in 0..bombs {
        let start = Instant::now();
        let came = call::get(service.clone(), "bomb", id).await?;
        slowest = slowest.max(start.elapsed());
        most = most.max(memory());
        other += u64::from(!matches!(came, Came::Failed(error) if error.is_body()));
    }
    report.told("bombs", bombs as f64);
    report.none("bombs that are no error of the body", other);
    report.at_most("slowest error, ms", slowest.as_secs_f64() * 1e3, size.pick(1000.0, 100.0));
    report.at_most("memory for them, MiB", most - before, 3.0);
    Ok(())
}
