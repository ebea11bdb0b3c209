//! What a mock answers.

use crate::faulty::{Fault, Faulty};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use serde::Serialize;
use std::{fmt, io, time::Duration};
use tower_clients_layers::{Body, BoxError, Error, ErrorKind};

/// One reply of a [`Mock`](crate::Mock): a response, an error, or none at all.
///
/// ```
/// use serde_json::json;
/// use std::time::Duration;
/// use tower_clients_mock::Reply;
///
/// let found = Reply::json(&json!({"id": 7})).header("etag", "\"1\"");
/// let busy = Reply::status(503).header("retry-after", "1");
/// let slow = Reply::text("late").delay(Duration::from_secs(5));
/// let broken = Reply::status(200).cut_body("the first half");
/// let down = Reply::refuse();
/// ```
#[derive(Debug)]
pub struct Reply {
    pub(crate) outcome: Outcome,
    pub(crate) delay: Duration,
}

pub(crate) enum Outcome {
    Answer(Box<Response<Content>>),
    Refuse,
    Reset,
    Fail(BoxError),
    Hang,
}

#[derive(Debug)]
pub(crate) enum Content {
    Sound(Body),
    Faulty(Bytes, Fault),
}

impl Reply {
    /// An empty response with a status.
    ///
    /// # Panics
    ///
    /// `code` is not from 100 to 999.
    #[must_use]
    pub fn status(code: u16) -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(code).expect("a status is from 100 to 999");
        response.into()
    }

    /// A 200 response with a JSON body.
    ///
    /// # Panics
    ///
    /// `value` does not serialize as JSON.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::status(200)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(serde_json::to_vec(value).expect("a value that serializes as JSON"))
    }

    /// A 200 response with a plain text body.
    #[must_use]
    pub fn text(text: impl Into<Bytes>) -> Self {
        Self::status(200)
            .header(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))
            .body(text.into())
    }

    /// No connection: an [`Error`] of the kind [`Connect`](ErrorKind::Connect), so the request was not sent.
    #[must_use]
    pub fn refuse() -> Self {
        Self::of(Outcome::Refuse)
    }

    /// A connection that is reset before the response: an [`Error`] of the kind
    /// [`Transport`](ErrorKind::Transport), so the request may have been seen.
    #[must_use]
    pub fn reset() -> Self {
        Self::of(Outcome::Reset)
    }

    /// Any error in place of a response. It can be given only once.
    pub fn fail(error: impl Into<BoxError>) -> Self {
        Self::of(Outcome::Fail(error.into()))
    }

    /// Never an answer.
    #[must_use]
    pub fn hang() -> Self {
        Self::of(Outcome::Hang)
    }

    fn of(outcome: Outcome) -> Self {
        Self { outcome, delay: Duration::ZERO }
    }

    fn response(&mut self) -> &mut Response<Content> {
        match &mut self.outcome {
            Outcome::Answer(response) => response,
            _ => panic!("only a response has a status, headers and a body"),
        }
    }

    /// Gives a response another status.
    ///
    /// # Panics
    ///
    /// `code` is not from 100 to 999, or this is no response.
    #[must_use]
    pub fn with_status(mut self, code: u16) -> Self {
        let status = StatusCode::from_u16(code).expect("a status is from 100 to 999");
        *self.response().status_mut() = status;
        self
    }

    /// Adds a header to a response.
    ///
    /// # Panics
    ///
    /// The name or value is not one, or this is no response.
    #[must_use]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: fmt::Debug>,
        V: TryInto<HeaderValue, Error: fmt::Debug>,
    {
        let name = name.try_into().expect("a header name");
        self.response().headers_mut().append(name, value.try_into().expect("a header value"));
        self
    }

    /// Sets the body of a response. One that is a stream can be given only once.
    ///
    /// # Panics
    ///
    /// This is no response.
    #[must_use]
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.content(Content::Sound(body.into()))
    }

    /// Sets a body that breaks off with an error after `start`.
    ///
    /// # Panics
    ///
    /// This is no response.
    #[must_use]
    pub fn cut_body(self, start: impl Into<Bytes>) -> Self {
        self.content(Content::Faulty(start.into(), Fault::Cut))
    }

    /// Sets a body of which nothing more comes after `start`, not even its end.
    ///
    /// # Panics
    ///
    /// This is no response.
    #[must_use]
    pub fn stall_body(self, start: impl Into<Bytes>) -> Self {
        self.content(Content::Faulty(start.into(), Fault::Stall))
    }

    /// Sets a body that gives `chunk` again and again.
    ///
    /// # Panics
    ///
    /// This is no response.
    #[must_use]
    pub fn endless_body(self, chunk: impl Into<Bytes>) -> Self {
        self.content(Content::Faulty(chunk.into(), Fault::Endless))
    }

    fn content(mut self, content: Content) -> Self {
        *self.response().body_mut() = content;
        self
    }

    /// Gives the reply, whatever it is, only after a time, by tokio's clock. A test with `start_paused` does
    /// not wait for it.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The same reply once more, if there can be one.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        let outcome = match &self.outcome {
            Outcome::Answer(response) => {
                let content = match response.body() {
                    Content::Sound(body) => Content::Sound(body.try_clone()?),
                    Content::Faulty(bytes, fault) => Content::Faulty(bytes.clone(), *fault),
                };
                let mut copy = Response::new(content);
                *copy.status_mut() = response.status();
                *copy.version_mut() = response.version();
                copy.headers_mut().clone_from(response.headers());
                copy.extensions_mut().clone_from(response.extensions());
                Outcome::Answer(Box::new(copy))
            }
            Outcome::Refuse => Outcome::Refuse,
            Outcome::Reset => Outcome::Reset,
            Outcome::Hang => Outcome::Hang,
            Outcome::Fail(_) => return None,
        };
        Some(Self { outcome, delay: self.delay })
    }
}

impl Outcome {
    /// What the service gives, or none for ever.
    pub(crate) fn result(self) -> Option<Result<Response<Body>, BoxError>> {
        Some(match self {
            Self::Answer(response) => Ok(response.map(|content| match content {
                Content::Sound(body) => body,
                Content::Faulty(bytes, fault) => Body::new(Faulty::new(bytes, fault)),
            })),
            Self::Refuse => Err(io_error(ErrorKind::Connect, io::ErrorKind::ConnectionRefused)),
            Self::Reset => Err(io_error(ErrorKind::Transport, io::ErrorKind::ConnectionReset)),
            Self::Fail(error) => Err(error),
            Self::Hang => return None,
        })
    }
}

fn io_error(kind: ErrorKind, error: io::ErrorKind) -> BoxError {
    Error::new(kind, io::Error::from(error)).into()
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(response) => response.fmt(f),
            Self::Refuse => f.write_str("Refuse"),
            Self::Reset => f.write_str("Reset"),
            Self::Fail(error) => f.debug_tuple("Fail").field(error).finish(),
            Self::Hang => f.write_str("Hang"),
        }
    }
}

impl<B: Into<Body>> From<Response<B>> for Reply {
    fn from(response: Response<B>) -> Self {
        Self::of(Outcome::Answer(Box::new(response.map(|body| Content::Sound(body.into())))))
    }
}
