//! Who is woken, when several drive one fetch.

use super::{
    super::{
        flight::{Flight, Seat},
        shared::Outcome,
    },
    *,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    task::{Wake, Waker},
};

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// One that waits, and remembers whether it was woken.
struct Waiter {
    seat: Seat,
    woken: Arc<Woken>,
}

impl Waiter {
    fn of(flight: &Arc<Flight>) -> Self {
        Self { seat: Seat::in_flight(Arc::clone(flight)), woken: Arc::default() }
    }

    fn poll(&self) -> Poll<Option<Outcome>> {
        let waker = Waker::from(Arc::clone(&self.woken));
        self.seat.poll(&mut Context::from_waker(&waker))
    }

    fn was_woken(&self) -> bool {
        self.woken.0.load(SeqCst)
    }
}

fn flight(
    poll: impl FnMut(&mut Context<'_>) -> Poll<Outcome> + Send + 'static,
) -> (Arc<Flight>, Waiter, Waiter) {
    let flight = Arc::new(Flight::new(Box::pin(poll_fn(poll))));
    let waiters = (Waiter::of(&flight), Waiter::of(&flight));
    (flight, waiters.0, waiters.1)
}

#[test]
fn everybody_hears_of_the_end() {
    let mut polls = 0;
    let (flight, first, second) = flight(move |_| {
        polls += 1;
        if polls == 1 { Poll::Pending } else { Poll::Ready(Err(Arc::new(fmt::Error))) }
    });
    assert!(first.poll().is_pending() && !first.was_woken());
    assert!(second.poll().is_ready());
    assert!(first.was_woken() && first.poll().is_ready());
    assert!(Waiter::of(&flight).poll().is_ready());
}

#[test]
fn everybody_hears_of_a_panic() {
    let mut polls = 0;
    let (flight, first, second) = flight(move |_| {
        polls += 1;
        assert!(polls == 1, "the source panics");
        Poll::Pending
    });
    assert!(first.poll().is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| second.poll())).is_err());
    assert!(first.was_woken() && matches!(first.poll(), Poll::Ready(None)));
    assert!(flight.has_panicked());
}

#[test]
fn one_who_polls_in_vain_wakes_nobody() {
    let (_, first, second) = flight(|_| Poll::Pending);
    assert!(first.poll().is_pending() && second.poll().is_pending());
    assert!(!first.was_woken() && !second.was_woken());
}

/// The one who polls may be dropped right then, and nobody else would go on.
#[test]
fn one_who_comes_while_another_polls_hears_that_the_fetch_was_woken_meanwhile() {
    let late: Arc<Mutex<Option<Waiter>>> = Arc::default();
    let guest = Arc::clone(&late);
    let (_, first, second) = flight(move |cx| {
        cx.waker().wake_by_ref();
        assert!(guest.lock().unwrap().take().unwrap().poll().is_pending());
        Poll::Pending
    });
    let woken = Arc::clone(&second.woken);
    *late.lock().unwrap() = Some(second);
    assert!(first.poll().is_pending());
    assert!(woken.0.load(SeqCst));
}
