//! The clients without `async`.
//!
//! Every client type has a blocking form: the same type, with `S` inside of a [`Blocking`]. It has
//! the same methods, builders and errors. What is awaited elsewhere ends in `.wait()` here, streams
//! are iterators, and bodies are [`std::io::Read`].
//!
//! ```
//! use axum::{Json, Router, routing::get};
//! use serde_json::{Value, json};
//! use tower_clients::Resource;
//!
//! # fn main() -> Result<(), tower_clients::Error> {
//! let server = Router::new()
//!     .route("/users/7", get(async || Json(json!({"id": 7}))))
//!     .route("/log", get("one\ntwo\n"));
//! // In a program: Resource::new("https://api.example.com")?.blocking()?
//! let api = Resource::with_service("http://in.process", server)?.blocking()?;
//!
//! let user: Value = api.get(("users", 7)).json().wait()?;
//! assert_eq!(user["id"], 7);
//! for line in api.get("log").lines().wait()? {
//!     println!("{}", line?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Who does the work
//!
//! The thread that calls. `blocking()` makes runtimes for this client and its clones and children,
//! which have no threads of their own: a call takes one that is idle, or a new one, and drives it until
//! there is an answer, so it costs no way to another thread and back, and threads do not wait for each
//! other. A [`Reader`] or [`Iter`] keeps the runtime of its call until it is dropped. The one that was
//! used last is taken first, as its connections are the ones that are still open. There are 64 at
//! most, with three file descriptors each; further calls share them, and drive them in turn. One that
//! was not needed for 90 seconds is dropped after one of the next calls; the last clone takes all of
//! them along.
//!
//! Between calls nothing runs; what happened to idle connections meanwhile is looked at when the next
//! call begins. The exception is a fetch of an access [token](crate::fetch_token), which all threads
//! share: it has a thread for as long as it lasts.
//!
//! The connections of a [`Transport`] belong to the runtime that opened them, so a blocking client and
//! its async clones share settings, cookies, tokens and limits, but no connection, and over HTTP/2 as
//! many connections are open as threads call at once. `blocking_on(handle)` is for clients of a program
//! that has a runtime: there all connections belong to that one. It has to outlive the client.
//!
//! Code that runs inside of a call, such as a change of a document, a writer or the report of
//! progress, counts as inside of an async task where the client drives itself.
//!
//! # In async programs
//!
//! What ends in `.wait()` cannot be awaited, and the other way round: the compiler then says that
//! something over `Blocking` "is not a future", or that there is no method `wait` where there is no
//! `Blocking`. Make the client with `blocking()`, or leave that out.
//!
//! A blocking call inside of an async task is an [`ErrorKind::Blocking`](crate::ErrorKind::Blocking)
//! error, and nothing is sent: it would stop all other tasks of the thread, and could wait for one of
//! them for ever. It works where waiting is allowed: inside of `tokio::task::spawn_blocking` and
//! `block_in_place`. A client can be dropped anywhere.

mod download;
mod driver;
mod edit;
mod iter;
mod runtimes;
mod wait;

pub use self::{
    iter::{Iter, Reader},
    wait::WaitMode,
};

use self::driver::Driver;
use crate::{
    Session,
    call::Call,
    oauth::Grant,
    request::{RequestBuilder, download::Download},
};
use tokio::runtime::Handle;
use tower_clients_layers::{
    Balance, Body, Error, SharedService, Unchecked, balance::Snapshot, url::ToReference,
};
use tower_clients_transport::Transport;

/// A service whose requests are waited for. See the [module docs](self).
///
/// It is no tower service itself: layers are put below it, before a client is made blocking.
#[derive(Debug, Clone)]
pub struct Blocking<S> {
    inner: S,
    driver: Driver,
}

impl<S> Blocking<S> {
    fn new(inner: S, driver: Driver) -> Self {
        Self { inner, driver }
    }

