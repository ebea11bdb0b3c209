//! Connections that wait for the next request, and how many there may be.
//!
//! A request takes the connection that was put back last, or shares one that carries many requests
//! at once, or makes one. Where it is not known yet whether a connection would carry many, the first
//! request finds out and the others wait for it. Where there may be no more connections, a request
//! waits for one to come back or to be given up, in the order of arrival; an idle one to another
//! server, or of another runtime, is closed for it. A request that makes a connection takes one that
//! comes back before, and the new one is kept for the next.
//!
//! It is a list of our own. What hyper-util composes pools of is as fast (`cargo xtask bench` has its cache
//! beside this), but has neither limits nor ages nor an order of waiting: to add them would be this again.

mod activity;
mod host;
mod key;
mod permit;
mod stats;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    activity::Running,
    host::{Host, Pooled},
    key::KeyRef,
    stats::Counts,
};

use self::{
    activity::Activity,
    host::{Grant, Taken},
    key::{AsKey, Key},
    permit::{Permit, Permits, Who},
};
use http::HeaderValue;
use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::Notify,
    time::{Instant, timeout_at},
};

/// How many connections there may be, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) idle_timeout: Duration,
    pub(crate) max_age: Option<Duration>,
    pub(crate) max_idle_per_host: usize,
    pub(crate) max_open_per_host: Option<usize>,
    pub(crate) max_open: Option<usize>,
}

/// Asks the pool to look after its connections before one is due: a server may have closed some.
pub(crate) type Attention = Arc<Notify>;

/// The connections of one transport, by server.
pub(crate) struct Pool<C> {
    limits: Limits,
    permits: Permits,
    hosts: RwLock<HashMap<Key, Arc<Host<C>>>>,
    /// Whether the task runs that closes what is too old.
    is_swept: AtomicBool,
    attention: Attention,
    activity: Activity,
}

/// What a request goes on with.
pub(crate) enum Acquired<C: Pooled> {
    Connection(C),
    Opening(Opening<C>),
}

/// The right to make a connection.
///
/// Dropping it before there is one lets others go on.
pub(crate) struct Opening<C: Pooled> {
    host: Arc<Host<C>>,
    leads: bool,
    /// `None` while it waits for them.
    permits: Option<OpenPermits>,
}

/// What goes with an open connection until that is given up.
///
/// The task that drives it does not hold this: its runtime may be one that nobody drives for now.
#[derive(Debug)]
pub(crate) struct OpenPermits(
    #[expect(dead_code, reason = "it is held")] Permit,
    #[expect(dead_code, reason = "it is held")] Permit,
    #[expect(dead_code, reason = "it is counted")] Arc<()>,
);

