//! The way of a request that was redirected.

use crate::url::redact;
use http::{Response, Uri};
use std::fmt;

/// An extension of a response: redirects led to it. A response without it answers the request itself.
///
/// `Debug` shows URLs without the values of their queries.
#[derive(Clone, PartialEq, Eq)]
pub struct Redirected {
    history: Vec<Uri>,
    uri: Uri,
}

impl Redirected {
    pub(super) fn new(history: Vec<Uri>, uri: Uri) -> Self {
        Self { history, uri }
    }

    /// That of a response.
    pub fn of<R>(response: &Response<R>) -> Option<&Self> {
        response.extensions().get()
    }

    /// The URIs that redirected, from that of the request on; with all their secrets.
    #[must_use]
    pub fn history(&self) -> &[Uri] {
        &self.history
    }

    /// The URI that the response came from: what a relative reference in it is relative to.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl fmt::Debug for Redirected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redirected")
            .field("history", &shown(&self.history))
            .field("uri", &redact(&self.uri))
            .finish()
    }
}

/// URIs as they may be logged.
pub(super) fn shown(uris: &[Uri]) -> Vec<String> {
    uris.iter().map(redact).collect()
}
