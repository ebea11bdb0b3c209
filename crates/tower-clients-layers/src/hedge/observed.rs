//! What is known about the responses of one origin.

use super::latencies::Latencies;
use crate::per_origin::Keep;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// An origin that was not asked for so long is forgotten, if need be.
const FORGOTTEN: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(super) struct Observed {
    times: Mutex<Times>,
}

#[derive(Debug)]
struct Times {
    latencies: Latencies,
    last: Instant,
}

impl Observed {
    pub(super) fn new() -> Self {
        let times = Times { latencies: Latencies::new(), last: Instant::now() };
        Self { times: Mutex::new(times) }
    }

    fn lock(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, time: Duration) {
        let mut times = self.lock();
        times.latencies.record(time);
        times.last = Instant::now();
    }

    /// See [`Latencies::percentile`].
    pub(super) fn percentile(&self, percent: u32) -> Option<Duration> {
        self.lock().latencies.percentile(percent)
    }
}

impl Keep for Observed {
    fn is_idle(&self) -> bool {
        self.lock().last.elapsed() > FORGOTTEN
    }
}
