//! What a test leaves behind.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle},
    time::{Instant, sleep},
};

/// How long it may take until everything has gone.
const GRACE: Duration = Duration::from_secs(1);

/// Files are counted for the whole process.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs a test alone and on a runtime of its own, and looks for what it leaves when all that it owned
/// has been dropped: tasks, and open files, of which both ends of a connection are one each.
///
/// # Panics
///
/// The test does, or something is left after a second.
pub fn without_leaks<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // It looks at the sockets after each poll, so that small operations are seen one by one.
    let runtime = Builder::new_current_thread().event_interval(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let before = Left::now();
        test().await;
        let until = Instant::now() + GRACE;
        while Left::now() != before {
            assert!(Instant::now() < until, "{:?} are left of {before:?}", Left::now());
            sleep(Duration::from_millis(1)).await;
        }
    });
}

#[derive(Debug, PartialEq, Eq)]
struct Left {
    tasks: usize,
    files: usize,
}

impl Left {
    fn now() -> Self {
        let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self { tasks: Handle::current().metrics().num_alive_tasks(), files }
    }
}
