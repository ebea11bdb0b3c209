//! The one error of every layer.
//!
//! [`Error`] is opaque and one word wide. A layer that cannot fail keeps the error of the service
//! below it; a layer that can fail has this type, and takes its own kind back unchanged when it
//! returns as a [`BoxError`], so the order of layers never changes what a caller sees.
//!
//! `Display` is one sentence, without the cause; `{:#}` adds the chain of causes. Neither shows a
//! secret: a URL appears without user information and without the values of its query.
//!
//! ```
//! use tower_clients_layers::{BaseUrl, Error};
//!
//! let base = BaseUrl::parse("https://api.example.com/v1")?;
//! let error: Error = base.join("//evil.example/?key=secret").unwrap_err();
//! assert!(error.is_url() && !error.may_have_been_sent());
//! assert!(format!("{error:#}").contains("https://evil.example"));
//! assert!(!format!("{error:#} {error:?}").contains("secret"));
//! # Ok::<(), Error>(())
//! ```

mod attempts;
#[cfg(feature = "axum")]
mod axum;
mod failure;
mod gateway;
mod kind;
mod request_line;
mod timeout;
mod too_large;
mod unavailable;
mod url;

#[cfg(feature = "axum")]
pub use self::axum::Relay;
pub(crate) use self::url::Reason;
pub use self::{
    attempts::{Attempt, Attempts, NotRetried},
    failure::{Failure, Problem},
    kind::ErrorKind,
    request_line::RequestLine,
    timeout::TimeoutError,
    too_large::TooLarge,
    unavailable::UnavailableError,
    url::UrlError,
};

use crate::{BoxError, url::redact};
use http::{Method, StatusCode, Uri};
use std::{error::Error as StdError, fmt, iter::successors, sync::Arc};

/// What went wrong, in one opaque word. See the [module docs](self).
pub struct Error {
    inner: Box<Inner>,
}

/// A cause that several errors have in common.
pub(crate) type SharedError = Arc<dyn StdError + Send + Sync>;

struct Inner {
    kind: ErrorKind,
    sent: bool,
    target: Option<(Method, String)>,
    failure: Option<Failure>,
    attempts: Option<Attempts>,
    source: Option<BoxError>,
}

impl Error {
    /// An error of a kind with its cause.
    pub fn new(kind: ErrorKind, source: impl Into<BoxError>) -> Self {
        Self::build(kind, None, Some(source.into()))
    }

    /// An error for a response whose status is not accepted.
    #[must_use]
    pub fn status_failure(failure: Failure) -> Self {
        Self::build(ErrorKind::Status, Some(failure), None)
    }

    /// The error of the service below: an [`Error`] comes back as itself, however it travelled;
    /// anything else becomes the source of a [`ErrorKind::Transport`] error, or of the kind that an
    /// [`Error`] in its chain has.
    pub fn from_service(error: impl Into<BoxError>) -> Self {
        Self::absorb(ErrorKind::Transport, error.into())
    }

    /// The error of a response body; like [`from_service`](Self::from_service) with
    /// [`ErrorKind::Body`].
    pub fn from_response_body(error: impl Into<BoxError>) -> Self {
        Self::absorb(ErrorKind::Body, error.into())
    }

