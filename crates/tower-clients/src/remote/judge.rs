//! From the bytes of an answer to the output of a call.

use bytes::Bytes;
use http::{Response, StatusCode, response::Parts};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{fmt, marker::PhantomData};
use tower_clients_layers::{BoxError, Check, Error, ErrorKind, Failure, FromBody, Json};

/// Asks the check `C` about the JSON of an answer first, and looks at its status second.
#[derive(Clone, Copy)]
pub struct Judge<C> {
    check: C,
}

impl<C> Judge<C> {
    pub(super) fn new(check: C) -> Self {
        Self { check }
    }

    pub(super) fn typed<T>(self) -> Judge<Typed<C, T>> {
        Judge::new(Typed { check: self.check, output: PhantomData })
    }
}

impl<C: Check<Value>> Check<Bytes> for Judge<C> {
    type Output = C::Output;
    type Error = Error;

    fn check(&self, head: &Parts, body: Bytes) -> Result<C::Output, Error> {
        let is_success = head.status.is_success();
        let value = match Json::<Value>::from_body(head, body.clone()) {
            Ok(value) => value,
            Err(error) if is_success => return Err(Error::new(ErrorKind::Decode, error)),
            // The page of a proxy, say.
            Err(_) => return Err(status_error(head, body)),
        };
        match self.check.check(head, value) {
            Ok(output) if is_success => Ok(output),
            // What the check may have said of its output does not matter here.
            Ok(_) => Err(status_error(head, body)),
            Err(error) => match error.into().downcast::<Error>() {
                Ok(error) if is_success => Err(*error),
                Ok(_) => Err(status_error(head, body)),
                Err(error) => Err(refused(head, body, error)),
            },
        }
    }
}

impl<C> fmt::Debug for Judge<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").finish_non_exhaustive()
    }
}

/// Decodes a `T` from what the check `C` gives.
pub struct Typed<C, T> {
    check: C,
    output: PhantomData<fn() -> T>,
}

impl<C, T> Check<Value> for Typed<C, T>
where
    C: Check<Value, Output = Value>,
    T: DeserializeOwned,
{
    type Output = T;
    type Error = BoxError;

    fn check(&self, head: &Parts, body: Value) -> Result<T, BoxError> {
        let value = self.check.check(head, body).map_err(Into::into)?;
        Ok(Json::from_value(value).map_err(|error| Error::new(ErrorKind::Decode, error))?)
    }
}

impl<C: Clone, T> Clone for Typed<C, T> {
    fn clone(&self) -> Self {
        Self { check: self.check.clone(), output: PhantomData }
    }
}

impl<C, T> fmt::Debug for Typed<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").finish_non_exhaustive()
    }
}

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
