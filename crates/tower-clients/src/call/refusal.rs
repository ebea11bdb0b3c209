//! The errors of answers that are not accepted. Each keeps the whole response.

use bytes::Bytes;
use http::{Response, StatusCode, response::Parts};
use tower_clients_layers::{BoxError, Error, ErrorKind, Failure};

/// The error of an answer that says that the call failed, with the whole response in it.
#[cold]
pub(crate) fn refused(head: &Parts, body: Bytes, error: impl Into<BoxError>) -> Error {
    Error::new(ErrorKind::Check, error).with_failure(failure(head, body))
}

/// The error of an answer with a status outside of 2xx, with the whole response in it.
#[cold]
pub(crate) fn status_error(head: &Parts, body: Bytes) -> Error {
    debug_assert!(!StatusCode::is_success(&head.status), "that status is accepted");
    Error::status_failure(failure(head, body))
}

/// The whole response of an answer that was not accepted.
pub(crate) fn failure(head: &Parts, body: Bytes) -> Failure {
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers.clone();
    Failure::new(response)
}
