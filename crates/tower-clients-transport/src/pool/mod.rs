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

mod host;
mod in_flight;
mod key;
mod opening;
mod permit;
mod pooled;
mod sweep;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    host::Host,
    in_flight::InFlight,
    key::KeyRef,
    opening::{OpenPermits, Opening},
    pooled::Pooled,
};

use self::{
    host::{Grant, Taken},
    in_flight::Exchanges,
    key::{AsKey, Key},
    permit::{Permits, Who},
};
use crate::stats::HostStats;
use http::HeaderValue;
use std::{
    collections::{BTreeMap, HashMap},
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, PoisonError, RwLock, atomic::AtomicBool},
    task::Poll,
    time::Duration,
};
use tokio::sync::Notify;

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
    exchanges: Exchanges,
}

/// What a request goes on with.
pub(crate) enum Acquired<C: Pooled> {
    Connection(C),
    Opening(Opening<C>),
}

impl<C: Pooled> Pool<C> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            permits: Permits::new(limits.max_open),
            hosts: RwLock::default(),
            is_swept: AtomicBool::new(false),
            attention: Attention::default(),
            exchanges: Exchanges::default(),
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
            opening.permits = Some(OpenPermits::new(&host, permit, total));
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
        OpenPermits::new(host, permit, total)
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

    /// What there is of each server, whatever the runtime.
    pub(crate) fn stats(&self) -> Vec<HostStats> {
        let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        let mut stats = BTreeMap::<_, HostStats>::new();
        for (key, host) in hosts.iter() {
            let origin = key.origin();
            host.count(stats.entry(origin.clone()).or_insert_with(|| HostStats::new(origin)));
        }
        stats.into_values().collect()
    }

    /// Closes what no exchange is on.
    fn close_idle(&self) {
        let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        hosts.values().for_each(|host| host.close_idle());
    }
}
