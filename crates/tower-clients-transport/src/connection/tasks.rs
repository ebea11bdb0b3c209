//! The tasks of an HTTP/2 connection, which end with the last way into it.
//!
//! Left alone, hyper waits for the server: a request that waits for a stream keeps its connection, and so
//! does what the server does not read, also when nobody is left to whom it matters.

use super::driver::Task;
use futures_util::{
    FutureExt,
    future::{Either, pending, select},
};
use hyper::rt::Executor;
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

/// How long a server may take to read that the connection ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// Spawns what hyper asks for. The first of it reads and writes, to the end of the connection; the others are
/// for one request each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tasks {
    first: Arc<OnceLock<Mutex<JoinHandle<()>>>>,
}

/// A connection goes on as long as this is there, or to its end if it is released.
#[derive(Debug)]
pub(crate) struct Presence {
    is_released: watch::Sender<bool>,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, future: F) {
        // Of the others, nobody waits for the end.
        let _ = self.first.set(Mutex::new(tokio::spawn(future)));
    }
}

impl Tasks {
    /// What drives a connection that has these tasks.
    pub(crate) fn drive<C>(self, connection: C) -> (Task, Presence)
    where
        C: Future<Output = ()> + Send + 'static,
    {
        let (is_released, mut presence) = watch::channel(false);
        let task = async move {
            let over = Box::pin(async {
                connection.await;
                self.ended().await;
            });
            let left = pin!(async {
                while presence.changed().await.is_ok() {}
                if *presence.borrow() {
                    pending::<()>().await;
                }
            });
            let Either::Right(((), over)) = select(over, left).await else { return };
            // hyper says that the connection ends, as soon as nothing waits in it.
            drop(over);
            if timeout(FAREWELL, self.ended()).await.is_err() {
                self.abort();
            }
        };
        (Box::pin(task), Presence { is_released })
    }

    async fn ended(&self) {
        if let Some(first) = self.first.get() {
            // How it ends is told to those who have an exchange.
            let _ = poll_fn(|cx| lock(first).poll_unpin(cx)).await;
        }
    }

    fn abort(&self) {
        if let Some(first) = self.first.get() {
            lock(first).abort();
        }
    }
}

fn lock(task: &Mutex<JoinHandle<()>>) -> MutexGuard<'_, JoinHandle<()>> {
    task.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Presence {
    pub(crate) fn release(&self) {
        self.is_released.send_replace(true);
    }
}
