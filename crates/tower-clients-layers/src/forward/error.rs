//! Why a request is not passed on.

use crate::{Error, ErrorKind};
use http::StatusCode;
use std::fmt;

/// A request that goes no further: the source of an error of the kind [`Request`](ErrorKind::Request).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardError(Reason);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Loop,
    Tunnel,
    Trace,
    LastHop,
}

impl ForwardError {
    /// Whether the request has passed this gateway before: what its base URL names leads back to it.
    #[must_use]
    pub fn is_loop(&self) -> bool {
        self.0 == Reason::Loop
    }

    /// 508 (RFC 5842 §7.2) for a loop; else 501, as the gateway itself was asked for something.
    pub(crate) fn status(&self) -> StatusCode {
        if self.is_loop() { StatusCode::LOOP_DETECTED } else { StatusCode::NOT_IMPLEMENTED }
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self::new(ErrorKind::Request, ForwardError(reason))
    }
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Reason::Loop => {
                "the request has passed this gateway before: look at what its base URL leads to"
            }
            Reason::Tunnel => "`CONNECT` is for proxies, and this is a gateway",
            Reason::Trace => "`TRACE` is not passed on: the answer would show credentials",
            Reason::LastHop => "its `Max-Forwards` is 0",
        })
    }
}

impl std::error::Error for ForwardError {}
