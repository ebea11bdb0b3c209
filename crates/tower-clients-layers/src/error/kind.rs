//! What kinds of errors there are.

/// The kinds of [`Error`](super::Error).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting that cannot be used, such as a certificate that is none.
    Config,
    /// A URL or reference that cannot be used, or that leads outside of the client's boundary.
    Url,
    /// A request that cannot be built: a header, query or body that does not encode.
    Request,
    /// No connection was made.
    Connect,
    /// A time limit passed.
    Timeout,
    /// The exchange failed after the connection was made, or the service below failed in its own
    /// way.
    Transport,
    /// The response has a status that the caller does not accept.
    Status,
    /// The response body broke off, or passed its limit.
    Body,
    /// The response body is not what the caller asked for.
    Decode,
    /// The answer says that the call failed, in its body.
    Check,
    /// A local file, or another place of the program, could not be read or written.
    Io,
    /// The response has no validator that a change could be made conditional on.
    Validator,
    /// A blocking call was made inside of an async task.
    Blocking,
    /// There is no access token to authorize the request with.
    Authorize,
    /// The request was not sent, because its origin is not to be asked now: a rate limit or an open
    /// breaker kept it back.
    Unavailable,
    /// The response redirects to where the request may not go.
    Redirect,
}

impl ErrorKind {
    /// A short name in lower case, for logs and the labels of metrics.
    ///
    /// ```
    /// use tower_clients_layers::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::Timeout.name(), "timeout");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Url => "url",
            Self::Request => "request",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Transport => "transport",
            Self::Status => "status",
            Self::Body => "body",
            Self::Decode => "decode",
            Self::Check => "check",
            Self::Io => "io",
            Self::Validator => "validator",
            Self::Blocking => "blocking",
            Self::Authorize => "authorize",
            Self::Unavailable => "unavailable",
            Self::Redirect => "redirect",
        }
    }
}
