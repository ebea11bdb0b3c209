//! Many calls in one request.

use super::{
    Ids, Notified, ProtocolError, RpcError,
    message::{Id, Reply, breach, no_answer, request},
};
use crate::{
    RequestBuilder,
    call::{Call, Pending, refused},
};
use bytes::Bytes;
use http::response::Parts;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, future::IntoFuture, marker::PhantomData, sync::Arc};
use tower_clients_layers::{Body, Check, Error, ErrorKind, HttpService, Json};

/// Calls and notifications that become one request. Made by
/// [`JsonRpc::batch`](super::JsonRpc::batch).
///
/// Awaiting it gives the [`Answers`]. An empty batch is an error, as is a server that answers with
/// a single error object, with an id twice, or with an id that is not of this batch.
#[must_use = "a batch does nothing until it is awaited"]
pub struct Batch<S> {
    http: RequestBuilder<S>,
    ids: Ids,
    messages: Vec<Value>,
    expected: Vec<u64>,
    error: Option<Error>,
}

impl<S> Batch<S> {
    pub(super) fn new(http: RequestBuilder<S>, ids: Ids) -> Self {
        Self { http, ids, messages: Vec::new(), expected: Vec::new(), error: None }
    }

    /// Adds a call. The handle takes its result, decoded as `T`, out of the answers.
    pub fn call<T: DeserializeOwned>(
        &mut self,
        method: &str,
        parameters: &(impl Serialize + ?Sized),
    ) -> Handle<T> {
        let id = self.ids.next();
        self.expected.push(id);
        self.add(request(Some(id), method, parameters));
        Handle { id, result: PhantomData }
    }

    /// Adds a notification.
    pub fn notify(&mut self, method: &str, parameters: &(impl Serialize + ?Sized)) {
        self.add(request(None, method, parameters));
    }

    fn add(&mut self, message: Result<Value, Error>) {
        match message {
            Ok(message) => self.messages.push(message),
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    /// How many calls and notifications there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there are no calls and no notifications.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The request, to set headers or a timeout of.
    pub fn request(self) -> Call<S, BatchAnswer> {
        let error = match self.error {
            None if self.messages.is_empty() => {
                Some(Error::new(ErrorKind::Request, "the batch is empty"))
            }
            error => error,
        };
        let http = match error {
            Some(error) => self.http.fail(error),
            None => self.http.json(&self.messages),
        };
        Call::new(http, BatchAnswer { expected: self.expected.into() })
    }

    /// Sends the batch, like awaiting it.
    ///
    /// # Cancel safety
    ///
    /// That of [`Call::send`]: the server may have seen all calls of the batch.
    pub fn send(self) -> Pending<S, BatchAnswer>
    where
        S: HttpService<Body>,
    {
        self.request().send()
    }
}

impl<S: HttpService<Body>> IntoFuture for Batch<S> {
    type Output = Result<Answers, Error>;
    type IntoFuture = Pending<S, BatchAnswer>;

    fn into_future(self) -> Pending<S, BatchAnswer> {
        self.send()
    }
}

impl<S> fmt::Debug for Batch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("request", &self.http)
            .field("messages", &self.messages.len())
            .finish_non_exhaustive()
    }
}

/// A call of a batch.
#[must_use = "it takes the result out of the answers"]
pub struct Handle<T> {
    id: u64,
    result: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("id", &self.id).finish()
    }
}

/// The answers to a batch.
pub struct Answers {
    outcomes: BTreeMap<u64, Result<Value, RpcError>>,
}

impl Answers {
    /// The result of a call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Check`] with an [`RpcError`] for an error object; [`ErrorKind::Decode`] with
    /// [`ProtocolError::Missing`] when there is no answer to this call, or for a result that is no
    /// `T`.
    #[allow(clippy::needless_pass_by_value, reason = "a result can be taken once")]
    pub fn take<T: DeserializeOwned>(&mut self, handle: Handle<T>) -> Result<T, Error> {
        let Handle { id, .. } = handle;
        match self.outcomes.remove(&id) {
            Some(Ok(result)) => {
                Json::from_value(result).map_err(|error| Error::new(ErrorKind::Decode, error))
            }
            Some(Err(error)) => Err(Error::new(ErrorKind::Check, error)),
            None => Err(Error::new(ErrorKind::Decode, ProtocolError::Missing { id })),
        }
    }

    /// How many answers are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether no answer is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.outcomes.keys()).finish()
    }
}

/// Takes the answers to a batch, in any order.
#[derive(Debug, Clone)]
pub struct BatchAnswer {
    expected: Arc<[u64]>,
}

impl Check<Bytes> for BatchAnswer {
    type Output = Answers;
    type Error = Error;

    fn check(&self, head: &Parts, body: Bytes) -> Result<Answers, Error> {
        let mut outcomes = BTreeMap::new();
        if self.expected.is_empty() {
            Notified::new().check(head, body)?;
            return Ok(Answers { outcomes });
        }
        let replies = match Json::from_slice(&body) {
            Ok(Value::Array(replies)) if head.status.is_success() || !replies.is_empty() => replies,
            // One error for all of the calls.
            Ok(value) => match Reply::read(value).map(|reply| reply.outcome) {
                Some(Err(error)) => return Err(refused(head, body, error)),
                _ => return Err(no_answer(head, body)),
            },
            Err(_) => return Err(no_answer(head, body)),
        };
        for reply in replies {
            let breach = match Reply::read(reply) {
                None => return Err(no_answer(head, body)),
                Some(Reply { id: Id::None, outcome: Err(error) }) => {
                    return Err(refused(head, body, error));
                }
                Some(Reply { id: Id::Number(id), outcome }) if self.expected.contains(&id) => {
                    match outcomes.insert(id, outcome) {
                        None => continue,
                        Some(_) => breach(head, body, ProtocolError::Duplicate { id }),
                    }
                }
                Some(_) => breach(head, body, ProtocolError::Foreign),
            };
            return Err(breach);
        }
        Ok(Answers { outcomes })
    }
}
