//! How long responses take to come: a histogram that forgets.

use std::time::Duration;

/// Bounds double with each four buckets, from a millisecond on: up to a quarter of an hour.
const BUCKETS: usize = 81;

/// All counts are halved when there are so many.
const MANY: u32 = 2000;

/// A share of fewer tells nothing.
const FEW: u32 = 20;

/// The times of the last thousand or two thousand responses, on a scale of 19 %.
#[derive(Debug)]
pub(super) struct Latencies {
    counts: [u32; BUCKETS],
    all: u32,
}

impl Latencies {
    pub(super) const fn new() -> Self {
        Self { counts: [0; BUCKETS], all: 0 }
    }

    pub(super) fn record(&mut self, time: Duration) {
        let bucket = (4.0 * (time.as_secs_f64() * 1000.0).log2()).ceil();
        // Less than a millisecond is negative, and a number that is too small becomes 0.
        self.counts[(bucket as usize).min(BUCKETS - 1)] += 1;
        self.all += 1;
        if self.all >= MANY {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.all = self.counts.iter().sum();
        }
    }

    /// A time within which `percent` of the responses came, unless there were too few.
    pub(super) fn percentile(&self, percent: u32) -> Option<Duration> {
        if self.all < FEW {
            return None;
        }
        let wanted = (self.all * percent).div_ceil(100);
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(Duration::from_secs_f64((bucket as f64 / 4.0).exp2() / 1000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(latencies: &Latencies, percent: u32) -> Option<u128> {
        latencies.percentile(percent).map(|time| time.as_millis())
    }

    #[test]
    fn percentiles_are_right_on_their_scale() {
        let mut latencies = Latencies::new();
        for time in 1..=1000 {
            latencies.record(Duration::from_millis(time));
        }
        for percent in [1, 50, 90, 95, 99, 100] {
            let (exact, found) = (10.0 * f64::from(percent), millis(&latencies, percent).unwrap());
            assert!((0.99..1.2).contains(&(found as f64 / exact)), "{percent}: {found}");
        }
    }

    #[test]
    fn few_tell_nothing() {
        let mut latencies = Latencies::new();
        for _ in 1..FEW {
            latencies.record(Duration::from_millis(8));
            assert_eq!(millis(&latencies, 95), None);
        }
        latencies.record(Duration::from_millis(8));
        assert_eq!(millis(&latencies, 95), Some(8));
    }

    #[test]
    fn old_times_are_forgotten() {
        let mut latencies = Latencies::new();
        (0..50_000).for_each(|_| latencies.record(Duration::from_secs(8)));
        (0..20_000).for_each(|_| latencies.record(Duration::from_millis(16)));
        assert_eq!(millis(&latencies, 99), Some(16));
    }

    #[test]
    fn all_durations_have_a_bucket() {
        let mut latencies = Latencies::new();
        for time in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            (0..20).for_each(|_| latencies.record(time));
        }
        assert_eq!(millis(&latencies, 1), Some(1));
        assert_eq!(millis(&latencies, 99), Some(1_048_576));
    }
}
