//! From an answer to the result of one call.

use super::message::{Id, Reply, breach, no_answer};
use crate::{call::refused, rpc::ProtocolError};
use bytes::Bytes;
use http::response::Parts;
use serde::de::DeserializeOwned;
use std::{fmt, marker::PhantomData};
use tower_clients_layers::{Check, Error, ErrorKind, Json};

/// Takes the answer to one call, and decodes its result as `T`.
pub struct Answer<T> {
    id: u64,
    result: PhantomData<fn() -> T>,
}

impl<T> Answer<T> {
    pub(super) fn new(id: u64) -> Self {
        Self { id, result: PhantomData }
    }
}

impl<T: DeserializeOwned> Check<Bytes> for Answer<T> {
    type Output = T;
    type Error = Error;

    fn check(&self, head: &Parts, body: Bytes) -> Result<T, Error> {
        let Some(Reply { id, outcome }) = Reply::from_slice(&body) else {
            return Err(no_answer(head, body));
        };
        // A server that could not read the call does not know its id.
        if id != Id::Number(self.id) && (id != Id::None || outcome.is_ok()) {
            return Err(breach(head, body, ProtocolError::Foreign));
        }
        match outcome {
            Ok(result) => {
                Json::from_value(result).map_err(|error| Error::new(ErrorKind::Decode, error))
            }
            Err(error) => Err(refused(head, body, error)),
        }
    }
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self::new(self.id)
    }
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("id", &self.id).finish()
    }
}

/// Takes what comes back for a notification: 204, or 2xx with any body but an error object.
#[derive(Debug, Clone, Copy)]
pub struct Notified(());

impl Notified {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl Check<Bytes> for Notified {
    type Output = ();
    type Error = Error;

    fn check(&self, head: &Parts, body: Bytes) -> Result<(), Error> {
        match Reply::from_slice(&body).map(|reply| reply.outcome) {
            Some(Err(error)) => Err(refused(head, body, error)),
            _ if head.status.is_success() => Ok(()),
            _ => Err(no_answer(head, body)),
        }
    }
}
