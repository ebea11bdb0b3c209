//! Who drives the futures of blocking calls.

use super::runtimes::{Runtimes, Taken};
use std::{
    future::{Future, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::{
    runtime::Handle,
    task::{coop, yield_now},
};
use tower_clients_layers::{Error, ErrorKind};

/// Where the calls of a client are driven.
#[derive(Debug, Clone)]
pub(super) enum Driver {
    /// By the threads that call.
    Own(Arc<Runtimes>),
    /// Somewhere else.
    Given(Handle),
}

/// What polls the futures of one call to their ends on the calling thread, and runs the connections
/// below them. What a call leaves behind to be read is driven by the same.
#[derive(Debug)]
#[allow(unnameable_types, reason = "it is what every call has, and nothing else")]
pub enum Drive {
    Own(Taken),
    Given(Handle),
}

impl Driver {
    pub(super) fn own() -> Result<Self, Error> {
        Ok(Self::Own(Runtimes::new()?))
    }

    pub(super) fn drive(&self) -> Result<Drive, Error> {
        Ok(match self {
            Self::Own(runtimes) => Drive::Own(runtimes.take()?),
            Self::Given(handle) => Drive::Given(handle.clone()),
        })
    }

    /// A whole call, of which nothing is left behind.
    pub(super) fn run<T>(
        &self,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.drive()?.begin(future)
    }
}

impl Drive {
    /// Runs what may use connections that nobody has looked after for a while.
    pub(super) fn begin<T>(
        &self,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Self::Own(_) = self else { return self.go_on(future) };
        let mut future = pin!(Some(future));
        self.go_on(async {
            // What happened to idle connections meanwhile is asked for. They see it before they see a
            // request: one that was closed gives that back, and it is sent on another one.
            yield_now().await;
            let result = poll_fn(|cx| match future.as_mut().as_pin_mut() {
                Some(future) => future.poll(cx),
                None => Poll::Pending,
            });
            let result = result.await;
            if result.is_err() {
                // A connection sees that its exchange was given up.
                future.set(None);
                yield_now().await;
            }
            result
        })
    }

    pub(super) fn go_on<T>(
        &self,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        if Handle::try_current().is_ok_and(|runtime| is_task() || !allows_waiting(&runtime)) {
            let advice = "await the async client, or call inside of `spawn_blocking`; \
                          inside of what another call calls, use what that gives";
            return Err(Error::new(ErrorKind::Blocking, advice));
        }
        // It may be large, and is not moved any more.
        let future = pin!(future);
        match self {
            Self::Own(taken) => taken.block_on(future),
            Self::Given(handle) => handle.block_on(future),
        }
    }

    /// Drops what a connection serves, and lets that connection see it.
    pub(super) fn let_go<T>(&self, served: T) {
        let _ = self.go_on(async {
            drop(served);
            yield_now().await;
            Ok(())
        });
    }
}

/// Whether this is a task that tokio polls, and not a thread where waiting is allowed: only the
/// first has a budget that ends.
fn is_task() -> bool {
    fn ends_within(turns: u16) -> bool {
        // What is held is given back when the function returns.
        match coop::poll_proceed(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => true,
            Poll::Ready(_held) => turns > 0 && ends_within(turns - 1),
        }
    }
    ends_within(u8::MAX.into())
}

/// Of a task that runs without a budget, as `unconstrained` ones do, only tokio knows, and says so by a
/// panic. It is printed, and goes no further than here.
fn allows_waiting(runtime: &Handle) -> bool {
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(ready(())))).is_ok()
}
