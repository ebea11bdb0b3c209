//! What this process holds. Where the system does not tell, it counts as nothing.

use std::{fs, time::Duration};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};

/// After this time, what is not given back counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) files: usize,
    pub(crate) tasks: usize,
}

impl Held {
    pub(crate) fn now() -> Self {
        // The folder that is read is one of them, always.
        let files = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self { files, tasks: Handle::current().metrics().num_alive_tasks() }
    }

    /// How long it takes until nothing is held but this.
    pub(crate) async fn again(self) -> (Duration, Self) {
        let start = Instant::now();
        loop {
            let now = Self::now();
            let is_over = now.files <= self.files && now.tasks <= self.tasks;
            if is_over || start.elapsed() > PATIENCE {
                return (start.elapsed(), now);
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// MiB of memory.
pub(crate) fn memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// Time that the process has had a core, as far as Linux tells: in hundredths of a second.
pub(crate) fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name before may have spaces. User and system time are the 14th and 15th field.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(10 * ticks.sum::<u64>())
}
