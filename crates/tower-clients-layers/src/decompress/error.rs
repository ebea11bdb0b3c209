//! Why a body was not decompressed.

use crate::{Error, ErrorKind};
use std::{fmt, io};

/// A body could not be decompressed: the source of an [`ErrorKind::Body`] error. What was read before is
/// right, but is not all.
#[derive(Debug)]
pub struct DecompressError {
    reason: NotDecompressed,
    source: Option<io::Error>,
}

/// The reasons of a [`DecompressError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotDecompressed {
    /// The decoder fails, as its source says; the body ends before its end, or goes on after it.
    Damaged,
    /// So many bytes were decoded, and there are more.
    Limit(u64),
    /// More bytes were decoded than so many for each one received.
    Ratio(u64),
    /// The `Content-Encoding` has a coding that is not known here, or too many.
    Unknown(Box<str>),
}

impl DecompressError {
    pub(super) fn damaged(source: io::Error) -> Self {
        Self { reason: NotDecompressed::Damaged, source: Some(source) }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &NotDecompressed {
        &self.reason
    }
}

impl From<NotDecompressed> for DecompressError {
    fn from(reason: NotDecompressed) -> Self {
        Self { reason, source: None }
    }
}

impl fmt::Display for DecompressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            NotDecompressed::Damaged => f.write_str("what is compressed in it is damaged"),
            NotDecompressed::Limit(limit) => {
                write!(f, "decompressed it is larger than the limit of {limit} bytes")
            }
            NotDecompressed::Ratio(ratio) => {
                write!(f, "decompressed it is more than {ratio} times as large, which is the limit")
            }
            NotDecompressed::Unknown(coding) => {
                write!(f, "its content coding is {coding:?}, which is not known or too many")
            }
        }
    }
}

impl std::error::Error for DecompressError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

impl From<DecompressError> for Error {
    fn from(error: DecompressError) -> Self {
        Self::new(ErrorKind::Body, error)
    }
}
