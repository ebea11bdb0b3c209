//! Futures on a clock that nobody waits for.

use std::future::Future;
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
}

/// Runs a future that does no I/O. When it waits, time passes at once.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}
