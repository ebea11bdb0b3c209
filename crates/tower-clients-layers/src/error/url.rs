//! Why a URL cannot be used.

use crate::url::Origin;
use std::fmt;

/// Why a URL or reference cannot be used, and what to do: the source of a URL
/// [`Error`](crate::Error).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlError {
    reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    Invalid(url::ParseError),
    NotAbsolute,
    Unaddressed,
    Scheme,
    UserInfo,
    ClearText,
    BaseQuery,
    BaseFragment,
    Port,
    HostDot,
    Forbidden(char),
    Trailing,
    Origin { target: String, base: Origin },
    Path,
    Segment,
    EmptySegment,
    AuthorityForm,
    NoHost,
    AsteriskForm,
    MoreThanOrigin,
    Unwritable,
    NotUtf8,
    Locations,
    Uri(String),
}

impl UrlError {
    /// Whether the target lies on an origin that the client may not go to.
    #[must_use]
    pub fn is_origin_escape(&self) -> bool {
        matches!(self.reason, Reason::Origin { .. })
    }

    /// Whether the target lies outside of the path that the client must stay below, or a segment
    /// would climb.
    #[must_use]
    pub fn is_path_escape(&self) -> bool {
        matches!(self.reason, Reason::Path | Reason::Segment)
    }
}

impl From<Reason> for UrlError {
    fn from(reason: Reason) -> Self {
        Self { reason }
    }
}

impl From<http::Error> for UrlError {
    fn from(error: http::Error) -> Self {
        Reason::Uri(error.to_string()).into()
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.reason {
            Reason::Invalid(error) => return write!(f, "it does not parse: {error}"),
            Reason::NotAbsolute => "a base URL starts with `http://` or `https://` and a host",
            Reason::Unaddressed => {
                "the request has no scheme and host that it is relative to; join it to a base URL first"
            }
            Reason::Scheme => {
                "only the schemes `http` and `https` are spoken here; a path with a colon starts with `./`"
            }
            Reason::NotUtf8 => "the `Location` is not UTF-8",
            Reason::Locations => "the `Location` lines differ",
            Reason::ClearText => "it is `http`, where all that is secret is sent over `https`",
            Reason::UserInfo => "user information is not allowed in a URL; use basic authorization instead",
            Reason::BaseQuery => {
                "a base URL, or a child of one, has no query; use query parameters instead"
            },
            Reason::BaseFragment => "a base URL, or a child of one, has no fragment",
            Reason::Port => "port 0 cannot be connected to",
            Reason::HostDot => "a host name is written without a final dot here",
            Reason::Forbidden(char) => {
                return write!(f, "the character {char:?} is not allowed; percent-encode it, or give the value as a segment");
            }
            Reason::Trailing => "the trailing part may hold only path characters",
            Reason::Origin { target, base } => {
                return write!(
                    f,
                    "it leads to {target}, outside of {base}; allow that origin on the base URL if this is meant"
                );
            }
            Reason::Path => "it leads outside of the base path, or spells a dot segment",
            Reason::Segment => "a segment may not be, or hide, a dot segment",
            Reason::EmptySegment => "a segment may not be empty",
            Reason::AsteriskForm => "`*` names no resource below a base URL",
            Reason::MoreThanOrigin => "an origin has a scheme, a host and a port, and nothing else",
            Reason::Unwritable => "a segment failed to write itself",
            Reason::NoHost => "a scheme is followed by `//` and a host",
            Reason::AuthorityForm => "it reads as a host name; start the path with `/`",
            Reason::Uri(error) => return write!(f, "it does not fit a request: {error}"),
        })
    }
}

impl std::error::Error for UrlError {}
