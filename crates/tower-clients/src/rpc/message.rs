//! Messages, both ways.

use super::{ProtocolError, RpcError};
use crate::call::{failure, status_error};
use bytes::Bytes;
use http::response::Parts;
use serde::Serialize;
use serde_json::{Map, Value};
use tower_clients_layers::{Error, ErrorKind, FromBody, Json};

/// A call, or a notification without an id.
pub(super) fn request(
    id: Option<u64>,
    method: &str,
    parameters: &(impl Serialize + ?Sized),
) -> Result<Value, Error> {
    let mut message = Map::new();
    message.insert("jsonrpc".into(), "2.0".into());
    message.insert("method".into(), method.into());
    match serde_json::to_value(parameters) {
        Ok(Value::Null) => {}
        Ok(structured @ (Value::Array(_) | Value::Object(_))) => {
            message.insert("params".into(), structured);
        }
        _ => {
            let reason = "the parameters serialize neither as an array nor as an object";
            return Err(Error::new(ErrorKind::Request, reason));
        }
    }
    if let Some(id) = id {
        message.insert("id".into(), id.into());
    }
    Ok(message.into())
}

/// What a server answers to one call.
pub(super) struct Reply {
    pub(super) id: Id,
    pub(super) outcome: Result<Value, RpcError>,
}

#[derive(PartialEq)]
pub(super) enum Id {
    /// Null or missing: the server could not tell which call it was.
    None,
    Number(u64),
    Other,
}

impl Reply {
    /// `None` when it is no answer. Version 1 has both members, one of them null.
    pub(super) fn read(value: Value) -> Option<Self> {
        let Value::Object(mut members) = value else { return None };
        let outcome = match members.remove("error") {
            Some(Value::Null) | None => Ok(members.remove("result")?),
            Some(error) => Err(RpcError::read(error)?),
        };
        let id = match members.get("id") {
            None | Some(Value::Null) => Id::None,
            Some(Value::String(id)) => id.parse().map_or(Id::Other, Id::Number),
            Some(id) => id.as_u64().map_or(Id::Other, Id::Number),
        };
        Some(Self { id, outcome })
    }

    pub(super) fn from_slice(body: &[u8]) -> Option<Self> {
        Self::read(Json::from_slice(body).ok()?)
    }
}

/// The error of an answer that is none.
#[cold]
pub(super) fn no_answer(head: &Parts, body: Bytes) -> Error {
    if !head.status.is_success() {
        return status_error(head, body);
    }
    match Json::<Value>::from_body(head, body.clone()) {
        Ok(_) => breach(head, body, ProtocolError::NotAnAnswer),
        Err(error) => Error::new(ErrorKind::Decode, error).with_failure(failure(head, body)),
    }
}

#[cold]
pub(super) fn breach(head: &Parts, body: Bytes, error: ProtocolError) -> Error {
    Error::new(ErrorKind::Decode, error).with_failure(failure(head, body))
}
