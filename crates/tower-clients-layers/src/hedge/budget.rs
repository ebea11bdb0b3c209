//! How many requests may be sent a second time.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A request that is sent again, in hundredths.
const ONE: u32 = 100;

/// So many may be saved up.
const MOST: u32 = 10;

/// A share of all requests may be sent a second time, and a few beyond.
#[derive(Debug)]
pub(super) struct Budget {
    percent: u32,
    saved: AtomicU32,
}

impl Budget {
    pub(super) fn new(percent: u32) -> Self {
        Self { percent, saved: AtomicU32::new(MOST * ONE) }
    }

    /// Counts a request that is sent for the first time.
    pub(super) fn deposit(&self) {
        let add = |saved: u32| Some(saved.saturating_add(self.percent).min(MOST * ONE));
        let _ = self.saved.fetch_update(Relaxed, Relaxed, add);
    }

    /// Whether one more may be sent a second time, which is counted then.
    pub(super) fn withdraw(&self) -> bool {
        self.saved.fetch_update(Relaxed, Relaxed, |saved| saved.checked_sub(ONE)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_is_exact_beyond_what_was_saved() {
        for percent in [0, 1, 7, 10, 33, 50, 100] {
            let budget = Budget::new(percent);
            let again = (0..10_000).filter(|_| {
                budget.deposit();
                budget.withdraw()
            });
            let (again, share) = (again.count(), 100 * percent as usize);
            assert!((share..=share + MOST as usize).contains(&again), "{percent}: {again}");
        }
    }

    #[test]
    fn no_more_is_saved_than_a_few() {
        let budget = Budget::new(100);
        (0..1000).for_each(|_| budget.deposit());
        assert_eq!((0..1000).filter(|_| budget.withdraw()).count(), MOST as usize);
    }
}
