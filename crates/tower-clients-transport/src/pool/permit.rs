//! How many connections may be open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::yield_now,
};

/// Permits for connections, given in the order in which they are asked for; without a limit, any
/// number at once.
#[derive(Debug, Clone)]
pub(super) struct Permits(Option<Arc<Limit>>);

#[derive(Debug)]
struct Limit {
    permits: Arc<Semaphore>,
    /// Who waits for one.
    pressing: Mutex<Vec<Who>>,
}

/// Tells those apart to whom the connections of one cannot be given.
pub(super) type Who = usize;

/// Takes no connection of others.
pub(super) const NOBODY: Who = 0;

impl Limit {
    fn pressing(&self) -> MutexGuard<'_, Vec<Who>> {
        self.pressing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held with an open connection until that is given up.
#[derive(Debug)]
pub(super) struct Permit(#[expect(dead_code, reason = "it is held")] Option<OwnedSemaphorePermit>);

impl Permits {
    pub(super) fn new(limit: Option<usize>) -> Self {
        let limit = limit.map(|limit| limit.clamp(1, Semaphore::MAX_PERMITS));
        Self(limit.map(|limit| {
            let permits = Arc::new(Semaphore::new(limit));
            Arc::new(Limit { permits, pressing: Mutex::default() })
        }))
    }

    pub(super) fn try_take(&self) -> Option<Permit> {
        let Some(limit) = &self.0 else { return Some(Permit(None)) };
        let permit = Arc::clone(&limit.permits).try_acquire_owned();
        permit.ok().map(|permit| Permit(Some(permit)))
    }

    /// Waits for a permit. If there is none, `make_room` may give one up.
    pub(super) async fn take(&self, who: Who, make_room: impl FnOnce()) -> Permit {
        let permit = self.try_take();
        let (Some(limit), None) = (&self.0, &permit) else { return permit.unwrap_or(Permit(None)) };
        let _pressing = Pressing::new(limit, who);
        make_room();
        // A connection that was given up just now is closed before another one is made.
        yield_now().await;
        // It is never closed, so there is no error.
        Permit(Arc::clone(&limit.permits).acquire_owned().await.ok())
    }

    /// Whether somebody else waits for one.
    pub(super) fn are_wanted_beside(&self, who: Who) -> bool {
        self.0.as_ref().is_some_and(|limit| limit.pressing().iter().any(|other| *other != who))
    }

    /// Whether those are the same permits.
    pub(super) fn are(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(this), Some(other)) => Arc::ptr_eq(this, other),
            _ => false,
        }
    }
}

/// Says that one waits.
struct Pressing<'a>(&'a Limit, Who);

impl<'a> Pressing<'a> {
    fn new(limit: &'a Limit, who: Who) -> Self {
        limit.pressing().push(who);
        Self(limit, who)
    }
}

impl Drop for Pressing<'_> {
    fn drop(&mut self) {
        let mut pressing = self.0.pressing();
        if let Some(index) = pressing.iter().position(|who| *who == self.1) {
            pressing.swap_remove(index);
        }
    }
}
