//! What an attempt met, and whether another one may help.

use crate::{Error, ErrorKind};
use http::{HeaderMap, Method, StatusCode, Uri};

/// What an attempt met: what [`RetryLayer::retry_if`](super::RetryLayer::retry_if) decides by.
#[derive(Debug)]
pub struct Outcome<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) met: Result<(StatusCode, &'a HeaderMap), &'a Error>,
}

impl Outcome<'_> {
    /// The method of the request.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The URI of the request, with all its secrets.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        self.uri
    }

    /// The status of the response, also of one that a layer below made an error of.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.met {
            Ok((status, _)) => Some(status),
            Err(error) => error.status(),
        }
    }

    /// The headers of the response, also of one that a layer below made an error of.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        match self.met {
            Ok((_, headers)) => Some(headers),
            Err(error) => error.failure().map(crate::Failure::headers),
        }
    }

    /// The error, if there was one. What a [`Check`](crate::Check) below found in the body is among its
    /// [sources](Error::find_source).
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.met.err()
    }

    /// Whether the server may have seen the request.
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        self.error().is_none_or(Error::may_have_been_sent)
    }

    /// What is retried by default; the [table](super#what-is-retried) tells why.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use ErrorKind::{Connect, Timeout, Transport};
        self.status().is_some_and(is_transient)
            || self
                .error()
                .is_some_and(|error| matches!(error.kind(), Connect | Timeout | Transport))
    }
}

fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}
