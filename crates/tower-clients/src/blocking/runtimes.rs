//! The runtimes of a blocking client, each driven by whoever waits on it.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};
use tower_clients_layers::{
    Error, ErrorKind,
    fetch_token::{SpawnFetch, with_fetches_spawned_by},
};

/// Each has descriptors of its own, of which a process may not have many.
const MOST: usize = 64;

/// How long one is kept that is not needed: as long as a connection, by default.
const KEPT: Duration = Duration::from_secs(90);

/// A call takes one to itself, and gives it back when all that it left to be read is dropped.
#[derive(Debug)]
pub(super) struct Runtimes(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The last one put is the first one taken: it has the connections that were used last.
    idle: Vec<Idle>,
    all: Vec<Weak<Own>>,
}

#[derive(Debug)]
struct Idle {
    runtime: Arc<Own>,
    since: Instant,
}

/// A runtime of one thread: that of whoever calls.
#[derive(Debug)]
struct Own(Option<Runtime>);

impl Own {
    fn new() -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            Error::new(ErrorKind::Config, format!("no runtime could be started: {error}"))
        })?;
        Ok(Self(Some(runtime)))
    }

    fn get(&self) -> &Runtime {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // To wait for its threads is not allowed everywhere, and would panic.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Runtimes {
    /// With one, to find out now whether the system gives any.
    pub(super) fn new() -> Result<Arc<Self>, Error> {
        let this = Arc::new(Self(Mutex::default()));
        drop(this.take()?);
        Ok(this)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that nobody uses. Where there are many already, the one with the fewest users, who drive it
    /// in turn.
    pub(super) fn take(self: &Arc<Self>) -> Result<Taken, Error> {
        let runtime = self.lock().take()?;
        Ok(Taken { runtimes: Arc::clone(self), runtime: Some(runtime) })
    }
}

impl State {
    fn take(&mut self) -> Result<Arc<Own>, Error> {
        if let Some(idle) = self.idle.pop() {
            return Ok(idle.runtime);
        }
        self.all.retain(|runtime| runtime.strong_count() > 0);
        if self.all.len() >= MOST
            && let Some(busy) = self.all.iter().min_by_key(|runtime| runtime.strong_count())
            && let Some(busy) = busy.upgrade()
        {
            return Ok(busy);
        }
        let runtime = Arc::new(Own::new()?);
        self.all.push(Arc::downgrade(&runtime));
        Ok(runtime)
    }

    /// Gives what was not needed for long.
    fn put(&mut self, runtime: Arc<Own>, now: Instant) -> Option<Idle> {
        if Arc::strong_count(&runtime) > 1 {
            return None;
        }
        self.idle.push(Idle { runtime, since: now });
        let is_old = now.saturating_duration_since(self.idle.first()?.since) > KEPT;
        is_old.then(|| self.idle.remove(0))
    }
}

/// A runtime that is given back when it is dropped.
#[allow(unnameable_types, reason = "part of what drives")]
#[derive(Debug)]
pub struct Taken {
    runtimes: Arc<Runtimes>,
    /// `None` when it is dropped.
    runtime: Option<Arc<Own>>,
}

impl Taken {
    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let runtime = self.runtime.as_ref().expect("it is there until it is dropped");
        let spawner = Arc::clone(&self.runtimes);
        with_fetches_spawned_by(spawner, || runtime.get().block_on(future))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let now = Instant::now();
        let old = self.runtime.take().and_then(|runtime| self.runtimes.lock().put(runtime, now));
        // Its connections are closed here, where nothing is locked.
        drop(old);
    }
}

/// All who wait for a token share one fetch, whatever their runtimes are. So it has one of its own, and
/// a thread that drives it: it does not stand still when the call gives up that began it.
impl SpawnFetch for Runtimes {
    fn spawn(self: Arc<Self>, fetch: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let drive = move || {
            if let Ok(runtime) = self.take() {
                runtime.block_on(fetch);
            }
        };
        // What cannot run is dropped, which those who wait take for its end.
        let _ = thread::Builder::new().name("tower-clients token".into()).spawn(drive);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::ready,
        panic::{AssertUnwindSafe, catch_unwind},
        ptr,
    };

    fn own(taken: &Taken) -> *const Own {
        Arc::as_ptr(taken.runtime.as_ref().unwrap())
    }

    #[test]
    fn runtime_that_was_used_last_is_taken_first() {
        let runtimes = Runtimes::new().unwrap();
        let (a, b) = (runtimes.take().unwrap(), runtimes.take().unwrap());
        let (first, second) = (own(&a), own(&b));
        assert!(!ptr::eq(first, second));
        drop((b, a));
        assert!(ptr::eq(own(&runtimes.take().unwrap()), first));
        assert!(ptr::eq(own(&runtimes.take().unwrap()), first));
    }

    #[test]
    fn users_share_when_there_are_many() {
        let runtimes = Runtimes::new().unwrap();
        let mut taken: Vec<_> = (0..3 * MOST).map(|_| runtimes.take().unwrap()).collect();
        let all = runtimes.lock().all.clone();
        assert_eq!(all.len(), MOST);
        assert!(all.iter().all(|runtime| runtime.strong_count() == 3));
        taken.truncate(2 * MOST);
        assert!(runtimes.lock().idle.is_empty());
        taken.truncate(MOST - 1);
        assert_eq!(runtimes.lock().idle.len(), 1);
        assert!(ptr::eq(own(&runtimes.take().unwrap()), all[MOST - 1].as_ptr()));
    }

    #[test]
    fn what_was_not_needed_for_long_is_dropped_by_and_by() {
        let runtimes = Runtimes::new().unwrap();
        drop([runtimes.take().unwrap(), runtimes.take().unwrap(), runtimes.take().unwrap()]);
        let long_ago = Instant::now().checked_sub(2 * KEPT).expect("the clock has run as long");
        runtimes.lock().idle[0].since = long_ago;
        drop(runtimes.take().unwrap());
        assert_eq!(runtimes.lock().idle.len(), 2);
        drop(runtimes.take().unwrap());
        assert_eq!(runtimes.lock().idle.len(), 2);
        drop([(); 3].map(|()| runtimes.take().unwrap()));
        assert_eq!(runtimes.lock().all.len(), 3);
    }

    #[test]
    fn runtime_is_given_back_by_a_thread_that_panics() {
        let runtimes = Runtimes::new().unwrap();
        let panics = || runtimes.take().unwrap().block_on(async { panic!("as the test wants") });
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(runtimes.lock().idle.len(), 1);
        runtimes.take().unwrap().block_on(ready(()));
        assert_eq!(runtimes.lock().all.len(), 1);
    }

    #[tokio::test]
    async fn all_can_be_dropped_inside_of_a_task() {
        let runtimes = Runtimes::new().unwrap();
        let taken = runtimes.take().unwrap();
        drop((runtimes.take().unwrap(), taken));
        drop(runtimes);
    }
}