    #[cold]
    fn absorb(kind: ErrorKind, error: BoxError) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        let chain = successors(Some(&*error as &(dyn StdError + 'static)), |e| cause(*e));
        // Only the kind: whether that other request was sent proves nothing about this one.
        let within = chain.filter_map(|e| e.downcast_ref::<Self>()).map(Self::kind).next();
        let mut new = Self::new(kind, error);
        new.inner.kind = within.unwrap_or(kind);
        new
    }

    #[cold]
    fn build(kind: ErrorKind, failure: Option<Failure>, source: Option<BoxError>) -> Self {
        use ErrorKind::{Blocking, Config, Connect, Request, Unavailable, Url};
        let sent = !matches!(kind, Blocking | Config | Url | Request | Connect | Unavailable);
        Self {
            inner: Box::new(Inner { kind, sent, target: None, failure, attempts: None, source }),
        }
    }

    /// The same error as another kind. Whether the request may have been sent does not change.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.inner.kind = kind;
        self
    }

    /// Marks that not one byte of the request left, so that it may be sent again whatever its
    /// method.
    #[must_use]
    pub fn not_sent(mut self) -> Self {
        self.inner.sent = false;
        self
    }

    /// Marks that the server may have seen the request, for layers that send more than one for it.
    #[must_use]
    pub fn sent(mut self) -> Self {
        self.inner.sent = true;
        self
    }

    /// Keeps the response that was not accepted, for checks and layers that refuse one of their own
    /// accord.
    #[must_use]
    pub fn with_failure(mut self, failure: Failure) -> Self {
        self.inner.failure = Some(failure);
        self
    }

    /// Tells what became of the request before; `None` changes nothing.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Option<Attempts>) -> Self {
        self.inner.attempts = attempts.or(self.inner.attempts);
        self
    }

    /// Names the request that failed, unless the error already names one. The URI is redacted
    /// before it is kept.
    #[must_use]
    pub fn for_request(mut self, method: &Method, uri: &Uri) -> Self {
        self.inner.target.get_or_insert_with(|| (method.clone(), redact(uri)));
        self
    }

    /// What kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Whether a setting could not be used.
    #[must_use]
    pub fn is_config(&self) -> bool {
        self.inner.kind == ErrorKind::Config
    }

    /// Whether the URL or reference could not be used.
    #[must_use]
    pub fn is_url(&self) -> bool {
        self.inner.kind == ErrorKind::Url
    }