impl<C: Pooled + Send + 'static> Pool<C> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            permits: Permits::new(limits.max_open),
            hosts: RwLock::default(),
            is_swept: AtomicBool::new(false),
            attention: Attention::default(),
            activity: Activity::default(),
        }
    }

    /// The server of a key. Its `name` is asked for when it is a new one.
    pub(crate) fn host<E>(
        self: &Arc<Self>,
        key: KeyRef<'_>,
        name: impl FnOnce() -> Result<HeaderValue, E>,
    ) -> Result<Arc<Host<C>>, E> {
        let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        // Most clients talk to one server: then comparing is cheaper than hashing.
        let only = hosts.iter().next().filter(|(only, _)| only.as_key() == key);
        if let Some(host) = only.map(|(_, host)| host).or_else(|| hosts.get(&key as &dyn AsKey)) {
            return Ok(Arc::clone(host));
        }
        drop(hosts);
        let name = name()?;
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        let host = match hosts.get(&key as &dyn AsKey) {
            Some(host) => Arc::clone(host),
            None => {
                let permits = self.permits_of(&hosts, key);
                let host =
                    Arc::new(Host::new(name, self.limits, permits, Arc::clone(&self.attention)));
                hosts.insert(key.to_key(), Arc::clone(&host));
                host
            }
        };
        drop(hosts);
        // It may never have a connection to keep, and is forgotten all the same.
        self.sweep();
        Ok(host)
    }

    /// A connection, or the right to make one.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped: what was granted meanwhile goes to the next.
    pub(crate) async fn acquire(&self, host: &Arc<Host<C>>, may_multiplex: bool) -> Acquired<C> {
        loop {
            let leads = match host.take(may_multiplex) {
                Taken::Connection(connection) => return Acquired::Connection(connection),
                Taken::Connect { leads } => leads,
                Taken::Wait(waiting) => match waiting.await {
                    Grant::Connection(connection) => return Acquired::Connection(connection),
                    Grant::Again => continue,
                    Grant::Connect => false,
                },
            };
            // From here on it is the one that others wait for, if it leads.
            let opening = Opening::new(host, leads);
            if let Some(acquired) = Box::pin(self.open(opening)).await {
                return acquired;
            }
        }
    }

    /// The right to make a connection that no other request shares in before it is there.
    pub(crate) async fn acquire_new(&self, host: &Arc<Host<C>>) -> Opening<C> {
        let mut opening = Opening::new(host, false);
        opening.permits = Some(self.permits_for(host, permit::NOBODY).await);
        opening
    }

    async fn open(&self, mut opening: Opening<C>) -> Option<Acquired<C>> {
        let host = Arc::clone(&opening.host);
        if let Some(permit) = host.permits.try_take()
            && let Some(total) = self.permits.try_take()
        {
            opening.permits = Some(OpenPermits(permit, total, Arc::clone(&host.open)));
            return Some(Acquired::Opening(opening));
        }
        let mut waiting = host.wait();
        let mut permits = pin!(self.permits_for(&host, host.who()));
        let granted = poll_fn(|cx| match Pin::new(&mut waiting).poll(cx) {
            Poll::Ready(grant) => Poll::Ready(Err(grant)),
            Poll::Pending => permits.as_mut().poll(cx).map(Ok),
        });
        match granted.await {
            Ok(permits) => {
                opening.permits = Some(permits);
                Some(Acquired::Opening(opening))
            }
            Err(Grant::Connection(connection)) => Some(Acquired::Connection(connection)),
            Err(Grant::Again | Grant::Connect) => None,
        }
    }

    /// The permits of a server are the same on all runtimes.
    fn permits_of(&self, hosts: &HashMap<Key, Arc<Host<C>>>, key: KeyRef<'_>) -> Permits {
        let limit = self.limits.max_open_per_host;
        let mut others =
            hosts.iter().filter(|(other, _)| limit.is_some() && key.is_server_of(other));
        others.next().map_or_else(|| Permits::new(limit), |(_, host)| host.permits.clone())
    }

    async fn permits_for(&self, host: &Host<C>, who: Who) -> OpenPermits {
        let take =
            async |permits: &Permits| permits.take(who, || self.close_longest_idle(permits)).await;
        let (permit, total) = (take(&host.permits).await, take(&self.permits).await);
        OpenPermits(permit, total, Arc::clone(&host.open))
    }

    /// Takes a connection back whose exchange is over.
    pub(crate) fn put(self: &Arc<Self>, host: &Host<C>, mut connection: C) {
        connection.rest();
        if !connection.is_open() || !host.put(connection) {
            return;
        }
        self.sweep();
        // Who waits from here on finds the connection idle.
        for permits in [&host.permits, &self.permits] {
            if permits.are_wanted_beside(host.who()) {
                self.close_longest_idle(permits);
            }
        }
    }

    /// Whether no connection is kept that this host has: others wait for one to be given up, or there will be
    /// no other request.
    pub(crate) fn is_pressed(&self, host: &Host<C>) -> bool {
        let permits = [&host.permits, &self.permits];
        self.is_shut_down() || permits.iter().any(|permits| permits.are_wanted_beside(host.who()))
    }

    /// Of those that take such permits.
    fn close_longest_idle(&self, permits: &Permits) {
        let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        let hosts = hosts.values();
        let hosts = hosts.filter(|host| self.permits.are(permits) || host.permits.are(permits));
        let longest = hosts.filter_map(|host| Some((host.idle_since()?, host)));
        if let Some((_, host)) = longest.min_by_key(|(since, _)| *since) {
            host.close_oldest();
        }
    }

    /// Starts the task that closes what is too old, unless it runs.
    fn sweep(self: &Arc<Self>) {
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

impl<C: Pooled> Pool<C> {
    /// Closes what no exchange is on.
    fn close_idle(&self) {
        let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        hosts.values().for_each(|host| host.close_idle());
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

impl<C: Pooled> Opening<C> {
    fn new(host: &Arc<Host<C>>, leads: bool) -> Self {
        Self { host: Arc::clone(host), leads, permits: None }
    }

    pub(crate) fn attention(&self) -> Attention {
        Arc::clone(&self.host.attention)
    }

    /// What the connection is to hold, as soon as there is one.
    pub(crate) fn permits(&mut self) -> Option<OpenPermits> {
        self.permits.take()
    }

    /// There is a connection.
    pub(crate) fn made(mut self, connection: &C) {
        self.leads = false;
        self.host.made(connection);
    }

    /// There is none, and others would fare no better.
    pub(crate) fn failed(mut self) {
        if std::mem::take(&mut self.leads) {
            self.host.not_made(true);
        }
    }
}

impl<C: Pooled> Drop for Opening<C> {
    fn drop(&mut self) {
        if self.leads {
            self.host.not_made(false);
        }
    }
}
