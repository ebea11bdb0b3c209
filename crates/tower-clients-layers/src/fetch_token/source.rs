//! Where tokens come from.

use super::{
    Token,
    shared::{Fetch, Held, Shared},
};
use crate::BoxError;
use std::{future::Future, sync::Arc};
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
    /// The future is dropped when nobody waits for it any more.
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
    /// Fetches a token and puts it into `shared`.
    fn start(self: Arc<Self>, shared: Arc<Shared>, previous: Option<Arc<Held>>) -> Fetch;
}

impl<T: TokenSource> Source for T {
    fn start(self: Arc<Self>, shared: Arc<Shared>, previous: Option<Arc<Held>>) -> Fetch {
        let asked = Instant::now();
        Box::pin(async move {
            let token = self.fetch(previous.as_deref().map(Held::token)).await;
            shared.fetched(asked, token.map_err(Into::into))
        })
    }
}
