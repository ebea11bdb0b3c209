//! What can be wrong with an answer.

use serde_json::Value;
use std::fmt;

/// The error object of an answer (JSON-RPC 2.0 §5.1): the source of an
/// [`ErrorKind::Check`](crate::ErrorKind::Check) error.
///
/// `Display` and `Debug` show the code only: the message and the data may be what the server
/// echoes.
#[derive(Clone, PartialEq)]
pub struct RpcError {
    code: i64,
    message: String,
    data: Option<Value>,
}

impl RpcError {
    /// `None` when it is not an error object. A message may be missing.
    pub(super) fn read(value: Value) -> Option<Self> {
        let Value::Object(mut members) = value else { return None };
        let code = members.get("code")?.as_i64()?;
        let message = match members.remove("message") {
            Some(Value::String(message)) => message,
            Some(Value::Null) | None => String::new(),
            Some(_) => return None,
        };
        Some(Self { code, message, data: members.remove("data") })
    }

    /// The code. From -32768 to -32000 it is one that the specification reserves.
    #[must_use]
    pub fn code(&self) -> i64 {
        self.code
    }

    /// The message, as the server wrote it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the server says besides.
    #[must_use]
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the procedure failed with code {}", self.code)?;
        f.write_str(match self.code {
            -32700 => " (parse error)",
            -32600 => " (invalid request)",
            -32601 => " (method not found)",
            -32602 => " (invalid parameters)",
            -32603 => " (internal error)",
            _ => "",
        })
    }
}

impl fmt::Debug for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcError").field("code", &self.code).finish_non_exhaustive()
    }
}

impl std::error::Error for RpcError {}

/// An answer that breaks the protocol: the source of an
/// [`ErrorKind::Decode`](crate::ErrorKind::Decode) error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The body is JSON, but no answer.
    NotAnAnswer,
    /// There is no answer to this call of a batch, or it was taken already.
    Missing {
        /// The id of the call.
        id: u64,
    },
    /// A call of a batch has two answers.
    Duplicate {
        /// The id of the call.
        id: u64,
    },
    /// The id of an answer is that of no call of this request.
    Foreign,
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnAnswer => f.write_str("the body is no JSON-RPC answer"),
            Self::Missing { id } => write!(f, "there is no answer with the id {id}"),
            Self::Duplicate { id } => write!(f, "there are two answers with the id {id}"),
            Self::Foreign => f.write_str("the id of the answer is not that of a call"),
        }
    }
}

impl std::error::Error for ProtocolError {}
