//! One fetch that many wait for.

use super::shared::{Fetch, Outcome};
use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

/// A fetch on its way, driven by everybody who waits for it. So it goes on as long as anybody waits,
/// and a request that is not polled holds up nobody. With the last of them it is dropped.
pub(super) struct Flight {
    /// Locked by the one who polls. Nobody waits for this lock.
    fetch: Mutex<Fetch>,
    outcome: OnceLock<Outcome>,
    seats: AtomicUsize,
    crowd: Arc<Crowd>,
}

/// The tasks that wait. The waker that the fetch gets does not keep the fetch alive.
#[derive(Default)]
struct Crowd {
    inner: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    wakers: BTreeMap<usize, Waker>,
    /// Whether the fetch was woken since it was last polled.
    woken: bool,
}

impl Crowd {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Crowd {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut waiting = self.lock();
        waiting.woken = true;
        let wakers = mem::take(&mut waiting.wakers);
        drop(waiting);
        wakers.into_values().for_each(Waker::wake);
    }
}

impl Flight {
    pub(super) fn new(fetch: Fetch) -> Self {
        Self {
            fetch: Mutex::new(fetch),
            outcome: OnceLock::new(),
            seats: AtomicUsize::new(0),
            crowd: Arc::default(),
        }
    }

    pub(super) fn has_panicked(&self) -> bool {
        self.fetch.is_poisoned()
    }
}

/// One that waits for a [`Flight`].
pub(super) struct Seat {
    flight: Arc<Flight>,
    number: usize,
}

impl Seat {
    pub(super) fn in_flight(flight: Arc<Flight>) -> Self {
        let number = flight.seats.fetch_add(1, Relaxed);
        Self { flight, number }
    }

    /// What came of it; `None` when the fetch panicked while another drove it.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Outcome>> {
        let Flight { fetch, outcome, crowd, .. } = &*self.flight;
        crowd.lock().wakers.insert(self.number, cx.waker().clone());
        let unlocked = match fetch.try_lock() {
            Ok(fetch) => fetch,
            // The one who polls it now wakes all the others if that comes to anything.
            Err(TryLockError::WouldBlock) => return Poll::Pending,
            Err(TryLockError::Poisoned(_)) => return Poll::Ready(None),
        };
        if outcome.get().is_none() {
            let mut turn = Turn { crowd, is_over: true };
            // Named after the turn, and so given back before its end wakes the others.
            let mut fetch = unlocked;
            crowd.lock().woken = false;
            let waker = Waker::from(Arc::clone(crowd));
            match fetch.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(new) => outcome.get_or_init(|| new),
                Poll::Pending => {
                    turn.is_over = false;
                    return Poll::Pending;
                }
            };
        }
        Poll::Ready(outcome.get().cloned())
    }
}

/// One poll of the fetch. It ends by a panic too.
struct Turn<'a> {
    crowd: &'a Arc<Crowd>,
    is_over: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Those that came during this turn missed what woke the fetch meanwhile.
        if self.is_over || self.crowd.lock().woken {
            self.crowd.wake_by_ref();
        }
    }
}
