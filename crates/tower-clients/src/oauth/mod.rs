//! OAuth 2: access tokens from a token endpoint (RFC 6749).
//!
//! [`Client::authorize`] fetches the first token, so bad credentials are found out there. From then on
//! every request to the origin of the client has a token, which is refreshed when its life ends or it
//! is refused; [`fetch_token`](crate::fetch_token) says when. Clones and children share it.
//!
//! ```
//! use axum::{Json, Router, http::HeaderMap, routing::{get, post}};
//! use serde_json::json;
//! use tower_clients::{Client, Resource, oauth::{Grant, OAuthError}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients::Error> {
//! let server = Router::new()
//!     .route("/oauth/token", post(async |headers: HeaderMap| Json(match &headers["authorization"] {
//!         basic if basic == "Basic ZGVtbzpzM2NyZXQ=" => {
//!             json!({"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600})
//!         }
//!         _ => json!({"error": "invalid_client"}),
//!     })))
//!     .route("/me", get(async |headers: HeaderMap| {
//!         if headers["authorization"] == "Bearer t0ken" { "demo" } else { "who?" }
//!     }));
//!
//! let api = Resource::from(Client::builder("https://api.example.com").build_over(server)?);
//! let wrong = api.clone().authorize("oauth/token", Grant::client_credentials("demo", "?"));
//! let error = wrong.await.unwrap_err();
//! assert_eq!(error.find_source::<OAuthError>().unwrap().code(), "invalid_client");
//!
//! let api = api.authorize("oauth/token", Grant::client_credentials("demo", "s3cret")).await?;
//! assert_eq!(api.get("me").text().await?, "demo");
//! # Ok(())
//! # }
//! ```
//!
//! Authorize a client before you put [layers](crate::Client::layer) of your own over it.
//!
//! # How a token is refreshed
//!
//! By the refresh token that came with it, if any. Where the server gives a new refresh token, that
//! takes the place of the old one. If the old one is no longer valid (`invalid_grant`), or there is
//! none, the grant is asked for again. A body without a `grant_type` is none of RFC 6749, and is always
//! sent again as it is.
//!
//! Where all requests that wait for a refresh are dropped, the next one goes on with it within a minute, so
//! that a refresh token that is used up is not lost with them.
//!
//! # What an answer must be
//!
//! A JSON object of up to 64 KiB with `access_token` and the `token_type` `bearer`; the content type
//! does not matter. `error` in it is an [`OAuthError`], whatever the status. An `expires_in` that is not
//! a number of seconds above zero counts as absent: the token is used until it is refused.

mod answer;
mod error;
mod grant;

pub use self::{error::OAuthError, grant::Grant};

use self::answer::Answer;
use crate::{Client, Session, request::exchange, session::NO_CREDENTIALS};
use bytes::Bytes;
use http::Uri;
use std::fmt;
use tower_clients_layers::{
    AuthorizeLayer, Body, CheckAnswer, DeadlineLayer, DecodeLayer, Error, FetchTokenLayer,
    SharedService, Token, TokenSource,
    url::{ToReference, redact},
};
use tower_layer::Layer;

/// The largest answer of a token endpoint, in bytes.
const LIMIT: usize = 64 * 1024;

/// A token endpoint and what it is asked: a [`TokenSource`] over any service.
///
/// [`Client::authorize`] makes one. By itself it is for stacks that have no [`Session`], and for
/// [`ClientBuilder::token_source`](crate::ClientBuilder::token_source):
///
/// ```
/// use tower_clients::{Client, Transport, oauth::{Grant, TokenEndpoint}};
///
/// let transport = Transport::new();
/// let grant = Grant::client_credentials("demo", "s3cret");
/// let endpoint =
///     TokenEndpoint::new("https://login.example.com/token".parse()?, grant, transport.clone());
/// let client =
///     Client::builder("https://api.example.com").token_source(endpoint).build_over(transport)?;
/// # Ok::<(), tower_clients::BoxError>(())
/// ```
#[derive(Clone)]
pub struct TokenEndpoint<S> {
    uri: Uri,
    grant: Grant,
    service: S,
}

