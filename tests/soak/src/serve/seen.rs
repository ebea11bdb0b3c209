//! What the server has seen.

use super::request::Request;
use crate::plan::payload;
use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

/// Counts that a client asks for at the end.
#[derive(Debug, Default)]
pub(super) struct Seen {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: u64,
    /// Requests that came twice though that may do harm.
    duplicates: u64,
    /// Requests that are not as they were sent.
    damaged: u64,
    evil_connections: u64,
    evil_bytes: u64,
    attempts: HashMap<u64, u8>,
}

impl Seen {
    fn with<T>(&self, f: impl FnOnce(&mut Counts) -> T) -> T {
        f(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts an attempt, and says which one it is of its request.
    pub(super) fn attempt(&self, request: &Request) -> u64 {
        let body = if request.is_post { payload(request.id) } else { String::new() };
        let key = request.key.as_ref().is_none_or(|key| *key == request.id.to_string());
        let is_whole = request.is_authorized && key && request.body == body.as_bytes();
        self.with(|counts| {
            counts.requests += 1;
            counts.damaged += u64::from(!is_whole);
            let attempts = counts.attempts.entry(request.id).or_default();
            *attempts = attempts.saturating_add(1);
            let attempt = u64::from(*attempts);
            counts.duplicates += u64::from(request.is_post && request.key.is_none() && attempt > 1);
            attempt
        })
    }

    pub(super) fn evil(&self, connections: u64, bytes: usize) {
        self.with(|counts| {
            counts.evil_connections += connections;
            counts.evil_bytes += bytes as u64;
        });
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|counts| {
            writeln!(f, "requests={}", counts.requests)?;
            writeln!(f, "duplicates={}", counts.duplicates)?;
            writeln!(f, "damaged={}", counts.damaged)?;
            writeln!(f, "evil_connections={}", counts.evil_connections)?;
            writeln!(f, "evil_bytes={}", counts.evil_bytes)
        })
    }
}
