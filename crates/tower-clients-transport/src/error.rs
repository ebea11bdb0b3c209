//! What hyper reports, in the words of this workspace.

use hyper_util::client::legacy;
use std::{error::Error as StdError, fmt};
use tower_clients_layers::{Error, ErrorKind, TimeoutError};

/// Why there is no response.
#[cold]
pub(crate) fn no_response(error: legacy::Error) -> Error {
    if let Some(timeout) = error.source().and_then(|e| e.downcast_ref::<TimeoutError>()) {
        return Error::new(ErrorKind::Timeout, timeout.clone()).not_sent();
    }
    // The client attaches the connection to an error only once it has handed over the request, so
    // without one the failure is that of a handshake, even where the error does not say so.
    if error.is_connect() || error.connect_info().is_none() {
        return Error::new(ErrorKind::Connect, Cause::Client(error));
    }
    // A canceled request is one that the connection gave back unwritten.
    let unwritten = error
        .source()
        .and_then(|e| e.downcast_ref::<hyper::Error>())
        .is_some_and(hyper::Error::is_canceled);
    // Not `from_service`: the chain may hold the error of a request body that is itself a response
    // of another exchange, and whether *that* one was sent proves nothing here.
    let error = Error::new(ErrorKind::Transport, Cause::Client(error));
    if unwritten { error.not_sent() } else { error }
}

/// Why a response body ended early.
#[cold]
pub(crate) fn broken_body(error: hyper::Error) -> Error {
    Error::from_response_body(Cause::Body(error))
}

/// Keeps the types of the library inside from being found in a chain of sources, where callers
/// would come to depend on them.
enum Cause {
    Client(legacy::Error),
    Body(hyper::Error),
}

impl Cause {
    /// The client's own message, `client error (Connect)`, says less than the kind already does.
    fn telling(&self) -> &(dyn StdError + 'static) {
        match self {
            Self::Client(error) => error.source().unwrap_or(error),
            Self::Body(error) => error,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.telling(), f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.telling(), f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.telling().source()
    }
}
