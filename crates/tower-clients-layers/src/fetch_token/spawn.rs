//! Where a fetch runs.

use super::Token;
use crate::BoxError;
use std::{
    cell::RefCell,
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};
use tokio::sync::oneshot;

thread_local! {
    static SPAWNER: RefCell<Option<Arc<dyn SpawnFetch>>> = const { RefCell::new(None) };
}

/// Runs fetches beside the requests that wait for them.
///
/// Otherwise these poll the fetch that they share. That does not do where they are on several
/// runtimes, each of which is driven only while somebody waits on it: what a fetch waits for belongs
/// to the runtime of the request that began it, and would stand still for the others when that one
/// gives up. The blocking clients of `tower-clients` are such a case.
///
/// ```
/// use axum::{Router, http::HeaderMap};
/// use http::Request;
/// use std::{future::Future, pin::Pin, sync::Arc, thread};
/// use tokio::runtime::Builder;
/// use tower::{Layer, ServiceExt};
/// use tower_clients_layers::{
///     Body, BoxError, FetchTokenLayer, Token,
///     fetch_token::{SpawnFetch, with_fetches_spawned_by},
/// };
///
/// struct Thread;
///
/// impl SpawnFetch for Thread {
///     fn spawn(self: Arc<Self>, fetch: Pin<Box<dyn Future<Output = ()> + Send>>) {
///         thread::spawn(|| {
///             let runtime = Builder::new_current_thread().enable_all().build();
///             runtime.map(|runtime| runtime.block_on(fetch))
///         });
///     }
/// }
///
/// # fn main() -> Result<(), BoxError> {
/// let caller = thread::current().id();
/// let source = move || async move {
///     assert_ne!(thread::current().id(), caller);
///     Token::bearer("t0ken")
/// };
/// let server = Router::new().fallback(async |headers: HeaderMap| {
///     assert_eq!(headers["authorization"], "Bearer t0ken");
/// });
/// let service = FetchTokenLayer::new("http://api.example.com".parse()?, source).layer(server);
///
/// let request = Request::get("http://api.example.com/me").body(Body::empty())?;
/// let runtime = Builder::new_current_thread().enable_all().build()?;
/// let response = with_fetches_spawned_by(Arc::new(Thread), || {
///     runtime.block_on(service.oneshot(request))
/// })?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
pub trait SpawnFetch: Send + Sync {
    /// Polls `fetch` to its end, elsewhere. It ends early when no request can want its token any
    /// more. Dropping it is an error of those who wait.
    fn spawn(self: Arc<Self>, fetch: Pin<Box<dyn Future<Output = ()> + Send>>);
}

/// Calls `f`. Fetches that requests begin meanwhile on this thread are run by `spawner`.
pub fn with_fetches_spawned_by<T>(spawner: Arc<dyn SpawnFetch>, f: impl FnOnce() -> T) -> T {
    let _restored = Restored(SPAWNER.replace(Some(spawner)));
    f()
}

/// Puts back what was there, also when `f` panics.
struct Restored(Option<Arc<dyn SpawnFetch>>);

impl Drop for Restored {
    fn drop(&mut self) {
        SPAWNER.set(self.0.take());
    }
}

/// Runs `fetch` where fetches are run on this thread; by default, here.
pub(super) async fn spawned<F>(fetch: F) -> Result<Token, BoxError>
where
    F: Future<Output = Result<Token, BoxError>> + Send + 'static,
{
    let Some(spawner) = SPAWNER.with_borrow(Clone::clone) else { return fetch.await };
    let (mut sender, receiver) = oneshot::channel();
    spawner.spawn(Box::pin(async move {
        let mut fetch = pin!(fetch);
        let token = poll_fn(|cx| match sender.poll_closed(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => fetch.as_mut().poll(cx).map(Some),
        });
        if let Some(token) = token.await {
            // Where nobody can want it any more, it is dropped.
            let _ = sender.send(token);
        }
    }));
    receiver.await.unwrap_or_else(|_| Err(NotRun.into()))
}

/// The error of a fetch that was dropped before its end.
#[derive(Debug)]
struct NotRun;

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there was no thread or runtime to fetch the token on")
    }
}

impl std::error::Error for NotRun {}
