//! The token that all clones of a layer share.

use super::{
    Token,
    source::{Fetched, Source},
};
use crate::{Error, ErrorKind, error::SharedError, url::Origin};
use futures_util::{
    FutureExt,
    future::{self, BoxFuture},
};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Instant;

/// What came of a fetch; the same for all who waited.
type Outcome = Result<Arc<Held>, SharedError>;

/// A fetch on its way, driven by everybody who waits for it: a request that is not polled holds up
/// nobody. The state has it too, so that a refresh token is not used up for nothing when the last of
/// them gives up: the next request goes on with it.
pub(super) type Flight = future::Shared<BoxFuture<'static, Outcome>>;

/// The least time between two fetches that failures, refusals or margins lead to. A token whose life
/// is over is fetched anew without it.
const PAUSE: Duration = Duration::from_secs(1);

/// So old a fetch that nobody waits for is not gone on with: its source may have no limit of time.
const ABANDONED: Duration = Duration::from_secs(60);

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
    flight: Option<Flight>,
    begun: Option<Instant>,
    /// When a request was last told to wait.
    held_up: Option<Instant>,
    failed: Option<(Instant, SharedError)>,
}

impl State {
    /// The fetch that is on its way, unless everybody gave it up long ago.
    fn flight_to_join(&self, now: Instant) -> Option<Flight> {
        let is_fresh = self.begun.is_some_and(|begun| now < begun + ABANDONED);
        self.flight.as_ref().filter(|flight| is_fresh || is_driven(flight)).cloned()
    }

    fn usable(&self, now: Instant) -> Option<Arc<Held>> {
        self.held.clone().filter(|held| !self.is_refused && !held.has_ended(now))
    }

    fn failure(&self, now: Instant) -> Option<&SharedError> {
        self.failed.as_ref().filter(|(at, _)| now < *at + PAUSE).map(|(_, error)| error)
    }

    /// Whether a request was held up too short a time ago to hold up another for a token that still
    /// lives.
    fn rests(&self, now: Instant) -> bool {
        self.held_up.is_some_and(|held_up| now < held_up + PAUSE)
    }
}

/// Whether somebody but the state has it.
fn is_driven(flight: &Flight) -> bool {
    flight.strong_count().is_some_and(|count| count > 1)
}

/// What there is for a request.
enum Supply {
    Token(Arc<Held>),
    Flight(Flight),
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
        flight: &mut Option<Flight>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Arc<Held>, Error>> {
        let error = loop {
            let Some(waiting) = flight else {
                match self.supply() {
                    Supply::Token(held) => return Poll::Ready(Ok(held)),
                    Supply::Failure(error) => break error,
                    Supply::Flight(new) => *flight = Some(new),
                }
                continue;
            };
            let outcome = {
                #[cfg(feature = "timeout")]
                let _others_may_have_longer = crate::deadline::hide();
                ready!(waiting.poll_unpin(cx))
            };
            *flight = None;
            match outcome {
                Ok(held) => return Poll::Ready(Ok(held)),
                Err(error) => match self.lock().usable(Instant::now()) {
                    Some(held) => return Poll::Ready(Ok(held)),
                    None => break error,
                },
            }
        };
        Poll::Ready(Err(Error::new(ErrorKind::Authorize, error)))
    }

    fn supply(self: &Arc<Self>) -> Supply {
        let now = Instant::now();
        let mut state = self.lock();
        if let Some(held) = state.usable(now) {
            let is_replaced = state.flight.as_ref().is_some_and(is_driven);
            if !held.is_due(now) || is_replaced || state.rests(now) {
                return Supply::Token(held);
            }
        } else if let Some(error) = state.failure(now).filter(|_| state.flight.is_none()) {
            return Supply::Failure(Arc::clone(error));
        }
        state.held_up = Some(now);
        if let Some(flight) = state.flight_to_join(now) {
            return Supply::Flight(flight);
        }
        let previous = state.held.as_ref().map(|held| held.token().clone());
        let fetch = Arc::clone(&self.source).start(previous);
        // The state has this future, so the future must not have the state.
        let this = Arc::downgrade(self);
        let flight = async move { Self::fetched(&this, now, fetch.await) }.boxed().shared();
        state.begun = Some(now);
        let abandoned = state.flight.replace(flight.clone());
        drop(state);
        drop(abandoned);
        Supply::Flight(flight)
    }

    /// Takes in what a fetch came to that began at `asked`.
    fn fetched(this: &Weak<Self>, asked: Instant, token: Fetched) -> Outcome {
        let now = Instant::now();
        let outcome = match token {
            Ok(token) => Ok(Arc::new(Held::new(token, asked, now))),
            Err(error) => Err(SharedError::from(error)),
        };
        let Some(this) = this.upgrade() else { return outcome };
        let mut state = this.lock();
        state.flight = None;
        match &outcome {
            Ok(held) => {
                state.held = Some(Arc::clone(held));
                (state.is_refused, state.failed) = (false, None);
            }
            Err(error) => state.failed = Some((now, Arc::clone(error))),
        }
        drop(state);
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

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("origin", &self.origin).finish_non_exhaustive()
    }
}
