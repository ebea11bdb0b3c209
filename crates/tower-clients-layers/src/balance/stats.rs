//! What is known about one upstream: a few atomics that every clone shares.

use crate::BaseUrl;
use std::{
    fmt,
    sync::atomic::{
        AtomicBool, AtomicU64, AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};

/// Ticks in a half-life: how fine time is.
pub(super) const TICKS: u64 = 64;

/// A count that halves with every half-life, in one word: the upper bits are the tick of the last
/// change, the lower ones the value at that time as a fixed-point number.
#[derive(Default)]
struct Decaying(AtomicU64);

const VALUE_BITS: u32 = 24;
const MAX_VALUE: u64 = (1 << VALUE_BITS) - 1;
/// 14 bits before the point, 10 behind it.
const ONE: u64 = 1 << 10;

impl Decaying {
    fn get(&self, now: u64) -> f64 {
        Self::value(self.0.load(Relaxed), now)
    }

    fn value(word: u64, now: u64) -> f64 {
        let (since, value) = (word >> VALUE_BITS, word & MAX_VALUE);
        if value == 0 {
            return 0.0;
        }
        let half_lives = now.saturating_sub(since) as f64 / TICKS as f64;
        let rest = value as f64 * (-half_lives).exp2();
        // Less than the smallest number is nothing, so that a fault is forgotten in the end.
        if rest < 1.0 { 0.0 } else { rest / ONE as f64 }
    }

    fn increment(&self, now: u64) {
        let add = |word| {
            let value = (Self::value(word, now) * ONE as f64) as u64 + ONE;
            Some((now << VALUE_BITS) | value.min(MAX_VALUE))
        };
        let _ = self.0.fetch_update(Relaxed, Relaxed, add);
    }

    fn clear(&self) {
        self.0.store(0, Relaxed);
    }
}

/// One upstream and what its exchanges came to.
pub(super) struct Upstream {
    pub(super) url: BaseUrl,
    active: AtomicUsize,
    errors: Decaying,
    failures: Decaying,
    /// How many faults there were: whoever started before the last one cannot tell that it is over.
    faults: AtomicU64,
    /// The tick of the last fault or probe.
    checked: AtomicU64,
    probing: AtomicBool,
}

impl Upstream {
    pub(super) fn new(url: BaseUrl) -> Self {
        Self {
            url,
            active: AtomicUsize::new(0),
            errors: Decaying::default(),
            failures: Decaying::default(),
            faults: AtomicU64::new(0),
            checked: AtomicU64::new(0),
            probing: AtomicBool::new(false),
        }
    }

    pub(super) fn snapshot(&self, now: u64) -> Snapshot<'_> {
        let (errors, failures) = (self.errors.get(now), self.failures.get(now));
        let is_due = errors + failures > 0.0
            && now.saturating_sub(self.checked.load(Relaxed)) >= TICKS
            && !self.probing.load(Relaxed);
        let active = self.active.load(Relaxed);
        Snapshot { url: &self.url, active, errors, failures, is_due }
    }

    /// Takes the right to probe; [`release`](Self::release) gives it back.
    pub(super) fn claim_probe(&self, now: u64) -> bool {
        let claimed = self.probing.compare_exchange(false, true, AcqRel, Relaxed).is_ok();
        if claimed {
            self.checked.store(now, Relaxed);
        }
        claimed
    }

    /// Counts one more active exchange; the answer goes to [`succeed`](Self::succeed).
    pub(super) fn start(&self) -> u64 {
        self.active.fetch_add(1, Relaxed);
        self.faults.load(Acquire)
    }

    pub(super) fn stop(&self) {
        self.active.fetch_sub(1, Relaxed);
    }

    pub(super) fn release_probe(&self) {
        self.probing.store(false, Release);
    }

    pub(super) fn error(&self, now: u64) {
        self.fault(&self.errors, now);
    }

    pub(super) fn failure(&self, now: u64) {
        self.fault(&self.failures, now);
    }

    fn fault(&self, count: &Decaying, now: u64) {
        count.increment(now);
        self.checked.store(now, Relaxed);
        self.faults.fetch_add(1, Release);
    }

    /// An answer to an exchange that started after the last fault: the upstream has recovered.
    pub(super) fn succeed(&self, faults_at_start: u64) {
        if faults_at_start > 0 && self.faults.load(Acquire) == faults_at_start {
            self.errors.clear();
            self.failures.clear();
        }
    }
}

/// One upstream at one moment: what a [`Priority`](super::Priority) decides by.
///
/// An upstream is *up* until it commits a fault, an error or a failure. From then on it is *down*,
/// until a request that started after its last fault is answered, or the fault is forgotten, which
/// takes ten half-lives for a single one.
#[derive(Clone, Copy)]
pub struct Snapshot<'a> {
    url: &'a BaseUrl,
    active: usize,
    errors: f64,
    failures: f64,
    is_due: bool,
}

