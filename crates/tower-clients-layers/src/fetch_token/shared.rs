//! The token that all clones of a layer share.

use super::{
    Token,
    flight::{Flight, Seat},
    source::Source,
};
use crate::{BoxError, Error, ErrorKind, error::SharedError, url::Origin};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Instant;

/// What came of a fetch; the same for all who waited.
pub(super) type Outcome = Result<Arc<Held>, SharedError>;

pub(super) type Fetch = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The least time between two fetches, whatever the servers answer.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest time before its end in which a token is replaced early; at most a tenth of its life.
const MARGIN: Duration = Duration::from_secs(60);

/// A token with its times. Two are the same when they are one allocation.
pub(super) struct Held {
    token: Token,
    came: Instant,
    /// When it should be replaced, and when it must be; never without a lifetime.
    due: Option<Instant>,
    end: Option<Instant>,
}

impl Held {
    fn new(token: Token, asked: Instant, came: Instant) -> Self {
        let at = |lifetime| asked.checked_add(lifetime);
        let lifetime = token.expires_in_value();
        let due = lifetime.and_then(|all| at(all - MARGIN.min(all / 10)));
        Self { came, due, end: lifetime.and_then(at), token }
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    fn has_ended(&self, now: Instant) -> bool {
        self.end.is_some_and(|end| end <= now)
    }
}

pub(super) struct Shared {
    pub(super) origin: Origin,
    source: Arc<dyn Source>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Arc<Held>>,
    /// Whether a request with the held token was refused.
    is_refused: bool,
    /// The fetch that somebody waits for.
    flight: Weak<Flight>,
    begun: Option<Instant>,
    failed: Option<(Instant, SharedError)>,
}

impl State {
    fn usable(&self, now: Instant) -> Option<Arc<Held>> {
        self.held.clone().filter(|held| !self.is_refused && !held.has_ended(now))
    }

    fn failure(&self, now: Instant) -> Option<&SharedError> {
        self.failed.as_ref().filter(|(at, _)| now < *at + PAUSE).map(|(_, error)| error)
    }

    /// Whether the last fetch was too short a time ago to refresh a token that still lives.
    fn rests(&self, now: Instant) -> bool {
        self.begun.is_some_and(|begun| now < begun + PAUSE) || self.failure(now).is_some()
    }
}

/// What there is for a request.
enum Supply {
    Token(Arc<Held>),
    Flight(Arc<Flight>),
    Failure(SharedError),
}

impl Shared {
    pub(super) fn new(origin: Origin, source: impl Source + 'static) -> Self {
        Self { origin, source: Arc::new(source), state: Mutex::default() }
    }

    /// No code of others runs under the lock, so a panic leaves the state whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token to send, which is the present one or comes from a fetch.
    pub(super) fn poll_token(
        self: &Arc<Self>,
        seat: &mut Option<Seat>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Arc<Held>, Error>> {
        let error = loop {
            let Some(waiting) = seat else {
                match self.supply() {
                    Supply::Token(held) => return Poll::Ready(Ok(held)),
                    Supply::Failure(error) => break error,
                    Supply::Flight(flight) => *seat = Some(Seat::in_flight(flight)),
                }
                continue;
            };
            let outcome = ready!(waiting.poll(cx));
            *seat = None;
            match outcome {
                Some(Ok(held)) => return Poll::Ready(Ok(held)),
                Some(Err(error)) => match self.lock().usable(Instant::now()) {
                    Some(held) => return Poll::Ready(Ok(held)),
                    None => break error,
                },
                None => {}
            }
        };
        Poll::Ready(Err(Error::new(ErrorKind::Authorize, error)))
    }

    fn supply(self: &Arc<Self>) -> Supply {
        let now = Instant::now();
        let mut state = self.lock();
        if let Some(held) = state.usable(now) {
            let is_replaced = state.flight.strong_count() > 0;
            if !held.is_due(now) || is_replaced || state.rests(now) {
                return Supply::Token(held);
            }
        } else if let Some(flight) = state.flight.upgrade().filter(|flight| !flight.has_panicked())
        {
            return Supply::Flight(flight);
        } else if let Some(error) = state.failure(now) {
            return Supply::Failure(Arc::clone(error));
        }
        let fetch = Arc::clone(&self.source).start(Arc::clone(self), state.held.clone());
        let flight = Arc::new(Flight::new(fetch));
        (state.flight, state.begun) = (Arc::downgrade(&flight), Some(now));
        Supply::Flight(flight)
    }

    /// Takes in what a fetch came to that began at `asked`.
    pub(super) fn fetched(&self, asked: Instant, token: Result<Token, BoxError>) -> Outcome {
        let now = Instant::now();
        let outcome = match token {
            Ok(token) => Ok(Arc::new(Held::new(token, asked, now))),
            Err(error) => Err(SharedError::from(error)),
        };
        let mut state = self.lock();
        state.flight = Weak::new();
        match &outcome {
            Ok(held) => {
                state.held = Some(Arc::clone(held));
                (state.is_refused, state.failed) = (false, None);
            }
            Err(error) => state.failed = Some((now, Arc::clone(error))),
        }
        outcome
    }

    /// Takes in that a request was refused with `used`; gives whether another token may be had.
    pub(super) fn refused(&self, used: &Arc<Held>) -> bool {
        let mut state = self.lock();
        if state.held.as_ref().is_some_and(|held| Arc::ptr_eq(held, used)) {
            if used.came.elapsed() < PAUSE {
                return false;
            }
            state.is_refused = true;
        }
        true
    }
}
