//! Why a redirect was not followed.

use super::history::shown;
use crate::{Error, ErrorKind, UrlError, url::Origin};
use http::{StatusCode, Uri};
use std::fmt;

/// A redirect was not followed: the source of an [`ErrorKind::Redirect`] error, which also has the
/// [status and headers](Error::failure) of the response.
///
/// `Display` shows the origin that it leads to. `Debug` shows URLs without the values of their queries.
pub struct RedirectError {
    reason: NotFollowed,
    status: StatusCode,
    history: Vec<Uri>,
    target: Option<Uri>,
}

/// The reasons of a [`RedirectError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotFollowed {
    /// It leads to another origin, and neither [`Redirects::CrossOrigin`](super::Redirects::CrossOrigin)
    /// nor a base URL allows that.
    CrossOrigin,
    /// It leads from `https` to `http`.
    ClearText,
    /// The request has a body, which would go to another origin, and is not
    /// [shared](super::RedirectLayer::share_body).
    CrossOriginBody,
    /// The request has to be sent again with its body, and that is a stream.
    Stream,
    /// So many redirects were followed before.
    Limit(usize),
    /// This redirect, from one URL to another, was followed before.
    Loop,
    /// The response has no `Location`, or an empty one.
    NoLocation,
    /// The `Location` cannot be used: it does not parse, has another scheme than `http` and `https`, user
    /// information or forbidden characters, or leads outside of the path of the base URL.
    Location(UrlError),
}

impl RedirectError {
    pub(super) fn new(
        reason: NotFollowed,
        status: StatusCode,
        history: Vec<Uri>,
        target: Option<Uri>,
    ) -> Self {
        Self { reason, status, history, target }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &NotFollowed {
        &self.reason
    }

    /// The URIs that were asked for, from the first one to the one whose response redirects; with all
    /// their secrets.
    #[must_use]
    pub fn history(&self) -> &[Uri] {
        &self.history
    }

    /// Where it leads, if that can be read; with all its secrets.
    #[must_use]
    pub fn target(&self) -> Option<&Uri> {
        self.target.as_ref()
    }
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Ok(origin)) = self.target.as_ref().map(Origin::of) {
            write!(f, "it leads to {origin}, ")?;
        }
        match &self.reason {
            NotFollowed::CrossOrigin => f.write_str("another origin, and is not allowed to"),
            NotFollowed::ClearText => f.write_str("away from `https`"),
            NotFollowed::CrossOriginBody => {
                f.write_str("another origin, and the body is not shared with it")
            }
            NotFollowed::Stream => {
                f.write_str("and the body is a stream, which cannot be sent twice")
            }
            NotFollowed::Limit(limit) => write!(f, "after {limit} redirects, which is the limit"),
            NotFollowed::Loop => f.write_str("in a loop"),
            NotFollowed::NoLocation => write!(f, "{} came without a `Location`", self.status),
            NotFollowed::Location(_) => f.write_str("its `Location` cannot be used"),
        }
    }
}

impl fmt::Debug for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedirectError")
            .field("reason", &self.reason)
            .field("status", &self.status)
            .field("history", &shown(&self.history))
            .field("target", &shown(self.target.as_slice()))
            .finish()
    }
}

impl std::error::Error for RedirectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            NotFollowed::Location(error) => Some(error),
            _ => None,
        }
    }
}

impl From<RedirectError> for Error {
    fn from(error: RedirectError) -> Self {
        Self::new(ErrorKind::Redirect, error)
    }
}
