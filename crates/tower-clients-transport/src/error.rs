//! What hyper reports, in the words of this workspace.

use crate::address::NotAccepted;
use std::{error::Error as StdError, fmt};
use tower_clients_layers::{BoxError, Error, ErrorKind, TimeoutError};

/// Why there is no connection.
#[cold]
pub(crate) fn no_connection(error: BoxError) -> Error {
    let error = match error.downcast::<TimeoutError>() {
        Ok(timeout) => return Error::new(ErrorKind::Timeout, *timeout).not_sent(),
        Err(error) => error,
    };
    match error.downcast::<NotAccepted>() {
        Ok(refused) => Error::new(ErrorKind::Connect, *refused),
        Err(error) => Error::new(ErrorKind::Connect, Cause(error)),
    }
}

/// Why a request was not written.
#[cold]
pub(crate) fn not_sent(error: hyper::Error) -> Error {
    unanswered(error).not_sent()
}

/// Why there is no response.
///
/// Not `from_service`: the chain may hold the error of a request body that is itself a response of
/// another exchange, and whether *that* one was sent proves nothing here.
#[cold]
pub(crate) fn unanswered(error: hyper::Error) -> Error {
    let was_refused = was_refused(&error);
    let error = Error::new(ErrorKind::Transport, Cause(error.into()));
    if was_refused { error.not_sent() } else { error }
}

/// Whether an HTTP/2 server says that it did nothing with the request (RFC 9113 §6.8 and §8.7).
///
/// A `GOAWAY` is the error of the streams alone that the server has not looked at.
#[cfg(feature = "http2")]
fn was_refused(error: &hyper::Error) -> bool {
    let error = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    let error = error.filter(|error| error.is_remote());
    error.is_some_and(|error| {
        error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

#[cfg(not(feature = "http2"))]
const fn was_refused(_: &hyper::Error) -> bool {
    false
}

/// Why a response body ended early.
#[cold]
pub(crate) fn broken_body(error: hyper::Error) -> Error {
    Error::from_response_body(Cause(error.into()))
}

/// Keeps the types of the library inside from being found in a chain of sources, where callers
/// would come to depend on them.
struct Cause(BoxError);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
