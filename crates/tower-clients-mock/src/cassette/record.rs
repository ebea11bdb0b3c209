//! Writes exchanges to a file.

use super::{Answered, Asked, Cassette, Exchange, Redact, ResponseFuture};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::ACCEPT_ENCODING};
use http_body_util::{BodyExt, Full};
use std::{
    fmt, fs,
    future::ready,
    mem,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tower_clients_layers::{Body, BoxError};
use tower_layer::Layer;
use tower_service::Service;

/// Writes exchanges to a file.
///
/// Makes [`Record`]. See the [module docs](super).
#[derive(Debug, Clone)]
pub struct RecordLayer {
    path: PathBuf,
    redact: Redact,
}

impl RecordLayer {
    /// Records to a file. The first exchange replaces what is in it.
    ///
    /// It is redacted: the headers `authorization`, `proxy-authorization`, `cookie` and `set-cookie`, header
    /// values that are marked sensitive, and `access_token`, `refresh_token`, `id_token`, `client_secret` and
    /// `password`, as parameters or in JSON.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), redact: Redact::default() }
    }

    /// Redacts headers, parameters of a query or form, and keys of JSON objects with this name too, in any
    /// case. It also does good to what differs each time, such as the header `date`.
    #[must_use]
    pub fn redact(mut self, name: &str) -> Self {
        self.redact.add(name);
        self
    }
}

impl<S> Layer<S> for RecordLayer {
    type Service = Record<S>;

    fn layer(&self, inner: S) -> Record<S> {
        let tape = Tape { layer: self.clone(), exchanges: Mutex::default() };
        Record { inner, tape: Arc::new(tape) }
    }
}

/// Made by [`RecordLayer`]. Its clones write to the same file. See the [module docs](super).
#[derive(Clone)]
pub struct Record<S> {
    inner: S,
    tape: Arc<Tape>,
}

struct Tape {
    layer: RecordLayer,
    /// In the order in which the requests came, with places for those that are not answered.
    exchanges: Mutex<Vec<Option<Exchange>>>,
}

impl Tape {
    fn number(&self) -> usize {
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges.push(None);
        exchanges.len() - 1
    }

    fn keep(&self, number: usize, exchange: Exchange) -> Result<(), BoxError> {
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges[number] = Some(exchange);
        let RecordLayer { path, redact } = &self.layer;
        let exchanges = exchanges.iter().flatten().cloned().collect();
        let cassette = Cassette { redacted: redact.clone(), exchanges };
        let text = serde_json::to_string_pretty(&cassette)?;
        let written = fs::write(path, text + "\n");
        written.map_err(|error| format!("cannot write {}: {error}", path.display()).into())
    }
}

impl<S, B, R> Service<Request<B>> for Record<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let tape = Arc::clone(&self.tape);
        let number = tape.number();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(Into::into)?.to_bytes();
            let mut request = Request::from_parts(head, body);
            let asked = Asked::new(&request, &tape.layer.redact);
            // Nobody would see what is compressed, nor find the secrets in it.
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            let response = inner.call(request.map(Body::from)).await.map_err(Into::into)?;

            let (head, body) = response.into_parts();
            let body = body.collect().await.map_err(Into::into)?;
            let trailers = body.trailers().cloned();
            let response = Response::from_parts(head, body.to_bytes());
            let answered = Answered::new(&response, &tape.layer.redact);
            tape.keep(number, Exchange { request: asked, response: answered })?;
            Ok(response.map(|bytes| match trailers {
                None => Body::from(bytes),
                Some(trailers) => {
                    Body::new(Full::new(bytes).with_trailers(ready(Some(Ok(trailers)))))
                }
            }))
        })
    }
}

impl<S: fmt::Debug> fmt::Debug for Record<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecordLayer { path, .. } = &self.tape.layer;
        f.debug_struct("Record").field("inner", &self.inner).field("path", path).finish()
    }
}
