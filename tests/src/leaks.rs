//! What a test leaves behind.

use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle},
    time::{Instant, sleep},
};

/// How long it may take until everything has gone.
const GRACE: Duration = Duration::from_secs(1);

/// Keeps other tests from running that ask for it too: files are counted for the whole process.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a test alone and on a runtime of its own, and looks for what it leaves when all that it owned
/// has been dropped: tasks, and open files, of which both ends of a connection are one each.
///
/// # Panics
///
/// The test does, or something is left after a second.
pub fn without_leaks<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let _alone = alone();
    // It looks at the sockets after each poll, so that small operations are seen one by one.
    let runtime = Builder::new_current_thread().event_interval(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let before = Left::now();
        test().await;
        let until = Instant::now() + GRACE;
        while !Left::now().is_within(&before) {
            assert!(Instant::now() < until, "{:?} are left of {before:?}", Left::now());
            sleep(Duration::from_millis(1)).await;
        }
    });
}

#[derive(Debug)]
struct Left {
    tasks: usize,
    files: usize,
}

impl Left {
    fn now() -> Self {
        let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self { tasks: Handle::current().metrics().num_alive_tasks(), files }
    }

    fn is_within(&self, before: &Self) -> bool {
        self.tasks <= before.tasks && self.files <= before.files
    }
}
