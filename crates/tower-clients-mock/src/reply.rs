//! What a mock answers.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body::Frame;
use http_body_util::StreamBody;
use serde::Serialize;
use std::io;
use tower_clients_layers::{Body, BoxError};

/// One reply of a [`Mock`](crate::Mock): a response, an error, or none at all.
#[derive(Debug)]
pub struct Reply {
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Box<Response<Body>>),
    Fail(BoxError),
    Hang,
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

    /// An error in place of a response.
    pub fn fail(error: impl Into<BoxError>) -> Self {
        Self { outcome: Outcome::Fail(error.into()) }
    }

    /// Never an answer.
    #[must_use]
    pub fn hang() -> Self {
        Self { outcome: Outcome::Hang }
    }

    fn response(&mut self) -> &mut Response<Body> {
        match &mut self.outcome {
            Outcome::Answer(response) => response,
            _ => panic!("only a response has headers and a body"),
        }
    }

    /// Adds a header to a response.
    ///
    /// # Panics
    ///
    /// The name or value is not one, or this is no response.
    #[must_use]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: std::fmt::Debug>,
        V: TryInto<HeaderValue, Error: std::fmt::Debug>,
    {
        let name = name.try_into().expect("a header name");
        self.response().headers_mut().append(name, value.try_into().expect("a header value"));
        self
    }

    /// Sets the body of a response.
    ///
    /// # Panics
    ///
    /// This is no response.
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        *self.response().body_mut() = body.into();
        self
    }

    /// Sets a body that breaks off with an error after `start`.
    ///
    /// # Panics
    ///
    /// This is no response.
    #[must_use]
    pub fn cut_body(self, start: impl Into<Bytes>) -> Self {
        let frames = [Err(io::ErrorKind::ConnectionReset.into()), Ok(Frame::data(start.into()))];
        self.body(Body::new(StreamBody::new(Frames(Vec::from(frames)))))
    }
}

struct Frames(Vec<io::Result<Frame<Bytes>>>);

impl futures_core::Stream for Frames {
    type Item = io::Result<Frame<Bytes>>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.pop())
    }
}

impl<B: Into<Body>> From<Response<B>> for Reply {
    fn from(response: Response<B>) -> Self {
        Self { outcome: Outcome::Answer(Box::new(response.map(Into::into))) }
    }
}
