//! From an answer to data.

use super::{GraphError, GraphErrors, NoResponse};
use crate::call::{failure, refused, status_error};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, response::Parts};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{fmt, marker::PhantomData};
use tower_clients_layers::{BoxError, Check, Error, ErrorKind, FromBody, Json, MediaType};

struct Envelope {
    data: Option<Value>,
    errors: Vec<GraphError>,
    extensions: Map<String, Value>,
}

impl Envelope {
    /// The table in the docs of the module above.
    fn open(head: &Parts, body: &Bytes) -> Result<Self, Error> {
        let is_success = head.status.is_success();
        let read = || {
            let Ok(Value::Object(members)) = Json::from_slice(body) else { return None };
            let is_sure = is_success || is_response_type(&head.headers);
            Self::read(members, is_sure)
        };
        read().ok_or_else(|| match is_success {
            false => status_error(head, body.clone()),
            true => match Json::<Value>::from_body(head, body.clone()) {
                Ok(_) => no_data(head, body, NoResponse),
                Err(error) => no_data(head, body, error),
            },
        })
    }

    fn read(mut members: Map<String, Value>, is_sure: bool) -> Option<Self> {
        let errors = match members.remove("errors") {
            Some(Value::Array(errors)) => errors,
            Some(Value::Null) | None => Vec::new(),
            Some(_) => return None,
        };
        let data = members.remove("data");
        let is_response = match is_sure {
            true => data.is_some() || !errors.is_empty(),
            false => !errors.is_empty() && errors.iter().all(|error| error["message"].is_string()),
        };
        let extensions = match members.remove("extensions") {
            Some(Value::Object(extensions)) => extensions,
            _ => Map::new(),
        };
        let errors = errors.into_iter().map(GraphError::read).collect();
        is_response.then_some(Self { data, errors, extensions })
    }

    fn refuse(self, head: &Parts, body: Bytes) -> Error {
        let Self { data, errors, extensions } = self;
        let data = data.filter(|data| !data.is_null());
        refused(head, body, GraphErrors { errors, data, extensions })
    }
}

fn is_response_type(headers: &HeaderMap) -> bool {
    MediaType::of(headers)
        .is_some_and(|media_type| media_type.essence() == "application/graphql-response+json")
}

#[cold]
fn no_data(head: &Parts, body: &Bytes, error: impl Into<BoxError>) -> Error {
    Error::new(ErrorKind::Decode, error).with_failure(failure(head, body.clone()))
}

/// Takes the data of a response without errors, decoded as `T`.
pub struct Strict<T>(PhantomData<fn() -> T>);

impl<T: DeserializeOwned> Check<Bytes> for Strict<T> {
    type Output = T;
    type Error = Error;

    fn check(&self, head: &Parts, body: Bytes) -> Result<T, Error> {
        let mut envelope = Envelope::open(head, &body)?;
        match envelope.data.take() {
            Some(data) if envelope.errors.is_empty() => {
                Json::from_value(data).map_err(|error| no_data(head, &body, error))
            }
            data => {
                envelope.data = data;
                Err(envelope.refuse(head, body))
            }
        }
    }
}

/// Takes a whole response, its data decoded as `T`.
pub struct Lenient<T>(PhantomData<fn() -> T>);

impl<T: DeserializeOwned> Check<Bytes> for Lenient<T> {
    type Output = GraphResponse<T>;
    type Error = Error;

    fn check(&self, head: &Parts, body: Bytes) -> Result<GraphResponse<T>, Error> {
        let mut envelope = Envelope::open(head, &body)?;
        let data = match envelope.data.take().filter(|data| !data.is_null()) {
            None => None,
            Some(data) if envelope.errors.is_empty() => {
                Some(Json::from_value(data).map_err(|error| no_data(head, &body, error))?)
            }
            // The data is needed again when it is no `T` because of the errors.
            Some(data) => match Json::from_value(data.clone()) {
                Ok(data) => Some(data),
                Err(_) => {
                    envelope.data = Some(data);
                    return Err(envelope.refuse(head, body));
                }
            },
        };
        let Envelope { errors, extensions, .. } = envelope;
        let (status, headers) = (head.status, head.headers.clone());
        Ok(GraphResponse { data, errors, extensions, status, headers })
    }
}

macro_rules! judge {
    ($($judge:ident),+) => {$(
        impl<T> $judge<T> {
            pub(super) fn new() -> Self {
                Self(PhantomData)
            }
        }

        impl<T> Clone for $judge<T> {
            fn clone(&self) -> Self {
                Self::new()
            }
        }

        impl<T> fmt::Debug for $judge<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($judge))
            }
        }
    )+};
}

judge!(Strict, Lenient);

/// A GraphQL response (§7): data as far as there is, and all errors. Given by
/// [`Call::response`](crate::call::Call::response).
///
/// `Debug` shows no value of the body.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct GraphResponse<T> {
    /// The data, unless it is missing or null.
    pub data: Option<T>,
    /// The errors.
    pub errors: Vec<GraphError>,
    /// What the server says besides, such as the cost of the operation.
    pub extensions: Map<String, Value>,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
}

impl<T> fmt::Debug for GraphResponse<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphResponse")
            .field("status", &self.status)
            .field("has_data", &self.data.is_some())
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}
