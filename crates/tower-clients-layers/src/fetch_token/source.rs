//! Where tokens come from.

use super::{
    Token,
    shared::{Fetch, Held, Shared, SourcePanicked},
    spawn::spawned,
};
use crate::BoxError;
use futures_util::FutureExt;
use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Weak},
};
use tokio::time::Instant;

/// Fetches access tokens.
///
/// Every function or closure without parameters whose future gives a [`Token`] is one:
///
/// ```
/// use tower_clients_layers::{Error, FetchTokenLayer, Token};
///
/// async fn from_the_metadata_server() -> Result<Token, Error> {
///     Token::bearer("t0ken")
/// }
///
/// let layer = FetchTokenLayer::new("https://api.example.com".parse()?, from_the_metadata_server);
/// # Ok::<(), Error>(())
/// ```
///
/// One with something of its own, or one that wants the token before, is a type:
///
/// ```
/// use std::path::PathBuf;
/// use tower_clients_layers::{BoxError, Token, TokenSource};
///
/// /// Another program keeps the token in a file.
/// struct Mounted(PathBuf);
///
/// impl TokenSource for Mounted {
///     type Error = BoxError;
///
///     async fn fetch(&self, _previous: Option<&Token>) -> Result<Token, BoxError> {
///         Ok(Token::bearer(tokio::fs::read_to_string(&self.0).await?.trim())?)
///     }
/// }
/// ```
///
/// It is asked again one second after it failed, at the earliest. A fetch has no limit of time but
/// that of the requests that wait for it, so give it one. It must not send its request through the
/// layer that waits for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no source of access tokens",
    note = "it must be a `TokenSource`, or a `Fn() -> F` where `F` is a `Send` future that gives a `Result<Token, _>`; what a closure captures must be cloned into its future"
)]
pub trait TokenSource: Send + Sync + 'static {
    /// Why there is no token. Its texts should hold no secret.
    type Error: Into<BoxError>;

    /// Fetches a token. `previous` is the one before, which may have a
    /// [refresh token](Token::refresh_token).
    ///
    /// # Cancel safety
    ///
    /// When nobody waits for the future any more, it stays as it is until the next request goes on
    /// with it, or begins anew if it is more than a minute old. With the last clone of the layer it is
    /// dropped.
    ///
    /// # Panics
    ///
    /// A panic is an error of all requests that wait.
    fn fetch(
        &self,
        previous: Option<&Token>,
    ) -> impl Future<Output = Result<Token, Self::Error>> + Send;
}

impl<F, U, E> TokenSource for F
where
    F: Fn() -> U + Send + Sync + 'static,
    U: Future<Output = Result<Token, E>> + Send,
    E: Into<BoxError>,
{
    type Error = E;

    fn fetch(&self, _: Option<&Token>) -> impl Future<Output = Result<Token, E>> + Send {
        self()
    }
}

/// A [`TokenSource`] without its type.
pub(super) trait Source: Send + Sync {
    /// Fetches a token and puts it into `shared`, which has this future.
    fn start(self: Arc<Self>, shared: Weak<Shared>, previous: Option<Arc<Held>>) -> Fetch;
}

impl<T: TokenSource> Source for T {
    fn start(self: Arc<Self>, shared: Weak<Shared>, previous: Option<Arc<Held>>) -> Fetch {
        let asked = Instant::now();
        let fetch = async move {
            let fetch = self.fetch(previous.as_deref().map(Held::token));
            // All who wait have this future, so none of them may take the panic as its own.
            match AssertUnwindSafe(fetch).catch_unwind().await {
                Ok(token) => token.map_err(Into::into),
                Err(_) => Err(SourcePanicked.into()),
            }
        };
        Box::pin(async move { Shared::fetched(&shared, asked, spawned(fetch).await) })
    }
}
