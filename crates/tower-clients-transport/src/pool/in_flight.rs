//! Which exchanges are under way, and whether others may begin.

use super::{Pool, Pooled};
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::Notify;

/// One number, so that an exchange costs one addition and one subtraction: the last bit says that no more may
/// begin, the others count.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    state: AtomicUsize,
    none: Notify,
}

const SHUT_DOWN: usize = 1;
const EXCHANGE: usize = 2;

/// An exchange over the connections of a pool, from its call to the end of the response body.
pub(crate) struct InFlight<C: Pooled> {
    pool: Arc<Pool<C>>,
}

impl<C: Pooled> InFlight<C> {
    /// `None` when the pool is shut down.
    pub(crate) fn begin(pool: &Arc<Pool<C>>) -> Option<Self> {
        let state = pool.exchanges.state.fetch_add(EXCHANGE, Ordering::AcqRel);
        let in_flight = Self { pool: Arc::clone(pool) };
        (state & SHUT_DOWN == 0).then_some(in_flight)
    }

    pub(crate) fn pool(&self) -> &Arc<Pool<C>> {
        &self.pool
    }
}

impl<C: Pooled> Drop for InFlight<C> {
    fn drop(&mut self) {
        let exchanges = &self.pool.exchanges;
        let state = exchanges.state.fetch_sub(EXCHANGE, Ordering::AcqRel);
        if state & SHUT_DOWN != 0 {
            self.pool.close_idle();
            exchanges.none.notify_waiters();
        }
    }
}

impl<C: Pooled> Pool<C> {
    /// How many exchanges are under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.exchanges.state.load(Ordering::Acquire) / EXCHANGE
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.exchanges.state.load(Ordering::Acquire) & SHUT_DOWN != 0
    }

    /// Lets no exchange begin any more, and keeps no connection.
    pub(crate) fn shut_down(&self) {
        self.exchanges.state.fetch_or(SHUT_DOWN, Ordering::AcqRel);
        self.close_idle();
    }

    /// Closes what came back beside any exchange, if it is not to be kept.
    pub(crate) fn close_if_shut_down(&self) {
        if self.is_shut_down() {
            self.close_idle();
        }
    }

    /// Waits, once it is shut down, until no exchange is under way.
    pub(crate) async fn drained(&self) {
        let none = &self.exchanges.none;
        let mut notified = pin!(none.notified());
        loop {
            notified.as_mut().enable();
            if self.in_flight() == 0 {
                return;
            }
            notified.as_mut().await;
            notified.set(none.notified());
        }
    }
}
