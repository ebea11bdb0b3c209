//! Who may send a request to one origin, and when.

use super::{advice::Advice, schedule::Schedule};
use crate::{deadline, per_origin::Keep};
use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// What all requests to one origin pass, in the order in which they came.
pub(super) struct Gate {
    state: Mutex<State>,
}

struct State {
    schedule: Schedule,
    queue: VecDeque<Waiter>,
    next_ticket: u64,
}

struct Waiter {
    ticket: u64,
    waker: Option<Waker>,
}

impl State {
    fn rank(&self, ticket: u64) -> usize {
        // They are in order; whoever asks is among them.
        self.queue.partition_point(|waiter| waiter.ticket < ticket)
    }

    /// Who has to look again, because it has become the first.
    fn leave(&mut self, ticket: u64) -> Option<Waker> {
        let rank = self.rank(ticket);
        self.queue.remove(rank);
        if rank == 0 { self.first() } else { None }
    }

    fn first(&mut self) -> Option<Waker> {
        self.queue.front_mut()?.waker.take()
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// What comes of a request at the gate.
pub(super) enum Entry {
    Open,
    Queued(Turn),
    /// It would have to wait for so long.
    TooLate(Duration),
}

impl Gate {
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        let schedule = Schedule::new(interval, burst, Instant::now());
        Self { state: Mutex::new(State { schedule, queue: VecDeque::new(), next_ticket: 0 }) }
    }

    /// Nothing here panics half-way, and wakers are called without the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request now, or when its turn comes, if that is before `last`.
    pub(super) fn enter(self: &Arc<Self>, last: Instant) -> Entry {
        let now = Instant::now();
        let mut state = self.lock();
        if state.queue.is_empty() && state.schedule.take(now) {
            return Entry::Open;
        }
        let due = state.schedule.time_of(state.queue.len(), now);
        if due > last {
            return Entry::TooLate(due - now);
        }
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.queue.push_back(Waiter { ticket, waker: None });
        let gate = Arc::clone(self);
        let place = Place { gate, ticket, stage: Stage::Queued };
        Entry::Queued(Turn { sleep: Box::pin(sleep_until(due)), due, last, place })
    }

    pub(super) fn heed(&self, advice: Advice, spread_last: u32) {
        if advice == Advice::default() {
            return;
        }
        let mut state = self.lock();
        state.schedule.heed(advice, spread_last, Instant::now());
        // It may be its turn earlier than it thinks.
        let first = state.first();
        drop(state);
        wake(first);
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.lock().queue.len()
    }
}

impl Keep for Gate {
    fn is_idle(&self) -> bool {
        let state = self.lock();
        state.queue.is_empty() && state.schedule.is_idle(Instant::now())
    }
}

/// Waits for the turn of one request, and gives it back when it is not [used](Self::use_up).
///
/// The first in the queue goes as soon as the schedule lets it. The others have a time too, the one
/// at which they are first if all before them go on: one that is not polled holds up nobody for good.
pub(super) struct Turn {
    sleep: Pin<Box<Sleep>>,
    due: Instant,
    last: Instant,
    place: Place,
}

/// A place in the queue, or the turn that came of it.
struct Place {
    gate: Arc<Gate>,
    ticket: u64,
    stage: Stage,
}

enum Stage {
    Queued,
    Given,
    Over,
}

impl Turn {
    /// `Ok` when it is its turn, the time that is left to wait when it would come too late.
    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Duration>> {
        while matches!(self.place.stage, Stage::Queued) {
            let now = Instant::now();
            let mut state = self.place.gate.lock();
            let rank = state.rank(self.place.ticket);
            let due = state.schedule.time_of(rank, now);
            if (rank == 0 || self.due.min(due) <= now) && state.schedule.take(now) {
                let first = state.leave(self.place.ticket);
                drop(state);
                self.place.stage = Stage::Given;
                wake(first);
                break;
            }
            if due > deadline::current().map_or(self.last, |deadline| deadline.min(self.last)) {
                drop(state);
                return Poll::Ready(Err(due - now));
            }
            state.queue[rank].waker = Some(cx.waker().clone());
            drop(state);
            self.due = due;
            if self.sleep.deadline() != due {
                self.sleep.as_mut().reset(due);
            }
            ready!(self.sleep.as_mut().poll(cx));
        }
        Poll::Ready(Ok(()))
    }

    /// The request is sent.
    pub(super) fn use_up(mut self) -> Arc<Gate> {
        self.place.stage = Stage::Over;
        Arc::clone(&self.place.gate)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        let first = match self.stage {
            Stage::Queued => state.leave(self.ticket),
            Stage::Given => {
                state.schedule.give_back();
                state.first()
            }
            Stage::Over => None,
        };
        drop(state);
        wake(first);
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("schedule", &self.lock().schedule).finish_non_exhaustive()
    }
}
