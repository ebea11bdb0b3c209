//! One exchange for all equal requests.

use super::{body::Collected, key::Key};
use crate::{Body, Error, ErrorKind, HttpService, collect::MAX_FRAMES_PER_POLL, deadline};
use futures_util::{FutureExt, future};
use http::{HeaderValue, Request, Response, header::CONTENT_TYPE, response::Parts};
use http_body::Body as _;
use pin_project_lite::pin_project;
use std::{
    collections::HashMap,
    fmt,
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
};

/// An exchange under way, driven by everybody who waits for it: a request that is not polled holds up
/// nobody, and the exchange is dropped with the last of them.
pub(super) type Flight<S> = future::Shared<Exchange<S>>;

/// All exchanges under way that an equal request may join.
pub(super) struct Flights<S: HttpService<Body>> {
    state: Mutex<State<S>>,
}

struct State<S: HttpService<Body>> {
    flights: HashMap<Key, Entry<S>>,
    next_id: u64,
}

struct Entry<S: HttpService<Body>> {
    id: u64,
    flight: future::WeakShared<Exchange<S>>,
    seats: Weak<()>,
}

/// A seat in an exchange: as many as there are share its outcome.
pub(super) struct Seat<S: HttpService<Body>> {
    // Dropped first.
    pub(super) flight: Flight<S>,
    _seat: Arc<()>,
}

impl<S: HttpService<Body>> Default for Flights<S> {
    fn default() -> Self {
        Self { state: Mutex::new(State { flights: HashMap::new(), next_id: 0 }) }
    }
}

impl<S: HttpService<Body>> Flights<S> {
    /// No code of others runs under the lock.
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the exchange of an equal request, or begins one.
    pub(super) fn join(
        self: &Arc<Self>,
        key: Key,
        limit: usize,
        begin: impl FnOnce() -> (S, Request<Body>),
    ) -> Seat<S> {
        let mut state = self.lock();
        if let Some(entry) = state.flights.get(&key)
            // In this order: who has a seat has had the flight, so the last of it is not dropped here.
            && let Some(seat) = entry.seats.upgrade()
            && let Some(flight) = entry.flight.upgrade()
        {
            return Seat { flight, _seat: seat };
        }
        let seat = Arc::new(());
        let id = state.next_id;
        state.next_id += 1;
        let (service, request) = begin();
        let exchange = Exchange {
            stage: Stage::Begun { service, request: Some(request) },
            seats: Arc::downgrade(&seat),
            limit,
            _departure: Departure { flights: Arc::clone(self), key: key.clone(), id },
        };
        let flight = exchange.shared();
        if let Some(weak) = flight.downgrade() {
            state.flights.insert(key, Entry { id, flight: weak, seats: Arc::downgrade(&seat) });
        }
        Seat { flight, _seat: seat }
    }

    /// From now on, nobody joins what is under way.
    pub(super) fn close(&self) {
        self.lock().flights.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().flights.len()
    }
}

/// Takes an exchange off the list when it is over or given up.
struct Departure<S: HttpService<Body>> {
    flights: Arc<Flights<S>>,
    key: Key,
    id: u64,
}

impl<S: HttpService<Body>> Drop for Departure<S> {
    fn drop(&mut self) {
        let mut state = self.flights.lock();
        if state.flights.get(&self.key).is_some_and(|entry| entry.id == self.id) {
            state.flights.remove(&self.key);
        }
    }
}

/// What came of an exchange, for all.
pub(super) enum Outcome<R> {
    Answer(Arc<Answer<R>>),
    Failed(Arc<Error>),
}

impl<R> Clone for Outcome<R> {
    fn clone(&self) -> Self {
        match self {
            Self::Answer(answer) => Self::Answer(Arc::clone(answer)),
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
        }
    }
}

pub(super) struct Answer<R> {
    pub(super) head: Parts,
    pub(super) collected: Arc<Collected>,
    /// What has not been collected, for the first who takes it. `None` when all has been.
    pub(super) rest: Option<Mutex<Option<Pin<Box<R>>>>>,
}

