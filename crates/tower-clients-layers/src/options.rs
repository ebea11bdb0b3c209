//! What one request asks of the layers that it passes.
//!
//! One extension carries all options, and a request that sets none carries nothing. Each layer
//! documents the option that it reads; an option beats the setting of the layer.
//!
//! ```
//! use std::time::Duration;
//! use tower_clients_layers::RequestOptions;
//!
//! let request = http::Request::get("http://example.com/")
//!     .extension(RequestOptions::new().timeout(Duration::from_secs(2)).limit(1024))
//!     .body(())?;
//! let options = RequestOptions::of(&request).unwrap();
//! assert_eq!(options.timeout_value(), Some(Duration::from_secs(2)));
//! # Ok::<(), http::Error>(())
//! ```

use crate::redirect::Redirects;
use http::Request;
use std::time::Duration;

/// Options of one request, as an extension of it. See the [module docs](self).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct RequestOptions {
    timeout: Option<Duration>,
    limit: Option<usize>,
    redirect: Option<Redirects>,
}

impl RequestOptions {
    /// No option set.
    pub const fn new() -> Self {
        Self { timeout: None, limit: None, redirect: None }
    }

    /// The options that a request carries.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// The options that a request carries, to change; they are added when it carries none.
    pub fn of_mut<B>(request: &mut Request<B>) -> &mut Self {
        request.extensions_mut().get_or_insert_default()
    }

    /// The time for the whole exchange, response body included. `DeadlineLayer` reads it.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The largest response body to decode, in bytes. [`DecodeLayer`](crate::DecodeLayer) reads it, and
    /// [`BodyLimitLayer`](crate::BodyLimitLayer).
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// Which redirects are followed. [`RedirectLayer`](crate::RedirectLayer) reads it.
    pub const fn redirect(mut self, redirects: Redirects) -> Self {
        self.redirect = Some(redirects);
        self
    }

    /// See [`timeout`](Self::timeout).
    #[must_use]
    pub const fn timeout_value(&self) -> Option<Duration> {
        self.timeout
    }

    /// See [`limit`](Self::limit).
    #[must_use]
    pub const fn limit_value(&self) -> Option<usize> {
        self.limit
    }

    /// See [`redirect`](Self::redirect).
    #[must_use]
    pub const fn redirect_value(&self) -> Option<Redirects> {
        self.redirect
    }
}
