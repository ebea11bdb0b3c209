//! How many connections there are.

use super::{Pool, Pooled};
use std::{
    collections::BTreeMap,
    ops::{Add, AddAssign},
    sync::PoisonError,
};

/// Connections and requests of one server, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Also those that are being made.
    pub(crate) open: usize,
    pub(crate) idle: usize,
    pub(crate) waiting: usize,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            open: self.open + other.open,
            idle: self.idle + other.idle,
            waiting: self.waiting + other.waiting,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<C: Pooled> Pool<C> {
    /// By server, whatever the runtime.
    pub(crate) fn counts(&self) -> BTreeMap<String, Counts> {
        let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        let mut counts = BTreeMap::<_, Counts>::new();
        for (key, host) in hosts.iter() {
            *counts.entry(key.origin()).or_default() += host.counts();
        }
        counts
    }
}