pin_project! {
    /// The exchange itself.
    pub(super) struct Exchange<S: HttpService<Body>> {
        #[pin]
        stage: Stage<S, S::Future, S::ResBody>,
        seats: Weak<()>,
        limit: usize,
        _departure: Departure<S>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<S, F, R> {
        // With a service that is ready.
        Begun { service: S, request: Option<Request<Body>> },
        Sent { #[pin] future: F },
        Collecting { answer: Option<(Parts, Pin<Box<R>>)>, collected: Collected, size: usize },
    }
}

impl<S: HttpService<Body>> Exchange<S> {
    fn poll_outcome(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Answer<S::ResBody>, Error>> {
        let mut this = self.project();
        loop {
            let next = match this.stage.as_mut().project() {
                StageProjection::Begun { service, request } => {
                    let request = request.take().expect("it is sent once");
                    Stage::Sent { future: service.call(request) }
                }
                StageProjection::Sent { future } => {
                    let response = ready!(future.poll(cx)).map_err(Error::from_service)?;
                    let is_shared = this.seats.strong_count() > 1;
                    let is_whole = response.body().is_end_stream();
                    let is_collected = is_whole || is_shared && fits(&response, *this.limit);
                    let (head, body) = response.into_parts();
                    let body = Box::pin(body);
                    if !is_collected {
                        return Poll::Ready(Ok(Answer::begun(head, body, Collected::default())));
                    }
                    let (answer, collected) = (Some((head, body)), Collected::default());
                    Stage::Collecting { answer, collected, size: 0 }
                }
                StageProjection::Collecting { answer, collected, size } => {
                    let (_, body) = answer.as_mut().expect("polled after completion");
                    let is_whole = ready!(poll_collected(body, collected, size, *this.limit, cx));
                    let (head, body) = answer.take().expect("it is there until now");
                    let collected = mem::take(collected);
                    return Poll::Ready(Ok(match is_whole {
                        true => Answer { head, collected: Arc::new(collected), rest: None },
                        false => Answer::begun(head, body, collected),
                    }));
                }
            };
            this.stage.set(next);
        }
    }
}

impl<R> Answer<R> {
    fn begun(head: Parts, body: Pin<Box<R>>, collected: Collected) -> Self {
        Self { head, collected: Arc::new(collected), rest: Some(Mutex::new(Some(body))) }
    }
}

/// Whether a body may be kept in memory: a stream of events has no end.
fn fits<R: http_body::Body>(response: &Response<R>, limit: usize) -> bool {
    let media_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_stream = media_type.is_some_and(|value| value.starts_with(b"text/event-stream"));
    !is_stream && response.body().size_hint().lower() <= limit as u64
}

/// Reads a body until its end, which is `true`, or until it is larger than the limit.
fn poll_collected<R: HttpBody>(
    body: &mut Pin<Box<R>>,
    collected: &mut Collected,
    size: &mut usize,
    limit: usize,
    cx: &mut Context<'_>,
) -> Poll<bool> {
    for _ in 0..MAX_FRAMES_PER_POLL {
        match ready!(body.as_mut().poll_frame(cx)) {
            None => return Poll::Ready(true),
            Some(Err(error)) => {
                collected.failed = Some(Arc::new(Error::from_response_body(error)));
                return Poll::Ready(true);
            }
            Some(Ok(frame)) => match frame.into_data() {
                Ok(chunk) => {
                    *size += chunk.len();
                    collected.chunks.push(chunk);
                    if *size > limit {
                        return Poll::Ready(false);
                    }
                }
                Err(frame) => collected.trailers = frame.into_trailers().ok(),
            },
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// A response body as all services have it.
trait HttpBody: http_body::Body<Data = bytes::Bytes, Error: Into<crate::BoxError>> {}

impl<R: http_body::Body<Data = bytes::Bytes, Error: Into<crate::BoxError>>> HttpBody for R {}

impl<S: HttpService<Body>> Future for Exchange<S> {
    type Output = Outcome<S::ResBody>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _others_may_have_longer = deadline::hide();
        // All who wait drive it, so none of them may take a panic as its own.
        let answer = match catch_unwind(AssertUnwindSafe(|| self.poll_outcome(cx))) {
            Ok(answer) => ready!(answer),
            Err(_) => Err(Error::new(ErrorKind::Transport, "the service below panicked")),
        };
        Poll::Ready(match answer {
            Ok(answer) => Outcome::Answer(Arc::new(answer)),
            Err(error) => Outcome::Failed(Arc::new(error)),
        })
    }
}

impl<S: HttpService<Body>> fmt::Debug for Flights<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flights")
    }
}
