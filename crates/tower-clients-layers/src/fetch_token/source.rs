//! Where tokens come from.

use super::{Token, spawn::spawned};
use crate::BoxError;
use futures_util::{FutureExt, future::BoxFuture};
use std::{fmt, future::Future, panic::AssertUnwindSafe, sync::Arc};

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
/// What a closure captures is cloned into its future:
///
/// ```
/// use tower_clients_layers::{Error, FetchTokenLayer, Token};
///
/// async fn exchange(key: String) -> Result<Token, Error> {
///     Token::bearer(&format!("t0ken-for-{key}"))
/// }
///
/// let key = String::from("k3y");
/// let source = move || exchange(key.clone());
/// let layer = FetchTokenLayer::new("https://api.example.com".parse()?, source);
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
    label = "no `TokenSource`",
    note = "it must be a `TokenSource`, or a `Fn() -> F` where `F` is a `Send` future that gives a `Result<Token, _>`",
    note = "what a closure captures must be cloned into its future: `move || fetch(key.clone())`"
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
    /// Fetches a token, where fetches are run on this thread.
    fn start(self: Arc<Self>, previous: Option<Token>) -> BoxFuture<'static, Fetched>;
}

pub(super) type Fetched = Result<Token, BoxError>;

impl<T: TokenSource> Source for T {
    fn start(self: Arc<Self>, previous: Option<Token>) -> BoxFuture<'static, Fetched> {
        Box::pin(spawned(async move {
            let fetch = self.fetch(previous.as_ref());
            // All who wait have this future, so none of them may take the panic as its own.
            match AssertUnwindSafe(fetch).catch_unwind().await {
                Ok(token) => token.map_err(Into::into),
                Err(_) => Err(Panicked.into()),
            }
        }))
    }
}

/// The error of a fetch whose source panicked.
#[derive(Debug)]
struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source of the token panicked")
    }
}

impl std::error::Error for Panicked {}