impl<S> TokenEndpoint<S> {
    /// Asks the token endpoint at an absolute URI by `service`.
    pub fn new(uri: Uri, grant: Grant, service: S) -> Self {
        Self { uri, grant, service }
    }
}

impl<S: SharedService<Body>> TokenEndpoint<S> {
    async fn ask(&self, refresh: Option<&str>) -> Result<Token, Error> {
        let request = self.grant.request(&self.uri, refresh);
        let decode = DecodeLayer::<Bytes>::new().limit(LIMIT).layer(self.service.clone());
        let deadline = DeadlineLayer::new(self.grant.timeout_value());
        let answer = exchange(CheckAnswer::new(decode, Answer), deadline, request).await?;
        Ok(answer.into_body().into_inner())
    }
}

impl<S: SharedService<Body>> TokenSource for TokenEndpoint<S> {
    type Error = Error;

    async fn fetch(&self, previous: Option<&Token>) -> Result<Token, Error> {
        let refresh = previous.and_then(Token::refresh_token_value);
        if let Some(old) = refresh.filter(|_| self.grant.can_be_refreshed()) {
            match self.ask(Some(old)).await {
                Ok(token) if token.refresh_token_value().is_none() => {
                    return Ok(token.refresh_token(old));
                }
                Err(error) if self.grant.can_be_repeated() && is_invalid_grant(&error) => {}
                outcome => return outcome,
            }
        }
        self.ask(None).await
    }
}

fn is_invalid_grant(error: &Error) -> bool {
    error.find_source::<OAuthError>().is_some_and(|error| error.code() == "invalid_grant")
}

impl<S> fmt::Debug for TokenEndpoint<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint")
            .field("uri", &redact(&self.uri))
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

impl<T: SharedService<Body>> Client<Session<T>> {
    /// Authorizes all requests to the origin of the base URL by access tokens of an OAuth 2 token
    /// endpoint. Fetches the first one. See [`oauth`](crate::oauth).
    ///
    /// The reference is joined to the base URL. It may be a whole URL of another origin, too, so it
    /// must not hold a value that comes from elsewhere: the credentials in `grant` are sent there.
    /// The endpoint is asked through the layers of the session, without the credentials that the client
    /// had; these are replaced. A default `authorization` header still wins.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authorize`](crate::ErrorKind::Authorize), with an [`OAuthError`] as its cause when
    /// the endpoint refuses, and [`ErrorKind::Url`](crate::ErrorKind::Url) when the reference cannot be
    /// joined.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the client and the request to the token endpoint, which may have been seen.
    pub async fn authorize(self, reference: impl ToReference, grant: Grant) -> Result<Self, Error> {
        let token = self.token_layer(reference, grant)?;
        token.fetch().await?;
        Ok(self.with_token(token))
    }

    /// Like [`authorize`](Self::authorize), but fetches the first token when a request needs it. For
    /// clients that are made outside of a runtime.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when the reference cannot be joined.
    pub fn authorize_lazily(
        self,
        reference: impl ToReference,
        grant: Grant,
    ) -> Result<Self, Error> {
        let token = self.token_layer(reference, grant)?;
        Ok(self.with_token(token))
    }

    fn token_layer(
        &self,
        reference: impl ToReference,
        grant: Grant,
    ) -> Result<FetchTokenLayer, Error> {
        let base = self.base_url()?;
        let uri = base.join_anywhere(reference)?;
        let session = self.get_ref().clone().with_credentials(&NO_CREDENTIALS);
        let endpoint = TokenEndpoint::new(uri, grant, session);
        Ok(FetchTokenLayer::new(base.origin().clone(), endpoint))
    }

    fn with_token(self, token: FetchTokenLayer) -> Self {
        let credentials = (AuthorizeLayer::none(), token);
        self.map_inner(|session| session.with_credentials(&credentials))
    }
}
