//! The body that is decoded while it is read.

use super::{DecompressError, Limits, NotDecompressed, codings, decoder::decoder, input::Decoder};
use crate::{BoxError, Error, collect::MAX_FRAMES_PER_POLL};
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH},
    response,
};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    fmt,
    io::ErrorKind,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The largest frame that is given out.
const CHUNK: usize = 16 * 1024;

pin_project! {
    /// A response body that is decoded while it is read. It is [`Unpin`] when the body below is.
    pub struct DecompressBody<B> {
        #[pin]
        body: B,
        // None for a body that is not encoded.
        decoding: Option<Box<Decoding>>,
    }
}

struct Decoding {
    stage: Stage,
    limits: Limits,
    given: u64,
    buffer: BytesMut,
    trailers: Option<HeaderMap>,
}

enum Stage {
    Decoding(Box<dyn Decoder>),
    Refused(DecompressError),
    Over,
}

/// The body, decoded if it is encoded; then the head does not say so any more.
pub(super) fn decompressed<B: Body>(
    head: &mut response::Parts,
    body: B,
    limits: Limits,
) -> DecompressBody<B> {
    let has_no_whole = matches!(
        head.status,
        StatusCode::NO_CONTENT
            | StatusCode::RESET_CONTENT
            | StatusCode::PARTIAL_CONTENT
            | StatusCode::NOT_MODIFIED
    );
    if has_no_whole || !head.headers.contains_key(CONTENT_ENCODING) {
        return DecompressBody::plain(body);
    }
    let stage = match codings::of(&head.headers) {
        Ok(codings) => {
            head.headers.remove(CONTENT_ENCODING);
            if codings.is_empty() {
                return DecompressBody::plain(body);
            }
            head.headers.remove(CONTENT_LENGTH);
            match decoder(&codings, limits.ratio) {
                Ok(decoder) => Stage::Decoding(decoder),
                Err(error) => Stage::Refused(DecompressError::damaged(error)),
            }
        }
        Err(text) => Stage::Refused(NotDecompressed::Unknown(text).into()),
    };
    let decoding = Decoding { stage, limits, given: 0, buffer: BytesMut::new(), trailers: None };
    DecompressBody { body, decoding: Some(Box::new(decoding)) }
}

impl<B> DecompressBody<B> {
    pub(super) fn plain(body: B) -> Self {
        Self { body, decoding: None }
    }
}

impl Decoding {
    /// The next bytes; none without more input, and no bytes at the end.
    fn decode(&mut self) -> Result<Option<Bytes>, Error> {
        let decoder = match &mut self.stage {
            Stage::Decoding(decoder) => decoder,
            Stage::Over => return Ok(Some(Bytes::new())),
            Stage::Refused(_) => match mem::replace(&mut self.stage, Stage::Over) {
                Stage::Refused(error) => return Err(error.into()),
                _ => return Ok(None),
            },
        };
        let Limits { bytes, ratio } = self.limits;
        self.buffer.resize(CHUNK, 0);
        let read = match decoder.read(&mut self.buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == ErrorKind::QuotaExceeded => {
                return Err(DecompressError::from(NotDecompressed::Ratio(ratio)).into());
            }
            Err(error) => return Err(DecompressError::damaged(error).into()),
        };
        self.given += read as u64;
        if self.given > bytes {
            return Err(DecompressError::from(NotDecompressed::Limit(bytes)).into());
        }
        Ok(Some(self.buffer.split_to(read).freeze()))
    }

    /// Takes the next frame of the body below, or its end.
    fn feed(&mut self, frame: Option<Frame<Bytes>>) {
        let Stage::Decoding(decoder) = &mut self.stage else { return };
        let Some(frame) = frame else {
            if !decoder.input().end() {
                self.stage = Stage::Over;
            }
            return;
        };
        match frame.into_data() {
            Ok(data) => decoder.input().push(data),
            Err(frame) => self.trailers = frame.into_trailers().ok(),
        }
    }
}

impl<B> Body for DecompressBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut this = self.project();
        let Some(decoding) = this.decoding else {
            return this.body.poll_frame(cx).map_err(Error::from_response_body);
        };
        for _ in 0..MAX_FRAMES_PER_POLL {
            match decoding.decode() {
                Ok(Some(bytes)) if bytes.is_empty() => {
                    decoding.stage = Stage::Over;
                    return Poll::Ready(decoding.trailers.take().map(|t| Ok(Frame::trailers(t))));
                }
                Ok(Some(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Ok(None) => {}
                Err(error) => {
                    decoding.stage = Stage::Over;
                    return Poll::Ready(Some(Err(error)));
                }
            }
            match ready!(this.body.as_mut().poll_frame(cx)).transpose() {
                Ok(frame) => decoding.feed(frame),
                Err(error) => {
                    decoding.stage = Stage::Over;
                    return Poll::Ready(Some(Err(Error::from_response_body(error))));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        match &self.decoding {
            None => self.body.is_end_stream(),
            Some(decoding) => matches!(decoding.stage, Stage::Over) && decoding.trailers.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.decoding {
            None => self.body.size_hint(),
            Some(_) => SizeHint::default(),
        }
    }
}

impl<B> fmt::Debug for DecompressBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecompressBody")
            .field("is_encoded", &self.decoding.is_some())
            .finish_non_exhaustive()
    }
}
