//! The connections to one server.

use super::{
    Attention, Limits, Pooled,
    permit::{Permits, Who},
};
use crate::stats::HostStats;
use http::HeaderValue;
use std::{
    collections::VecDeque,
    future::{Future, pending},
    mem,
    pin::Pin,
    ptr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::{sync::oneshot, time::Instant};

/// One server, as long as there are connections or requests to it.
pub(crate) struct Host<C> {
    /// What requests name it by in HTTP/1.1.
    pub(crate) name: HeaderValue,
    pub(super) permits: Permits,
    pub(super) attention: Attention,
    /// Each connection has a share of it, from when it is begun to its end.
    pub(super) open: Arc<()>,
    limits: Limits,
    slot: Mutex<Slot<C>>,
}

struct Slot<C> {
    /// The last one put is the first one taken: so the others may become too old.
    idle: Vec<Idle<C>>,
    shared: Option<Idle<C>>,
    multiplexing: Multiplexing,
    waiting: VecDeque<oneshot::Sender<Grant<C>>>,
}

struct Idle<C> {
    connection: C,
    since: Instant,
}

/// Whether a connection carries many requests at once, which is known when there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Multiplexing {
    Unknown,
    /// One connection is being made to find out; other requests wait for it.
    Asked,
    No,
}

/// What a request is given that waited.
pub(crate) enum Grant<C> {
    Connection(C),
    /// Go on as if it had not waited.
    Again,
    /// Make a connection of its own.
    Connect,
}

/// What there is for a request.
pub(super) enum Taken<C: Pooled> {
    Connection(C),
    Wait(Waiting<C>),
    /// It is to make one; whether others wait for it.
    Connect {
        leads: bool,
    },
}

impl<C: Pooled> Idle<C> {
    fn is_usable(&mut self, limits: &Limits, now: Instant) -> bool {
        let age = |since: Instant| now.saturating_duration_since(since);
        self.connection.is_open()
            && (age(self.since) < limits.idle_timeout || self.connection.is_busy())
            && limits.max_age.is_none_or(|max_age| age(self.connection.born()) < max_age)
    }

    fn due(&self, limits: &Limits) -> Option<Instant> {
        let idle = self.since.checked_add(limits.idle_timeout);
        let old = limits.max_age.and_then(|max_age| self.connection.born().checked_add(max_age));
        idle.into_iter().chain(old).min()
    }
}

impl<C: Pooled> Host<C> {
    pub(super) fn new(
        name: HeaderValue,
        limits: Limits,
        permits: Permits,
        attention: Attention,
    ) -> Self {
        let slot = Slot {
            idle: Vec::new(),
            shared: None,
            multiplexing: Multiplexing::Unknown,
            waiting: VecDeque::new(),
        };
        Self { name, permits, attention, open: Arc::default(), limits, slot: Mutex::new(slot) }
    }

    pub(super) fn who(&self) -> Who {
        ptr::from_ref(self).addr()
    }

    fn slot(&self) -> MutexGuard<'_, Slot<C>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `may_multiplex` is whether a new connection could carry many requests at once.
    pub(super) fn take(self: &Arc<Self>, may_multiplex: bool) -> Taken<C> {
        let (limits, now) = (&self.limits, Instant::now());
        let mut slot = self.slot();
        if let Some(shared) = &mut slot.shared {
            if shared.is_usable(limits, now)
                && let Some(connection) = shared.connection.share()
            {
                shared.since = now;
                return Taken::Connection(connection);
            }
            slot.shared = None;
        }
        while let Some(mut idle) = slot.idle.pop() {
            if idle.is_usable(limits, now) {
                return Taken::Connection(idle.connection);
            }
        }
        match slot.multiplexing {
            Multiplexing::Asked => Taken::Wait(self.wait_in(&mut slot)),
            Multiplexing::Unknown if may_multiplex => {
                slot.multiplexing = Multiplexing::Asked;
                Taken::Connect { leads: true }
            }
            _ => Taken::Connect { leads: false },
        }
    }

    pub(super) fn wait(self: &Arc<Self>) -> Waiting<C> {
        self.wait_in(&mut self.slot())
    }

    /// A connection that comes back, if one does.
    pub(crate) async fn returned(self: &Arc<Self>) -> C {
        match self.wait().await {
            Grant::Connection(connection) => connection,
            Grant::Again | Grant::Connect => pending().await,
        }
    }

    fn wait_in(self: &Arc<Self>, slot: &mut Slot<C>) -> Waiting<C> {
        slot.waiting.retain(|waiting| !waiting.is_closed());
        let (sender, receiver) = oneshot::channel();
        slot.waiting.push_back(sender);
        Waiting { host: Arc::clone(self), receiver }
    }