    /// Whether the request could not be built.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.inner.kind == ErrorKind::Request
    }

    /// Whether no connection was made.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.inner.kind == ErrorKind::Connect
    }

    /// Whether a time limit passed; [`timeout`](Self::timeout) says which.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.inner.kind == ErrorKind::Timeout
    }

    /// Whether the exchange failed after the connection was made.
    #[must_use]
    pub fn is_transport(&self) -> bool {
        self.inner.kind == ErrorKind::Transport
    }

    /// Whether the status of the response was not accepted; [`failure`](Self::failure) has the
    /// response.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.inner.kind == ErrorKind::Status
    }

    /// Whether the response body broke off or passed its limit.
    #[must_use]
    pub fn is_body(&self) -> bool {
        self.inner.kind == ErrorKind::Body
    }

    /// Whether the response body is not what was asked for.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.inner.kind == ErrorKind::Decode
    }

    /// Whether the answer says that the call failed; [`find_source`](Self::find_source) has the
    /// typed error of the [`Check`](crate::Check).
    #[must_use]
    pub fn is_check(&self) -> bool {
        self.inner.kind == ErrorKind::Check
    }

    /// Whether a local file, or another place of the program, could not be read or written.
    #[must_use]
    pub fn is_io(&self) -> bool {
        self.inner.kind == ErrorKind::Io
    }

    /// Whether the response has no validator to make a change conditional on;
    /// [`find_source`](Self::find_source) has the [`NoValidator`](crate::NoValidator).
    #[must_use]
    pub fn is_validator(&self) -> bool {
        self.inner.kind == ErrorKind::Validator
    }

    /// Whether a blocking call was made inside of an async task.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        self.inner.kind == ErrorKind::Blocking
    }

    /// Whether there is no access token to authorize the request with. What happened to the request
    /// for one is in the [cause](Self::find_source), an [`Error`] of its own with its own status.
    #[must_use]
    pub fn is_authorize(&self) -> bool {
        self.inner.kind == ErrorKind::Authorize
    }

    /// Whether a limit of this side kept the request back; [`unavailable`](Self::unavailable) says which.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.inner.kind == ErrorKind::Unavailable
    }

    /// Whether the response redirects and was not followed;
    /// [`find_source`](Self::find_source) has the
    /// [`RedirectError`](crate::redirect::RedirectError), which says why and where it leads.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        self.inner.kind == ErrorKind::Redirect
    }

    /// The status of a response that was not accepted.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.failure().map(Failure::status)
    }

    /// The response that was not accepted: status, headers and the start of its body.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        // That is the answer to another request.
        if self.is_authorize() {
            return None;
        }
        self.look(|error| error.inner.failure.as_ref())
    }

    /// Looks into this error, then into those of its kind that it was made from.
    fn look<'a, T>(&'a self, what: impl Fn(&'a Self) -> Option<T>) -> Option<T> {
        successors(Some(self), |error| error.find_source()).find_map(what)
    }

    /// Like [`failure`](Self::failure), by value.
    #[must_use]
    pub fn into_failure(self) -> Option<Failure> {
        self.inner.failure
    }

    /// What the attempts before met, and why there is none after. `None` where nothing was retried
    /// or would have been.
    #[must_use]
    pub fn attempts(&self) -> Option<&Attempts> {
        self.look(|error| error.inner.attempts.as_ref())
    }

    /// Which time limit passed.
    #[must_use]
    pub fn timeout(&self) -> Option<&TimeoutError> {
        self.find_source()
    }

    /// Which limit kept the request back, and how long it holds.
    #[must_use]
    pub fn unavailable(&self) -> Option<&UnavailableError> {
        self.find_source()
    }

    /// How long to wait before another try: what the limit says that [kept the request
    /// back](Self::unavailable), or the `Retry-After` of the response that was not accepted, as
    /// [`retry_after`](crate::retry::retry_after) reads it. `None` where neither says anything.
    ///
    /// ```
    /// use http::Response;
    /// use std::time::Duration;
    /// use tower_clients_layers::{Error, ErrorKind, Failure, UnavailableError};
    ///
    /// let busy = Response::builder().status(503).header("retry-after", "7").body("".into())?;
    /// let error = Error::status_failure(Failure::new(busy));
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    ///
    /// let open = UnavailableError::breaker(Duration::from_secs(2));
    /// let error = Error::new(ErrorKind::Unavailable, open);
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
    /// # Ok::<(), tower_clients_layers::BoxError>(())
    /// ```
    #[cfg(feature = "retry")]
    #[must_use]
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        let limit = self.unavailable().map(UnavailableError::retry_after);
        limit.or_else(|| {
            crate::retry::retry_after(self.failure()?.headers(), std::time::SystemTime::now())
        })
    }

    /// The first cause of type `E` in the chain of sources.
    #[must_use]
    pub fn find_source<E: StdError + 'static>(&self) -> Option<&E> {
        successors(self.source(), |e| cause(*e)).find_map(|e| e.downcast_ref())
    }

    /// Whether the server may have seen the request. `false` is a proof; `true` is a possibility.
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        self.inner.sent
    }

    /// The method of the request that failed.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        self.look(|error| error.inner.target.as_ref()).map(|(method, _)| method)
    }

    /// The URL of the request that failed, without user information and without the values of its
    /// query.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.look(|error| error.inner.target.as_ref()).map(|(_, url)| url.as_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((method, url)) = &self.inner.target {
            write!(f, "{method} {url}: ")?;
        }
        match (self.inner.kind, self.status()) {
            (ErrorKind::Status, Some(status)) => write!(f, "the server answered {status}"),
            (kind, _) => f.write_str(kind.sentence()),
        }?;
        if let Some(attempts) = &self.inner.attempts {
            write!(f, " {attempts}")?;
        }
        if f.alternate() {
            for cause in successors(self.source(), |e| (*e).source()) {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}

impl ErrorKind {
    fn sentence(self) -> &'static str {
        match self {
            Self::Config => "the setting cannot be used",
            Self::Url => "the URL cannot be used",
            Self::Request => "the request cannot be built",
            Self::Connect => "no connection could be made",
            Self::Timeout => "the request ran out of time",
            Self::Transport => "the exchange failed",
            Self::Status => "the status is not accepted",
            Self::Body => "the response body cannot be read",
            Self::Decode => "the response body is not what was asked for",
            Self::Check => "the answer says that the call failed",
            Self::Io => "a local file or writer failed",
            Self::Blocking => "a blocking call was made inside of an async task",
            Self::Validator => "the response has no validator to make a change conditional on",
            Self::Authorize => "there is no access token",
            Self::Unavailable => "the origin is not to be asked now",
            Self::Redirect => "the redirect is not followed",
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.inner.kind);
        if let Some((method, url)) = &self.inner.target {
            debug.field("method", method).field("url", url);
        }
        if let Some(failure) = &self.inner.failure {
            debug.field("failure", failure);
        }
        if let Some(attempts) = &self.inner.attempts {
            debug.field("attempts", attempts);
        }
        if let Some(source) = &self.inner.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.inner.source.as_deref()?;
        // One that several errors have in common would hide itself and show only its own source.
        Some(match source.downcast_ref::<SharedError>() {
            Some(shared) => &**shared,
            None => source,
        })
    }
}

