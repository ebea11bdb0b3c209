//! Answers from a file.

use super::{Asked, Cassette, Exchange, ResponseFuture};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header::CONTENT_LENGTH};
use http_body_util::BodyExt;
use std::{
    error::Error as StdError,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tower_clients_layers::{Body, BoxError};
use tower_service::Service;

/// Answers from a file that a [`RecordLayer`](super::RecordLayer) wrote. See the [module docs](super).
///
/// A request gets the first recorded answer to the same method, URL and body that was not given yet; headers
/// do not count. Clones share what was given. A request without an answer is the error [`NotRecorded`].
#[derive(Clone)]
pub struct Replay {
    tape: Arc<Tape>,
    any_body: bool,
}

struct Tape {
    path: PathBuf,
    cassette: Cassette,
    given: Mutex<Vec<bool>>,
}

impl Replay {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// There is no such file, or it is no recording.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, BoxError> {
        let path = path.as_ref().to_owned();
        let named = |error: &dyn fmt::Display| format!("cannot read {}: {error}", path.display());
        let text = fs::read(&path).map_err(|error| named(&error))?;
        let cassette: Cassette = serde_json::from_slice(&text).map_err(|error| named(&error))?;
        let given = Mutex::new(vec![false; cassette.exchanges.len()]);
        Ok(Self { tape: Arc::new(Tape { path, cassette, given }), any_body: false })
    }

    /// Looks at method and URL only, for bodies that differ each time.
    #[must_use]
    pub fn any_body(mut self) -> Self {
        self.any_body = true;
        self
    }

    /// How many answers were not given yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        let given = self.tape.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.iter().filter(|given| !**given).count()
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Response<Body>, BoxError> {
        let Tape { path, cassette, given } = &*self.tape;
        let asked = Asked::new(request, &cassette.redacted);
        let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reason = "it was not recorded";
        for (exchange, given) in cassette.exchanges.iter().zip(given.iter_mut()) {
            let Exchange { request, response } = exchange;
            if (&request.method, &request.url) != (&asked.method, &asked.url) {
                continue;
            }
            if !self.any_body && request.body != asked.body {
                reason = "it was recorded with another body";
            } else if *given {
                reason = "what was recorded is used up";
            } else {
                *given = true;
                return response.replay();
            }
        }
        let request = format!("{} {}", asked.method, asked.url);
        Err(NotRecorded { path: path.clone(), request, reason }.into())
    }
}

impl super::Answered {
    fn replay(&self) -> Result<Response<Body>, BoxError> {
        let bytes = self.body.to_bytes()?;
        let mut response = Response::builder().status(self.status).body(Body::empty())?;
        for (name, values) in &self.headers {
            for value in values {
                let (name, value) = (HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
                response.headers_mut().append(name, value);
            }
        }
        // JSON may be shorter now. Without a body, as after `HEAD`, it is the length of another.
        if response.headers().contains_key(CONTENT_LENGTH) && !bytes.is_empty() {
            response.headers_mut().insert(CONTENT_LENGTH, bytes.len().into());
        }
        Ok(response.map(|_| bytes.into()))
    }
}

impl<B> Service<Request<B>> for Replay
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let replay = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(Into::into)?.to_bytes();
            replay.answer(&Request::from_parts(head, body))
        })
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Replay");
        debug.field("path", &self.tape.path).field("remaining", &self.remaining()).finish()
    }
}

/// The error of a request that a [`Replay`] has no answer to.
#[derive(Debug)]
pub struct NotRecorded {
    path: PathBuf,
    request: String,
    reason: &'static str,
}

impl fmt::Display for NotRecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, request, reason } = self;
        let path = path.display();
        write!(
            f,
            "{path} has no exchange for {request}: {reason}; record the file anew by a `RecordLayer`"
        )
    }
}

impl StdError for NotRecorded {}
