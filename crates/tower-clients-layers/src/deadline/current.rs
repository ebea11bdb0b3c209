//! The deadline, as the layers below see it.

use std::{cell::Cell, marker::PhantomData, time::Duration};
use tokio::time::Instant;

/// What is known of the exchange that this thread is polling.
#[derive(Debug, Clone, Copy, Default)]
struct Current {
    deadline: Option<Instant>,
    attempt: u32,
}

thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(Current { deadline: None, attempt: 0 }) };
}

/// When the exchange that is being polled must be over: the earliest of the deadlines above.
/// `None` when there is none, and outside of an exchange.
///
/// It is there for the time of each poll of a response future and of a response body, on the thread
/// that polls, so it costs nothing where nobody looks. It is not seen from another task, such as that of
/// tower's `Buffer`; the deadline then still drops what it waits for.
///
/// ```
/// use http::Request;
/// use std::time::Duration;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use tower_clients_layers::{Body, DeadlineLayer, deadline};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
/// let service = ServiceBuilder::new()
///     .layer(DeadlineLayer::new(Duration::from_secs(2)))
///     .service(service_fn(async |_: Request<Body>| {
///         assert_eq!(deadline::remaining(), Some(Duration::from_secs(2)));
///         Ok::<_, tower_clients_layers::Error>(http::Response::new(Body::empty()))
///     }));
///
/// service.oneshot(Request::get("/").body(Body::empty())?).await?;
/// assert_eq!(deadline::current(), None);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn current() -> Option<Instant> {
    CURRENT.get().deadline
}

/// How long it is until [`current`].
#[must_use]
pub fn remaining() -> Option<Duration> {
    current().map(|deadline| deadline.saturating_duration_since(Instant::now()))
}

/// Tells the deadline above which attempt is under way, for its error.
#[cfg(feature = "retry")]
pub(crate) fn in_attempt(attempt: u32) {
    let current = CURRENT.get();
    if current.deadline.is_some() {
        CURRENT.set(Current { attempt, ..current });
    }
}

/// Hides the deadline from work that several exchanges share: it must not end with the one that
/// happens to poll it.
#[cfg(any(feature = "limits", feature = "token"))]
pub(crate) fn hide() -> Entered {
    Entered::with(Current::default())
}

/// Puts back what was there before, also when a poll panics.
pub(crate) struct Entered {
    before: Current,
    /// It belongs to its thread.
    bound: PhantomData<*const ()>,
}

impl Entered {
    fn with(new: Current) -> Self {
        Self { before: CURRENT.replace(new), bound: PhantomData }
    }

    pub(super) fn until(deadline: Instant, attempt: u32) -> Self {
        let deadline = current().map_or(deadline, |above| above.min(deadline));
        Self::with(Current { deadline: Some(deadline), attempt })
    }

    /// The attempt that was under way at last.
    pub(super) fn attempt(&self) -> u32 {
        CURRENT.get().attempt
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}
