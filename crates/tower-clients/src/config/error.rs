//! What is wrong with a configuration.

use std::{error::Error as StdError, fmt};
use tower_clients_layers::{BoxError, Error, ErrorKind};

/// Which key of a configuration cannot be used, and why. It is the source of an [`Error`] of the kind
/// [`Config`](ErrorKind::Config).
///
/// ```
/// use tower_clients::config::{self, ClientConfig, ConfigError};
///
/// let json = r#"{"base_url": "https://api.example.com", "timeouts": {"conect": "1s"}}"#;
/// let error = config::read::<ClientConfig, _>(&mut serde_json::Deserializer::from_str(json));
/// let error = error.unwrap_err();
/// assert!(error.is_config());
/// assert_eq!(error.find_source::<ConfigError>().unwrap().key(), "timeouts.conect");
/// ```
#[derive(Debug)]
pub struct ConfigError {
    key: String,
    source: BoxError,
}

impl ConfigError {
    /// The key with those above it, such as `upstream.timeouts.connect`; `.` for the whole.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn within(mut self, name: &str) -> Self {
        if !name.is_empty() {
            self.key = format!("{name}.{}", self.key);
        }
        self
    }
}

/// An error at a key.
pub(super) fn at<E: Into<BoxError>>(key: impl Into<String>) -> impl FnOnce(E) -> ConfigError {
    |error| ConfigError { key: key.into(), source: error.into() }
}

/// What is behind an error, where the key says the rest.
pub(super) fn reason(error: &Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(ErrorKind::Config, error)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.key, self.source)
    }
}

impl StdError for ConfigError {}
