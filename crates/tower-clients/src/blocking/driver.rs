//! Who drives the futures of blocking calls.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
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
        let is_inside = Handle::try_current().is_ok();
        if is_inside && is_task() {
            let advice = "await the async client, or call inside of `spawn_blocking`";
            return Err(Error::new(ErrorKind::Blocking, advice));
        }
        match self {
            Self::Own(own) => match own.runtime() {
                runtime if is_inside => run_inside(runtime, future),
                runtime => runtime.block_on(async {
                    catch_up().await;
                    future.await
                }),
            },
            Self::Given(handle) => {
                let _guard = handle.enter();
                poll_here(future)
            }
        }
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

/// Inside of another runtime's thread a runtime may not be entered, so another thread runs it.
fn run_inside<T>(runtime: &Runtime, future: impl Future<Output = T>) -> T {
    let (caught_up, ready) = mpsc::channel::<()>();
    // Dropped when this is over, however that ends.
    let (running, over) = oneshot::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            runtime.block_on(async {
                catch_up().await;
                drop(caught_up);
                let _ = over.await;
            });
        });
        let _running = running;
        let _ = ready.recv();
        let _guard = runtime.enter();
        poll_here(future)
    })
}

/// Polls a future on this thread, which sleeps in between.
fn poll_here<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let wakeup = Arc::new(Wakeup { thread: thread::current(), is_due: AtomicBool::new(true) });
    let waker = Waker::from(Arc::clone(&wakeup));
    let mut cx = Context::from_waker(&waker);
    loop {
        if !wakeup.is_due.swap(false, Ordering::Acquire) {
            thread::park();
        } else if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

struct Wakeup {
    thread: Thread,
    /// The token of the thread alone could be taken by something below that parks as well.
    is_due: AtomicBool,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_due.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