    /// Gives a connection to the request that has waited longest; without one, it is kept. Whether it
    /// is. One that is shared is here all the time.
    pub(super) fn put(&self, mut connection: C) -> bool {
        if connection.share().is_some() {
            return false;
        }
        let mut slot = self.slot();
        while let Some(waiting) = slot.waiting.pop_front() {
            match waiting.send(Grant::Connection(connection)) {
                Err(Grant::Connection(refused)) => connection = refused,
                _ => return false,
            }
        }
        let keeps = slot.idle.len() < self.limits.max_idle_per_host;
        if keeps {
            slot.idle.push(Idle { connection, since: Instant::now() });
        }
        keeps
    }

    /// A connection was made.
    pub(super) fn made(&self, connection: &C) {
        let mut slot = self.slot();
        match connection.share() {
            Some(shared) => {
                slot.multiplexing = Multiplexing::Unknown;
                for waiting in mem::take(&mut slot.waiting) {
                    let grant = connection.share().map_or(Grant::Again, Grant::Connection);
                    // Who does not wait any more needs none.
                    let _ = waiting.send(grant);
                }
                slot.shared = Some(Idle { connection: shared, since: Instant::now() });
            }
            None if slot.multiplexing == Multiplexing::Asked => {
                slot.multiplexing = Multiplexing::No;
                slot.let_all_connect();
            }
            None => slot.multiplexing = Multiplexing::No,
        }
    }

    /// The connection that others wait for was not made. If it `failed`, each tries for itself, or
    /// they would fail one after the other; else it was given up, and the next one takes over.
    pub(super) fn not_made(&self, failed: bool) {
        let mut slot = self.slot();
        slot.multiplexing = Multiplexing::Unknown;
        if failed {
            slot.let_all_connect();
            return;
        }
        for waiting in mem::take(&mut slot.waiting) {
            let _ = waiting.send(Grant::Again);
        }
    }

    /// Closes what is too old. When the next one will be, if any is left.
    pub(super) fn close_old(&self) -> Option<Instant> {
        let (limits, now) = (&self.limits, Instant::now());
        let mut slot = self.slot();
        slot.idle.retain_mut(|idle| idle.is_usable(limits, now));
        slot.shared.take_if(|shared| !shared.is_usable(limits, now));
        if let Some(shared) = slot.shared.as_mut().filter(|shared| shared.connection.is_busy()) {
            shared.since = now;
        }
        slot.idle.iter().chain(&slot.shared).filter_map(|idle| idle.due(limits)).min()
    }

    /// Since when the connection is idle that is idle longest.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let slot = self.slot();
        let shared = slot.shared.iter().filter(|shared| !shared.connection.is_busy());
        slot.idle.first().into_iter().chain(shared).map(|idle| idle.since).min()
    }

    /// Closes the connection that is idle longest.
    pub(super) fn close_oldest(&self) {
        let mut slot = self.slot();
        if slot.idle.is_empty() {
            slot.shared.take_if(|shared| !shared.connection.is_busy());
        } else {
            slot.idle.remove(0);
        }
    }

    /// Adds what there is to the figures of a server.
    pub(super) fn count(&self, stats: &mut HostStats) {
        let slot = self.slot();
        let shared = slot.shared.iter().filter(|shared| !shared.connection.is_busy());
        stats.open += Arc::strong_count(&self.open) - 1;
        stats.idle += slot.idle.len() + shared.count();
        stats.in_use = stats.open.saturating_sub(stats.idle);
        stats.waiting += slot.waiting.iter().filter(|waiting| !waiting.is_closed()).count();
    }

    /// Closes what no exchange is on; what carries many closes when they are over.
    pub(super) fn close_idle(&self) {
        let mut slot = self.slot();
        slot.idle.clear();
        slot.shared = None;
    }
}

impl<C> Slot<C> {
    fn let_all_connect(&mut self) {
        for waiting in mem::take(&mut self.waiting) {
            let _ = waiting.send(Grant::Connect);
        }
    }
}

/// Waits for a [`Grant`]. One that comes when nobody waits any more is given to the next.
pub(super) struct Waiting<C: Pooled> {
    host: Arc<Host<C>>,
    receiver: oneshot::Receiver<Grant<C>>,
}

impl<C: Pooled> Future for Waiting<C> {
    type Output = Grant<C>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Grant<C>> {
        Pin::new(&mut self.receiver).poll(cx).map(|grant| grant.unwrap_or(Grant::Again))
    }
}

impl<C: Pooled> Drop for Waiting<C> {
    fn drop(&mut self) {
        self.receiver.close();
        if let Ok(Grant::Connection(connection)) = self.receiver.try_recv() {
            self.host.put(connection);
        }
    }
}