impl<'a> Snapshot<'a> {
    /// The base URL of the upstream.
    #[must_use]
    pub fn url(&self) -> &'a BaseUrl {
        self.url
    }

    /// How many requests are under way: each counts until its response body ends or is dropped.
    #[must_use]
    pub fn active(&self) -> usize {
        self.active
    }

    /// How many requests got no response, or one that broke off; halved with every half-life.
    #[must_use]
    pub fn errors(&self) -> f64 {
        self.errors
    }

    /// How many requests were answered with a status of 5xx; halved with every half-life.
    #[must_use]
    pub fn failures(&self) -> f64 {
        self.failures
    }

    /// Errors and failures.
    #[must_use]
    pub fn faults(&self) -> f64 {
        self.errors + self.failures
    }

    /// Whether it committed no fault, or has recovered from it.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.faults() == 0.0
    }

    /// Whether it is down, but it is time to try it again: a half-life has passed since its last
    /// fault or probe, and no probe is under way. The next request that chooses it is the probe.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.is_due
    }

    /// The rank of the default priority, the best one first: due for a probe; up, with the fewest
    /// active requests; down, with the fewest faults (by whole numbers), then active requests.
    ///
    /// A priority of your own can be built on it.
    #[must_use]
    pub fn rank(&self) -> Rank {
        let standing = match (self.is_up(), self.is_due) {
            (_, true) => Standing::Due,
            (true, _) => Standing::Up,
            _ => Standing::Down(self.faults().round() as u64),
        };
        Rank { standing, active: self.active }
    }
}

/// Shows no more than the methods tell.
impl fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("url", &format_args!("{}", self.url))
            .field("active", &self.active)
            .field("errors", &self.errors)
            .field("failures", &self.failures)
            .field("is_due", &self.is_due)
            .finish()
    }
}

/// How good a choice an upstream is; less is better. See [`Snapshot::rank`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    standing: Standing,
    active: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Due,
    Up,
    Down(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream() -> Upstream {
        Upstream::new("http://h".parse().unwrap())
    }

    #[test]
    fn counts_halve_and_are_forgotten() {
        let count = Decaying::default();
        count.increment(0);
        count.increment(0);
        assert_eq!(count.get(TICKS), 1.0);
        count.increment(TICKS);
        assert_eq!(count.get(2 * TICKS), 1.0);
        assert_eq!(count.get(100 * TICKS), 0.0);
        // A clock that another thread read a little earlier.
        assert_eq!(count.get(0), 2.0);
    }

    #[test]
    fn counts_do_not_overflow() {
        let count = Decaying::default();
        (0..20_000).for_each(|_| count.increment(7));
        assert!((16_383.0..16_385.0).contains(&count.get(7)));
        count.increment(u64::MAX >> VALUE_BITS);
        assert_eq!(count.get(u64::MAX >> VALUE_BITS), 1.0);
    }

    #[test]
    fn one_probe_at_a_time_and_one_in_a_half_life() {
        let upstream = upstream();
        upstream.error(0);
        assert!(!upstream.snapshot(TICKS - 1).is_due());
        assert!(upstream.snapshot(TICKS).is_due() && upstream.claim_probe(TICKS));
        assert!(!upstream.snapshot(3 * TICKS).is_due() && !upstream.claim_probe(3 * TICKS));
        upstream.release_probe();
        assert!(!upstream.snapshot(2 * TICKS - 1).is_due());
        assert!(upstream.snapshot(2 * TICKS).is_due());
    }

    #[test]
    fn only_an_exchange_younger_than_the_last_fault_tells_of_recovery() {
        let upstream = upstream();
        let early = upstream.start();
        upstream.failure(0);
        upstream.succeed(early);
        assert!(!upstream.snapshot(0).is_up());
        let late = upstream.start();
        upstream.succeed(late);
        assert!(upstream.snapshot(0).is_up());
        assert_eq!(upstream.snapshot(0).active(), 2);
    }

    #[test]
    fn ranks_go_from_due_over_up_to_down() {
        let of = |active, errors, is_due| {
            let url = &"http://h".parse().unwrap();
            Snapshot { url, active, errors, failures: 0.0, is_due }.rank()
        };
        let ranks = [
            of(9, 3.0, true),
            of(0, 0.0, false),
            of(1, 0.0, false),
            of(0, 1.2, false),
            of(1, 0.9, false),
            of(0, 2.0, false),
        ];
        assert!(ranks.is_sorted());
    }
}