impl From<UrlError> for Error {
    fn from(error: UrlError) -> Self {
        Self::new(ErrorKind::Url, error)
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// The next error in a chain. An `io::Error` hides the error that it wraps from `source`.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

const _: () = {
    const fn error_is_sendable<T: Send + Sync + 'static>() {}
    error_is_sendable::<Error>();
    assert!(size_of::<Error>() == size_of::<usize>());
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_error_comes_back_from_a_box_unchanged() {
        let error = Error::new(ErrorKind::Connect, "refused");
        let boxed: BoxError = Box::new(error);
        let error = Error::from_service(boxed);
        assert!(error.is_connect() && !error.may_have_been_sent());
        assert_eq!(format!("{error:#}"), "no connection could be made: refused");
    }

    #[test]
    fn kind_is_adopted_from_an_own_error_deeper_in_the_chain() {
        let inner = Error::new(
            ErrorKind::Timeout,
            TimeoutError::connect(std::time::Duration::from_secs(1)),
        )
        .not_sent();
        let error = Error::from_service(std::io::Error::other(inner));
        assert!(error.is_timeout() && error.may_have_been_sent());
        assert_eq!(error.timeout().unwrap().limit(), "connect");
    }

    #[test]
    fn failure_is_found_deeper_in_the_chain() {
        let failure = Failure::new(http::Response::builder().status(404).body("x".into()).unwrap());
        let inner =
            Error::status_failure(failure).for_request(&Method::GET, &Uri::from_static("/a"));
        let error = Error::from_service(std::io::Error::other(std::io::Error::other(inner)));
        assert_eq!((error.status().unwrap(), error.url()), (StatusCode::NOT_FOUND, Some("/a")));
    }

    #[test]
    fn cause_in_common_is_seen_like_any_other() {
        let failure = Failure::new(http::Response::builder().status(404).body("x".into()).unwrap());
        let cause: SharedError = Arc::new(Error::status_failure(failure));
        let errors = [(); 2].map(|()| Error::new(ErrorKind::Authorize, Arc::clone(&cause)));
        for error in errors {
            // The status is that of another request.
            let cause: &Error = error.find_source().unwrap();
            assert_eq!((error.status(), cause.status()), (None, Some(StatusCode::NOT_FOUND)));
            assert_eq!(
                format!("{error:#}"),
                "there is no access token: the server answered 404 Not Found"
            );
        }
    }

    #[test]
    fn foreign_error_becomes_the_source() {
        let error = Error::from_service(std::io::Error::other("odd"));
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert_eq!(error.to_string(), "the exchange failed");
        assert_eq!(error.source().unwrap().to_string(), "odd");
    }

    #[test]
    fn first_named_request_stays() {
        let error = Error::new(ErrorKind::Transport, "reset")
            .for_request(&Method::GET, &Uri::from_static("http://h/a"))
            .for_request(&Method::PUT, &Uri::from_static("http://h/b"));
        assert_eq!(error.to_string(), "GET http://h/a: the exchange failed");
    }
}
