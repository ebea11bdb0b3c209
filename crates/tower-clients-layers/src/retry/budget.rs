//! How much load requests that are sent again may add.

use crate::url::Origin;
use http::Uri;
use std::{
    fmt,
    hash::{DefaultHasher, Hasher as _},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Limits the load that retries add to each origin: a share of its requests, and a few each second.
///
/// Each request saves up its share of a retry, and each retry uses up a whole one. So that rare
/// requests may be retried too, there is a reserve that time fills. What is saved up is never more
/// than 100 retries, and the reserve never more than that of a second: an origin that fails
/// all of its requests gets at most the share, the reserve and those 100 more than without retries.
///
/// Clones share what they count, so one budget can be that of several clients, and of whatever else
/// sends requests of its own accord, as a [`HedgeLayer`](crate::HedgeLayer) does. Of two layers in a row
/// that share one, each counts the requests that reach it. Counting takes no lock. There is room for 64
/// origins; when it is full, further ones count together with others.
///
/// ```
/// use tower_clients_layers::RetryBudget;
///
/// let budget = RetryBudget::percent(50).per_second(0);
/// let uri = http::Uri::from_static("http://a.example/x");
/// budget.deposit(&uri);
/// budget.deposit(&uri);
/// assert!(budget.withdraw(&uri));
/// assert!(!budget.withdraw(&uri));
/// ```
#[derive(Clone)]
pub struct RetryBudget {
    percent: u32,
    per_second: u32,
    shared: Arc<Shared>,
}

struct Shared {
    start: Instant,
    accounts: [Account; ORIGINS],
}

const ORIGINS: usize = 64;
/// So many accounts are looked at for that of an origin.
const LOOKS: usize = 8;

/// Of one origin.
#[derive(Default)]
struct Account {
    origin: OnceLock<Option<Origin>>,
    /// In hundredths of a retry.
    saved: AtomicU64,
    /// Until when the reserve is used up, in nanoseconds since the start.
    reserved: AtomicU64,
}

const RETRY: u64 = 100;
const MOST_SAVED: u64 = 100 * RETRY;

impl RetryBudget {
    /// Retries up to this share of requests, and a reserve of 10 a second.
    #[must_use]
    pub fn percent(percent: u32) -> Self {
        let accounts = std::array::from_fn(|_| Account::default());
        let shared = Arc::new(Shared { start: Instant::now(), accounts });
        Self { percent, per_second: 10, shared }
    }

    /// Sets the reserve, in retries a second to each origin; 10 by default.
    #[must_use]
    pub fn per_second(mut self, retries: u32) -> Self {
        self.per_second = retries;
        self
    }

    /// Counts a request, which is not a retry itself.
    pub fn deposit(&self, uri: &Uri) {
        let saved = &self.shared.account(uri).saved;
        let percent = u64::from(self.percent);
        let more = |saved: u64| (saved < MOST_SAVED).then(|| (saved + percent).min(MOST_SAVED));
        // A full account is only read.
        let _ = saved.fetch_update(Relaxed, Relaxed, more);
    }

    /// Uses up a retry. `false`: there is none, and the request may not be retried.
    #[must_use]
    pub fn withdraw(&self, uri: &Uri) -> bool {
        let account = self.shared.account(uri);
        let less = |saved: u64| saved.checked_sub(RETRY);
        account.saved.fetch_update(Relaxed, Relaxed, less).is_ok()
            || self.withdraw_reserve(&account.reserved)
    }

    /// By the time when the reserve would be full again, which may be a second ahead.
    fn withdraw_reserve(&self, reserved: &AtomicU64) -> bool {
        const SECOND: u64 = Duration::from_secs(1).as_nanos() as u64;
        let Some(each) = SECOND.checked_div(u64::from(self.per_second)) else { return false };
        let now = self.shared.start.elapsed().as_nanos() as u64;
        let later = |until: u64| {
            let until = until.max(now) + each;
            (until <= now + SECOND).then_some(until)
        };
        reserved.fetch_update(Relaxed, Relaxed, later).is_ok()
    }
}

impl Shared {
    /// The account of the origin of a URI; relative ones have one in common.
    fn account(&self, uri: &Uri) -> &Account {
        let first = hash(uri.host().unwrap_or_default());
        for look in 0..LOOKS {
            let account = &self.accounts[first.wrapping_add(look) % ORIGINS];
            let is_its_own = match account.origin.get_or_init(|| Origin::of(uri).ok()) {
                Some(origin) => origin.contains(uri),
                None => uri.authority().is_none(),
            };
            if is_its_own {
                return account;
            }
        }
        &self.accounts[first % ORIGINS]
    }
}

/// Of a host in any case.
fn hash(host: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    host.bytes().for_each(|byte| hasher.write_u8(byte.to_ascii_lowercase()));
    hasher.finish() as usize
}

/// A fifth of requests, and 10 a second.
impl Default for RetryBudget {
    fn default() -> Self {
        Self::percent(20)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("percent", &self.percent)
            .field("per_second", &self.per_second)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::atomic::AtomicUsize, thread};

    fn uri() -> Uri {
        Uri::from_static("http://a.example/x")
    }

    #[test]
    fn r8_share_is_exact_for_any_percentage() {
        for percent in 1..=100 {
            let budget = RetryBudget::percent(percent).per_second(0);
            let allowed = (0..10_000).filter(|_| {
                budget.deposit(&uri());
                budget.withdraw(&uri())
            });
            assert_eq!(allowed.count(), 100 * percent as usize);
        }
    }

    #[test]
    fn r8_share_is_exact_from_64_threads() {
        for percent in [1, 20, 33, 100] {
            let budget = RetryBudget::percent(percent).per_second(0);
            let allowed = AtomicUsize::new(0);
            thread::scope(|scope| {
                for _ in 0..64 {
                    scope.spawn(|| {
                        for _ in 0..1000 {
                            budget.deposit(&uri());
                            allowed.fetch_add(usize::from(budget.withdraw(&uri())), Relaxed);
                        }
                    });
                }
            });
            while budget.withdraw(&uri()) {
                allowed.fetch_add(1, Relaxed);
            }
            assert_eq!(allowed.into_inner(), 640 * percent as usize);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn r8_reserve_comes_back_with_time() {
        let budget = RetryBudget::percent(0);
        let withdraw = || (0..1000).filter(|_| budget.withdraw(&uri())).count();
        for (wait, allowed) in
            [(0, 10), (0, 0), (99, 0), (1, 1), (250, 2), (50, 1), (86_400_000, 10)]
        {
            tokio::time::advance(Duration::from_millis(wait)).await;
            assert_eq!(withdraw(), allowed, "after {wait} ms");
        }
        assert!(!RetryBudget::percent(0).per_second(0).withdraw(&uri()));
    }

    #[test]
    fn no_more_than_100_are_saved_up() {
        let budget = RetryBudget::percent(33).per_second(0);
        for _ in 0..10_000 {
            budget.deposit(&uri());
        }
        assert_eq!((0..1000).filter(|_| budget.withdraw(&uri())).count(), 100);
    }

    #[test]
    fn each_origin_has_its_own_and_clones_share_them() {
        let budget = RetryBudget::percent(100).per_second(0);
        let [a, other] = ["http://a.example/x", "http://a.example:81/x"].map(Uri::from_static);
        let clone = budget.clone();
        budget.deposit(&a);
        assert!(!clone.withdraw(&other));
        assert!(!clone.withdraw(&Uri::from_static("/x")));
        assert!(clone.withdraw(&Uri::from_static("http://A.example:80/y")));
        assert!(!budget.withdraw(&a));
    }

    #[test]
    fn more_origins_than_there_is_room_for_count_together() {
        let budget = RetryBudget::percent(100).per_second(0);
        let uris: Vec<Uri> = (0..1000).map(|n| format!("http://h{n}/").parse().unwrap()).collect();
        uris.iter().for_each(|uri| budget.deposit(uri));
        assert!(uris.iter().all(|uri| budget.withdraw(uri)));
        assert!(!uris.iter().any(|uri| budget.withdraw(uri)));
    }
}
