//! When the server last took something of the body of a request.

use crate::{Body, BoxError};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::{
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Instant;

/// A body up to this size is taken and sent at once.
const PIECE: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Upload {
    start: Instant,
    /// In nanoseconds since the start, or [`MAKING`].
    taken: AtomicU64,
}

/// The program makes the next part, so nobody waits for the server.
const MAKING: u64 = u64::MAX;

impl Upload {
    /// Watches a body, unless it is small.
    pub(super) fn watch(body: &mut Body) -> Option<Arc<Self>> {
        let is_small = body.size_hint().upper().is_some_and(|size| size <= PIECE as u64);
        if body.is_end_stream() || is_small && body.try_clone().is_some() {
            return None;
        }
        let upload = Arc::new(Self { start: Instant::now(), taken: AtomicU64::new(0) });
        let inner = mem::take(body);
        let watched = Watched { inner, rest: Bytes::new(), upload: Arc::clone(&upload) };
        *body = Body::new(watched);
        Some(upload)
    }

    /// Until when the server could not have sent a response.
    pub(super) fn last(&self, now: Instant) -> Instant {
        match self.taken.load(Relaxed) {
            MAKING => now,
            nanos => self.start + Duration::from_nanos(nanos),
        }
    }

    fn taken(&self) {
        self.taken.store(self.start.elapsed().as_nanos() as u64, Relaxed);
    }
}

/// A body that tells when it is taken, in pieces.
struct Watched {
    inner: Body,
    /// Of a frame that is larger than a piece.
    rest: Bytes,
    upload: Arc<Upload>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            this.upload.taken.store(MAKING, Relaxed);
            let frame = ready!(Pin::new(&mut this.inner).poll_frame(cx));
            this.upload.taken();
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => this.rest = data,
                Some(Ok(Err(frame))) => return Poll::Ready(Some(Ok(frame))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        this.upload.taken();
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64) + self.inner.size_hint()
    }
}
