//! How long to wait before the next attempt.

use crate::random::Random;
use std::time::Duration;

/// Exponential, with full jitter: each pause is by chance between nothing and its bound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    pub(super) base: Duration,
    pub(super) cap: Duration,
    pub(super) has_jitter: bool,
}

impl Backoff {
    pub(super) const DEFAULT: Self =
        Self { base: Duration::from_millis(100), cap: Duration::from_secs(10), has_jitter: true };

    /// The pause after as many attempts as have `failed`, one or more.
    pub(super) fn pause(&self, failed: usize, random: &Random) -> Duration {
        let doubled = u32::try_from(failed.saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = 1_u32.checked_shl(doubled).unwrap_or(u32::MAX);
        let bound = self.base.saturating_mul(factor).min(self.cap);
        if self.has_jitter { part(bound, random.next()) } else { bound }
    }
}

/// As much of `whole` as `chance` is of all numbers.
fn part(whole: Duration, chance: u64) -> Duration {
    let nanos = whole.as_nanos().min(u128::from(u64::MAX));
    Duration::from_nanos(((nanos * u128::from(chance)) >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap() {
        let backoff = Backoff { has_jitter: false, ..Backoff::DEFAULT };
        let random = Random::seeded(0);
        let pauses = [1, 2, 3, 7, 8, 33, 34, usize::MAX].map(|n| backoff.pause(n, &random));
        let millis = [100, 200, 400, 6400, 10_000, 10_000, 10_000, 10_000];
        assert_eq!(pauses, millis.map(Duration::from_millis));
        let longest = Backoff { base: Duration::MAX, cap: Duration::MAX, has_jitter: true };
        assert!(longest.pause(9, &random) <= Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn jitter_fills_the_whole_range_evenly_and_a_seed_repeats_it() {
        let pauses = |seed| {
            let random = Random::seeded(seed);
            let pause = move |_| Backoff::DEFAULT.pause(2, &random).as_secs_f64() / 0.2;
            (0..10_000).map(pause).collect::<Vec<_>>()
        };
        let parts = pauses(7);
        assert_eq!(parts, pauses(7));
        assert_ne!(parts, pauses(8));
        for tenth in 0..10 {
            let low = f64::from(tenth) / 10.0;
            let count = parts.iter().filter(|part| (low..low + 0.1).contains(*part)).count();
            assert!((900..=1100).contains(&count), "{tenth}: {count}");
        }
    }
}
