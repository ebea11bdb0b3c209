//! How many connections may be open.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits for connections, given in the order in which they are asked for; without a limit, any
/// number at once.
#[derive(Debug, Clone)]
pub(super) struct Permits(Option<Arc<Semaphore>>);

/// Held by an open connection until it is closed.
#[derive(Debug)]
pub(super) struct Permit(#[expect(dead_code, reason = "it is held")] Option<OwnedSemaphorePermit>);

impl Permits {
    pub(super) fn new(limit: Option<usize>) -> Self {
        let limit = limit.map(|limit| limit.clamp(1, Semaphore::MAX_PERMITS));
        Self(limit.map(|limit| Arc::new(Semaphore::new(limit))))
    }

    pub(super) fn try_take(&self) -> Option<Permit> {
        let Some(semaphore) = &self.0 else { return Some(Permit(None)) };
        let permit = Arc::clone(semaphore).try_acquire_owned();
        permit.ok().map(|permit| Permit(Some(permit)))
    }

    pub(super) async fn take(&self) -> Permit {
        match &self.0 {
            None => Permit(None),
            // It is never closed, so there is no error.
            Some(semaphore) => Permit(Arc::clone(semaphore).acquire_owned().await.ok()),
        }
    }
}
