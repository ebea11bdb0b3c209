//! Who drives the futures of blocking calls.

use std::{
    future::{Future, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::{coop, yield_now},
};
use tower_clients_layers::{Error, ErrorKind};

/// What polls a future to its end on the calling thread, and runs the connections below it.
#[derive(Debug, Clone)]
#[allow(unnameable_types, reason = "it is what every blocking type carries, and nothing else")]
pub enum Driver {
    /// Runs only while somebody calls.
    Own(Arc<Own>),
    /// Runs somewhere else.
    Given(Handle),
}

impl Driver {
    pub(super) fn own() -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            Error::new(ErrorKind::Config, format!("no runtime could be started: {error}"))
        })?;
        Ok(Self::Own(Arc::new(Own(Some(runtime)))))
    }

    pub(super) fn run<T>(
        &self,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        if Handle::try_current().is_ok_and(|runtime| is_task() || !allows_waiting(&runtime)) {
            let advice = "await the async client, or call inside of `spawn_blocking`; \
                          inside of what another call calls, use what that gives";
            return Err(Error::new(ErrorKind::Blocking, advice));
        }
        match self {
            Self::Own(own) => own.runtime().block_on(async {
                catch_up().await;
                future.await
            }),
            Self::Given(handle) => handle.block_on(future),
        }
    }

    /// Drops what a connection serves, and lets that connection see it.
    pub(super) fn let_go<T>(&self, served: T) {
        let _ = self.run(async {
            drop(served);
            catch_up().await;
            Ok(())
        });
    }
}

/// A runtime of one thread: that of whoever calls.
#[allow(unnameable_types, reason = "part of the driver")]
#[derive(Debug)]
pub struct Own(Option<Runtime>);

impl Own {
    fn runtime(&self) -> &Runtime {
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

/// Lets the connections see what happened to them while nobody drove them: the first turn asks the
/// system, in the second they run.
async fn catch_up() {
    yield_now().await;
    yield_now().await;
}

/// Of a task that runs without a budget, as `unconstrained` ones do, only tokio knows, and says so by a
/// panic. It is printed, and goes no further than here.
fn allows_waiting(runtime: &Handle) -> bool {
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(ready(())))).is_ok()
}