    /// The service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service, to be awaited. Connections that were opened meanwhile stay with the runtime that did.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

/// A blocking [`Client`](crate::Client).
pub type Client<S = Session<Transport>> = crate::Client<Blocking<S>>;

/// A blocking [`Resource`](crate::Resource).
pub type Resource<S = Session<Transport>> = crate::Resource<Blocking<S>>;

/// A blocking [`Remote`](crate::Remote).
pub type Remote<S = Session<Transport>, C = Unchecked> = crate::Remote<Blocking<S>, C>;

/// A blocking [`JsonRpc`](crate::JsonRpc).
pub type JsonRpc<S = Session<Transport>> = crate::JsonRpc<Blocking<S>>;

/// A blocking [`Graph`](crate::Graph).
pub type Graph<S = Session<Transport>> = crate::Graph<Blocking<S>>;

/// A blocking [`Proxy`](crate::Proxy).
pub type Proxy<S = Session<Balance<Transport>>> = crate::Proxy<Blocking<S>>;

impl<S> crate::Client<S> {
    /// The blocking form of this client, with runtimes of its own. See [`blocking`](self).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when the system allows no runtime.
    pub fn blocking(self) -> Result<Client<S>, Error> {
        let driver = Driver::own()?;
        Ok(self.map_inner(|service| Blocking::new(service, driver)))
    }

    /// The blocking form of this client, for a runtime that runs elsewhere: one with threads of its
    /// own, or one that another thread drives. See [`blocking`](self).
    ///
    /// The timeouts of a call are timers of that runtime, too: while nobody drives it, a call waits.
    ///
    /// # Panics
    ///
    /// A call over the network panics when I/O or time is not enabled in the runtime.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_clients::Resource;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    /// let api = Resource::with_service("http://in.process", Router::new().route("/", get("hello")))?;
    ///
    /// assert_eq!(api.clone().blocking_on(runtime.handle().clone()).get("").text().wait()?, "hello");
    /// // The async one may be used beside it.
    /// assert_eq!(runtime.block_on(api.get("").text().send())?, "hello");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn blocking_on(self, runtime: Handle) -> Client<S> {
        self.map_inner(|service| Blocking::new(service, Driver::Given(runtime)))
    }
}

impl<T: SharedService<Body>> Client<Session<T>> {
    /// Authorizes all requests by access tokens of an OAuth 2 token endpoint, and waits for the first
    /// one: the blocking form of the async `authorize`. See [`oauth`](crate::oauth).
    ///
    /// # Errors
    ///
    /// Those of the async form, and [`ErrorKind::Blocking`](crate::ErrorKind::Blocking) inside of an
    /// async task.
    pub fn authorize(self, reference: impl ToReference, grant: Grant) -> Result<Self, Error> {
        let driver = self.get_ref().driver.clone();
        let client = self.map_inner(Blocking::into_inner).authorize(reference, grant);
        let client = driver.run(client)?;
        Ok(client.map_inner(|service| Blocking::new(service, driver)))
    }
}

impl<T, P> Proxy<Session<Balance<T, P>>> {
    /// The hosts as they are now, in the order in which they were given.
    pub fn upstreams(&self) -> impl ExactSizeIterator<Item = Snapshot<'_>> {
        self.client().get_ref().get_ref().get_ref().upstreams()
    }
}

impl<S, M> RequestBuilder<Blocking<S>, M> {
    fn split(self) -> (RequestBuilder<S, M>, Driver) {
        let driver = self.service().driver.clone();
        (self.map_service(Blocking::into_inner), driver)
    }
}

impl<S, J> Call<Blocking<S>, J> {
    fn split(self) -> (Call<S, J>, Driver) {
        let (request, judge) = self.into_parts();
        let (request, driver) = request.split();
        (Call::new(request, judge), driver)
    }
}

impl<S, P> Download<Blocking<S>, P> {
    fn split(self) -> (Download<S, P>, Driver) {
        let driver = self.service().driver.clone();
        (self.map_service(Blocking::into_inner), driver)
    }
}
