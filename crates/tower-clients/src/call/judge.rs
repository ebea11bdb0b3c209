//! From the bytes of an answer to the output of a call.

use super::refusal::{refused, status_error};
use bytes::Bytes;
use http::response::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{fmt, marker::PhantomData};
use tower_clients_layers::{BoxError, Check, Error, ErrorKind, FromBody, Json};

/// Asks the check `C` about the JSON of an answer first, and looks at its status second.
#[derive(Clone, Copy)]
pub struct Judge<C> {
    check: C,
}

impl<C> Judge<C> {
    pub(crate) fn new(check: C) -> Self {
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
