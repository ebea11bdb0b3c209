//! The task that closes what is too old.

use super::{Pool, Pooled};
use std::{
    sync::{Arc, PoisonError, Weak, atomic::Ordering},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout_at},
};

impl<C: Pooled> Pool<C> {
    /// Starts the task that closes what is too old, unless it runs.
    pub(super) fn sweep(self: &Arc<Self>) {
        if self.is_swept.swap(true, Ordering::AcqRel) {
            return;
        }
        let sweeper = Sweeper(Arc::downgrade(self));
        let Ok(runtime) = Handle::try_current() else { return };
        let lifetime = self.limits.idle_timeout.min(self.limits.max_age.unwrap_or(Duration::MAX));
        let first = Instant::now().checked_add(lifetime);
        let attention = Arc::clone(&self.attention);
        runtime.spawn(async move {
            let mut due = first;
            while let Some(next) = due {
                // It is looked after either way.
                let _ = timeout_at(next, attention.notified()).await;
                due = sweeper.0.upgrade().and_then(|pool| pool.close_old());
            }
        });
    }

    /// When there is something to do next.
    fn close_old(&self) -> Option<Instant> {
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = None;
        hosts.retain(|_, host| {
            let due = host.close_old();
            next = next.into_iter().chain(due).min();
            due.is_some() || Arc::strong_count(host) > 1
        });
        next
    }
}

/// Has the task end that would wait for a connection to become too old.
impl<C> Drop for Pool<C> {
    fn drop(&mut self) {
        self.attention.notify_one();
    }
}

/// Says that the task has ended, also when its runtime has.
struct Sweeper<C>(Weak<Pool<C>>);

impl<C> Drop for Sweeper<C> {
    fn drop(&mut self) {
        if let Some(pool) = self.0.upgrade() {
            pool.is_swept.store(false, Ordering::Release);
        }
    }
}
