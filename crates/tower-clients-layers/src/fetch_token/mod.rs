//! Fetches an access token, keeps it and refreshes it, for requests for one origin.
//!
//! The token comes from a [`TokenSource`] when the first request needs it. All clones of the layer and
//! of its services share it. It goes to its origin only, whatever lies above or below this layer: the
//! origin of the very request that is sent decides. A request that has an `Authorization` header keeps
//! it.
//!
//! A request without scheme and host has no origin yet and gets nothing: put this layer below
//! (inside of) [`JoinUrlLayer`](crate::JoinUrlLayer).
//!
//! ```
//! use axum::{Router, http::{HeaderMap, StatusCode}};
//! use http::Request;
//! use std::{sync::atomic::{AtomicU32, Ordering::SeqCst}, time::Duration};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, Error, FetchTokenLayer, Token};
//!
//! static FETCHED: AtomicU32 = AtomicU32::new(0);
//!
//! async fn source() -> Result<Token, Error> {
//!     let number = FETCHED.fetch_add(1, SeqCst) + 1;
//!     Ok(Token::bearer(&format!("t{number}"))?.expires_in(Duration::from_secs(3600)))
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new().fallback(async |headers: HeaderMap| match headers.get("authorization") {
//!     Some(value) if value == "Bearer t1" => StatusCode::OK,
//!     _ => StatusCode::UNAUTHORIZED,
//! });
//! let service = ServiceBuilder::new()
//!     .layer(FetchTokenLayer::new("https://api.example.com".parse()?, source))
//!     .service(server);
//! let get = async |url: &str| {
//!     let request = Request::get(url).body(Body::empty()).expect("the URL is valid");
//!     service.clone().oneshot(request).await.map(|response| response.status())
//! };
//!
//! assert_eq!(get("https://evil.example/").await?, 401);
//! assert_eq!(FETCHED.load(SeqCst), 0);
//! assert_eq!(get("https://api.example.com/me").await?, 200);
//! assert_eq!(get("https://api.example.com/me").await?, 200);
//! assert_eq!(FETCHED.load(SeqCst), 1);
//! tokio::time::advance(Duration::from_secs(3600)).await;
//! assert_eq!(get("https://api.example.com/me").await?, 401);
//! assert_eq!(FETCHED.load(SeqCst), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # When a token is fetched
//!
//! * **There is none, or its life is over**: requests wait. Its [life](Token::expires_in) is counted
//!   on the monotonic clock, from the moment when it was asked for; no date of a server matters.
//! * **Its life is nearly over**: in the last 60 s, or the last tenth if that is less, one request
//!   fetches the next token, and the others go on with the old one. If that fails, the old one is
//!   used as long as it lives.
//! * **It was refused**: a request that is answered 401 is sent once more with a new token. If another
//!   request has had the token replaced meanwhile, it is sent with that. The second answer is final.
//!   So is the first one, if the token is less than a second old, or if the body of the request is a
//!   stream, which cannot be sent twice; in that case the next request fetches.
//!
//! Requests that wait share one fetch, which goes on as long as one of them is left; when all have given up,
//! the next request goes on with it. So is its failure shared: they all get an
//! [`Authorize`](crate::ErrorKind::Authorize) error with the same cause, as do requests within the next
//! second; later ones fetch again. Such an error [may have been sent](crate::Error::may_have_been_sent) only
//! when it is about the second sending.
//!
//! Who waits drives the fetch, on one runtime. Where there are several, see [`SpawnFetch`].
//!
//! # Cost
//!
//! A request that gets no token costs nothing. One that does costs an allocation for its state, one for
//! the copy of a URI that was just joined, and two for its map of headers, or for the copy of that: its
//! head is kept to be sent again. That is why the body of requests is a [`Body`]. The body of a refused
//! response is dropped unread.
//!
//! While a request waits for a token, it gives up its readiness, as the source may send through the
//! same service.

mod future;
mod shared;
mod source;
mod spawn;
#[cfg(test)]
mod tests;
mod token;

pub use self::{
    future::ResponseFuture,
    source::TokenSource,
    spawn::{SpawnFetch, with_fetches_spawned_by},
    token::Token,
};

use self::shared::Shared;
use crate::{Body, BoxError, Error, macros::inner_service_accessors, url::Origin};
use http::{Request, Response, header::AUTHORIZATION};
use std::{
    future::poll_fn,
    mem,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Gives requests for one origin an access token.
///
/// Makes [`FetchToken`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct FetchTokenLayer {
    shared: Option<Arc<Shared>>,
}

impl FetchTokenLayer {
    /// Gives requests for `origin` a token from `source`.
    #[must_use]
    pub fn new(origin: Origin, source: impl TokenSource) -> Self {
        Self { shared: Some(Arc::new(Shared::new(origin, source))) }
    }

    /// Adds nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { shared: None }
    }

    /// Fetches the token now, unless there is one, so that a source that cannot give any is found out
    /// before the first request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authorize`](crate::ErrorKind::Authorize), with what the source says as its cause.
    ///
    /// # Cancel safety
    ///
    /// Whoever drops the future no longer waits. The fetch goes on with the next request, as
    /// [`TokenSource::fetch`] says.
    pub async fn fetch(&self) -> Result<(), Error> {
        let Some(shared) = &self.shared else { return Ok(()) };
        let mut flight = None;
        poll_fn(|cx| shared.poll_token(&mut flight, cx)).await?;
        Ok(())
    }
}

impl<S> Layer<S> for FetchTokenLayer {
    type Service = FetchToken<S>;

    fn layer(&self, inner: S) -> FetchToken<S> {
        FetchToken { inner, shared: self.shared.clone() }
    }
}

/// Made by [`FetchTokenLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct FetchToken<S> {
    inner: S,
    shared: Option<Arc<Shared>>,
}

impl<S> FetchToken<S> {
    inner_service_accessors!();
}

impl<S, R> Service<Request<Body>> for FetchToken<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match &self.shared {
            Some(shared)
                if shared.origin.binds(&request)
                    && !request.headers().contains_key(AUTHORIZATION) =>
            {
                let clone = self.inner.clone();
                let ready = mem::replace(&mut self.inner, clone);
                ResponseFuture::authorized(Arc::clone(shared), ready, request)
            }
            _ => ResponseFuture::untouched(self.inner.call(request)),
        }
    }
}
