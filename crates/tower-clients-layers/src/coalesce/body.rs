//! A response body that several readers may have.

use crate::{Error, ErrorKind, error::SharedError, macros::opaque_debug};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// What has come of a body.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) chunks: Vec<Bytes>,
    pub(super) trailers: Option<HeaderMap>,
    /// Why it broke off behind that.
    pub(super) failed: Option<SharedError>,
}

impl Collected {
    /// The frame of a number, from 0 on.
    fn frame(&self, number: usize) -> Option<Result<Frame<Bytes>, Error>> {
        if let Some(chunk) = self.chunks.get(number) {
            return Some(Ok(Frame::data(chunk.clone())));
        }
        if number > self.chunks.len() {
            return None;
        }
        match (&self.failed, &self.trailers) {
            (Some(cause), _) => Some(Err(Error::new(ErrorKind::Body, Arc::clone(cause)))),
            (None, Some(trailers)) => Some(Ok(Frame::trailers(trailers.clone()))),
            (None, None) => None,
        }
    }

    fn has_frame(&self, number: usize) -> bool {
        let has_end = self.failed.is_some() || self.trailers.is_some();
        number < self.chunks.len() + usize::from(has_end)
    }
}

pin_project! {
    /// A response body: that of the service below, or a copy of it in memory.
    pub struct CoalesceBody<B> {
        // What is in memory comes first.
        collected: Option<Arc<Collected>>,
        next: usize,
        #[pin]
        rest: Rest<B>,
    }
}

pin_project! {
    #[project = RestProjection]
    enum Rest<B> {
        None,
        Passed { #[pin] body: B },
        Boxed { body: Pin<Box<B>> },
    }
}

impl<B> CoalesceBody<B> {
    pub(super) fn passed(body: B) -> Self {
        Self { collected: None, next: 0, rest: Rest::Passed { body } }
    }

    pub(super) fn copied(collected: Arc<Collected>) -> Self {
        Self { collected: Some(collected), next: 0, rest: Rest::None }
    }

    pub(super) fn begun(collected: Arc<Collected>, body: Pin<Box<B>>) -> Self {
        Self { collected: Some(collected), next: 0, rest: Rest::Boxed { body } }
    }

    fn collected(&self) -> Option<&Collected> {
        self.collected.as_deref().filter(|collected| collected.has_frame(self.next))
    }
}

impl<B: Body<Data = Bytes, Error: Into<crate::BoxError>>> Body for CoalesceBody<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.project();
        if let Some(frame) = this.collected.as_ref().and_then(|all| all.frame(*this.next)) {
            *this.next += 1;
            return Poll::Ready(Some(frame));
        }
        let frame = match this.rest.project() {
            RestProjection::None => return Poll::Ready(None),
            RestProjection::Passed { body } => body.poll_frame(cx),
            RestProjection::Boxed { body } => body.as_mut().poll_frame(cx),
        };
        frame.map(|frame| frame.map(|frame| frame.map_err(Error::from_response_body)))
    }

    fn is_end_stream(&self) -> bool {
        self.collected().is_none()
            && match &self.rest {
                Rest::None => true,
                Rest::Passed { body } => body.is_end_stream(),
                Rest::Boxed { body } => body.is_end_stream(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        let rest = match &self.rest {
            Rest::None => SizeHint::with_exact(0),
            Rest::Passed { body } => return body.size_hint(),
            Rest::Boxed { body } => body.size_hint(),
        };
        let chunks =
            self.collected().map_or(&[][..], |all| all.chunks.get(self.next..).unwrap_or_default());
        let here: u64 = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        SizeHint::with_exact(here) + rest
    }
}

opaque_debug!([B] CoalesceBody<B>);

const _: () = {
    const fn body_stays_movable<T: Send + Sync + Unpin>() {}
    body_stays_movable::<CoalesceBody<crate::Body>>();
};
