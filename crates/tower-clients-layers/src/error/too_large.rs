//! A body over its limit.

use super::{Error, ErrorKind};
use std::fmt;

/// A response body has more bytes than its limit: the source of an [`ErrorKind::Body`] error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    limit: usize,
}

impl TooLarge {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit }
    }

    /// The limit in bytes.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is larger than the limit of {} bytes", self.limit)
    }
}

impl std::error::Error for TooLarge {}

impl From<TooLarge> for Error {
    fn from(error: TooLarge) -> Self {
        Self::new(ErrorKind::Body, error)
    }
}
