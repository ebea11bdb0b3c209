//! An access token and what is known about it.

use crate::{Error, authorize::bearer};
use http::HeaderValue;
use std::{fmt, sync::Arc, time::Duration};

/// An access token, as a [`TokenSource`](super::TokenSource) gives it. Cheap to clone.
///
/// `Debug` shows no token.
///
/// ```
/// use std::time::Duration;
/// use tower_clients_layers::Token;
///
/// let token = Token::bearer("2YotnFZFEjr1zCsicMWpAA")?
///     .expires_in(Duration::from_secs(3600))
///     .refresh_token("tGzv3JOkF0XG5Qx2TlKWIA");
/// assert_eq!(format!("{token:?}"), "Token { expires_in: Some(3600s), has_refresh_token: true }");
/// # Ok::<(), tower_clients_layers::Error>(())
/// ```
#[derive(Clone)]
pub struct Token {
    authorization: HeaderValue,
    expires_in: Option<Duration>,
    refresh_token: Option<Arc<str>>,
}

impl Token {
    /// A bearer token (RFC 6750).
    ///
    /// # Errors
    ///
    /// As [`bearer`]. The error does not show the token.
    pub fn bearer(token: &str) -> Result<Self, Error> {
        Ok(Self { authorization: bearer(token)?, expires_in: None, refresh_token: None })
    }

    /// Sets how long the token lives, counted from the moment when it was asked for. Without this it
    /// is used until it is refused.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = Some(lifetime);
        self
    }

    /// Keeps a secret with the token that the next one can be had for.
    #[must_use]
    pub fn refresh_token(mut self, token: &str) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// The value of the `Authorization` header, marked sensitive.
    #[must_use]
    pub fn authorization(&self) -> &HeaderValue {
        &self.authorization
    }

    /// See [`expires_in`](Self::expires_in).
    #[must_use]
    pub fn expires_in_value(&self) -> Option<Duration> {
        self.expires_in
    }

    /// See [`refresh_token`](Self::refresh_token).
    #[must_use]
    pub fn refresh_token_value(&self) -> Option<&str> {
        self.refresh_token.as_deref()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_in", &self.expires_in)
            .field("has_refresh_token", &self.refresh_token.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o3_token_that_is_no_header_value_is_an_error_that_does_not_show_it() {
        for token in ["", "CANARY\r\nx: y", "CANARY\n", "CANARY CANARY", "CANARY\u{e9}", "CANARY\0"]
        {
            let error = Token::bearer(token).unwrap_err();
            assert!(error.is_request() && !error.may_have_been_sent());
            assert!(!format!("{error:#} {error:?}").contains("CANARY"));
        }
        assert!(Token::bearer(&"x".repeat(100_000)).is_ok());
    }

    #[test]
    fn s1_secrets_do_not_print() {
        let token = Token::bearer("CANARY").unwrap().refresh_token("CANARY");
        assert!(token.authorization().is_sensitive());
        assert!(!format!("{token:?} {:?}", token.authorization()).contains("CANARY"));
    }
}
