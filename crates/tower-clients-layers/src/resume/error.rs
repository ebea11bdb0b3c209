//! Why a body was not resumed.

use crate::{Error, ErrorKind};
use http::StatusCode;
use std::fmt;

/// A body broke off and could not be resumed: the source of an [`ErrorKind::Body`] error.
///
/// Its own source, if there is one, is the error that broke the body off, or that of the service
/// below when it was asked for the rest.
#[derive(Debug)]
pub struct ResumeError {
    reason: NotResumed,
    source: Option<Error>,
}

/// The reasons of a [`ResumeError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotResumed {
    /// The body ended before its length, and no attempt was left.
    Short {
        /// Bytes that came.
        received: u64,
        /// Bytes that it has.
        total: u64,
    },
    /// The last attempt got no answer.
    Unanswered,
    /// It is another document by now, or the server gives no parts of it: the answer has the status
    /// 200 or 412, another validator or length, no `ETag` though there was one, or a content coding.
    Changed,
    /// The answer is a part, but not the one that is missing: its `Content-Range` is another one,
    /// cannot be read or is none (as with `multipart/byteranges`), or it has more bytes than that.
    WrongPart,
    /// The answer has another status, such as 416 (there is nothing behind what was received).
    Status(StatusCode),
}

impl ResumeError {
    pub(super) fn new(reason: NotResumed, source: Option<Error>) -> Self {
        Self { reason, source }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> NotResumed {
        self.reason
    }
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            NotResumed::Short { received, total } => {
                write!(f, "it ended after {received} of {total} bytes")
            }
            NotResumed::Unanswered => f.write_str("it broke off, and nothing answers any more"),
            NotResumed::Changed => {
                f.write_str("it broke off, and no rest of the same document came")
            }
            NotResumed::WrongPart => {
                f.write_str("it broke off, and another part came than the one that is missing")
            }
            NotResumed::Status(status) => write!(f, "it broke off, and the rest got {status}"),
        }
    }
}

impl std::error::Error for ResumeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

impl From<ResumeError> for Error {
    fn from(error: ResumeError) -> Self {
        Self::new(ErrorKind::Body, error)
    }
}
