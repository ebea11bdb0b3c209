//! A connection that is being made.

use super::{Attention, Host, Pooled, permit::Permit};
use std::{mem, sync::Arc};

/// The right to make a connection.
///
/// Dropping it before there is one lets others go on.
pub(crate) struct Opening<C: Pooled> {
    pub(super) host: Arc<Host<C>>,
    /// Whether others wait for what comes of it.
    leads: bool,
    /// `None` while it waits for them.
    pub(super) permits: Option<OpenPermits>,
}

/// What goes with an open connection until that is given up.
///
/// The task that drives it does not hold this: its runtime may be one that nobody drives for now.
#[derive(Debug)]
#[expect(dead_code, reason = "they are held")]
pub(crate) struct OpenPermits {
    of_host: Permit,
    of_all: Permit,
    counted: Arc<()>,
}

impl OpenPermits {
    pub(super) fn new<C>(host: &Host<C>, of_host: Permit, of_all: Permit) -> Self {
        Self { of_host, of_all, counted: Arc::clone(&host.open) }
    }
}

impl<C: Pooled> Opening<C> {
    pub(super) fn new(host: &Arc<Host<C>>, leads: bool) -> Self {
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
        if mem::take(&mut self.leads) {
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
