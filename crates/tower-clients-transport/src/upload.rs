//! The body of a request, on its way.

use bytes::Bytes;
use http::{Request, header::CONTENT_LENGTH};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::{
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};
use tower_clients_layers::{Body, BoxError, Error, ErrorKind};

/// Whether all of a request body was taken.
#[derive(Debug, Clone)]
pub(crate) struct Upload(
    /// Of a stream only: everything else is taken at once.
    Option<Arc<AtomicBool>>,
);

impl Upload {
    /// Watches the body of a request. Fails where its `Content-Length` is another one.
    pub(crate) fn of(request: &mut Request<Body>) -> Result<Self, Error> {
        let declared = declared(request)?;
        let body = request.body_mut();
        if body.is_cloneable() || body.is_end_stream() {
            return Ok(Self(None));
        }
        let is_taken = Arc::<AtomicBool>::default();
        let body = mem::take(body);
        let watched = Watched { body, left: declared, is_taken: Arc::clone(&is_taken) };
        *request.body_mut() = Body::new(watched);
        Ok(Self(Some(is_taken)))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.as_ref().is_none_or(|is_taken| is_taken.load(Ordering::Acquire))
    }
}

/// How many bytes a request says that it has. More of them would not be sent.
fn declared(request: &Request<Body>) -> Result<Option<u64>, Error> {
    let Some(value) = request.headers().get(CONTENT_LENGTH) else { return Ok(None) };
    let refused = |reason| Error::new(ErrorKind::Request, reason);
    let digits = value.to_str().ok().filter(|value| !value.starts_with('+'));
    let declared = digits.and_then(|digits| digits.parse().ok());
    let declared = declared.ok_or_else(|| refused("its `Content-Length` is no number"))?;
    match request.body().size_hint().exact() {
        Some(actual) if actual != declared => {
            Err(refused("its `Content-Length` is not the length of its body: leave it out"))
        }
        _ => Ok(Some(declared)),
    }
}

/// A body that tells when all of it was taken, and is no longer than it may be.
struct Watched {
    body: Body,
    left: Option<u64>,
    is_taken: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(left) = &mut self.left
            && let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let rest = left.checked_sub(data.len() as u64);
            *left = rest.ok_or("the body is longer than its `Content-Length`")?;
        }
        if frame.is_none() || self.body.is_end_stream() {
            self.is_taken.store(true, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
