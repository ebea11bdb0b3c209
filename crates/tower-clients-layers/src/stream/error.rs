//! Why a line cannot be given.

use std::fmt;

/// Why a line cannot be given: the source of an [`Error`](crate::Error).
///
/// It is one of kind [`Body`](crate::ErrorKind::Body) for a line over the limit, of kind
/// [`Decode`](crate::ErrorKind::Decode) for one that is not UTF-8. JSON that does not decode has a
/// [`JsonError`](crate::JsonError) in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    line: u64,
    reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    TooLong { limit: usize },
    Malformed,
}

impl LineError {
    pub(super) fn too_long(line: u64, limit: usize) -> Self {
        Self { line, reason: Reason::TooLong { limit } }
    }

    pub(super) fn malformed(line: u64) -> Self {
        Self { line, reason: Reason::Malformed }
    }

    /// The line, from 1; blank ones count.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is ", self.line)?;
        match self.reason {
            Reason::TooLong { limit } => write!(f, "longer than the limit of {limit} bytes"),
            Reason::Malformed => f.write_str("not valid UTF-8"),
        }
    }
}

impl std::error::Error for LineError {}
