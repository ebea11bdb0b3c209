//! The request body: empty, bytes or a stream.
//!
//! It is `Send + Sync` without a lock, so a request can be held over an `await` anywhere, and it
//! knows whether it can be sent twice: [`Body::try_clone`] copies bytes for free and refuses to
//! copy a stream, so a repeated request is byte-equal or is not made.
//!
//! ```
//! use tower_clients_layers::Body;
//!
//! let body = Body::from("hello");
//! assert!(body.try_clone().is_some());
//!
//! let stream = Body::new(http_body_util::StreamBody::new(NeverEnding));
//! assert!(stream.try_clone().is_none());
//! # struct NeverEnding;
//! # impl futures_core::Stream for NeverEnding {
//! #     type Item = Result<http_body::Frame<bytes::Bytes>, std::io::Error>;
//! #     fn poll_next(
//! #         self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>,
//! #     ) -> std::task::Poll<Option<Self::Item>> { std::task::Poll::Pending }
//! # }
//! ```

use crate::BoxError;
use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::StreamBody;
use pin_project_lite::pin_project;
use std::{
    any::Any,
    fmt, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};
use sync_wrapper::SyncWrapper;

/// A request body. See the [module docs](self).
///
/// The default is [empty](Self::empty). Responses of boxed services carry it too. Requests are moved from
/// layer to layer, so it is two words; what it holds is boxed.
#[derive(Default)]
pub struct Body {
    source: Option<Pin<Box<dyn Source>>>,
}

/// What gives the frames of a body that is not empty.
trait Source: HttpBody<Data = Bytes, Error = BoxError> + Send + Sync {
    /// All of it, if it is there.
    fn whole(&self) -> Option<&Bytes> {
        None
    }
}

struct Whole {
    bytes: Bytes,
}

pin_project! {
    // The hints are copies, because what is behind a `SyncWrapper` can only be reached by `&mut`.
    struct Streamed<B> {
        #[pin]
        body: SyncWrapper<B>,
        size_hint: SizeHint,
        is_end_stream: bool,
    }
}

impl Body {
    /// No body at all.
    #[must_use]
    pub const fn empty() -> Self {
        Self { source: None }
    }

    /// Any body; boxed, unless it is a [`Body`] already or is known to be empty.
    pub fn new<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut slot = Some(body);
        if let Some(own) = (&mut slot as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return mem::take(own).unwrap_or_default();
        }
        match slot {
            Some(body) if !body.is_end_stream() => Self::from_source(Streamed {
                size_hint: body.size_hint(),
                is_end_stream: false,
                body: SyncWrapper::new(body),
            }),
            _ => Self::empty(),
        }
    }

    /// A stream of chunks, sent with `Transfer-Encoding: chunked` or as HTTP/2 data frames.
    ///
    /// An error of the stream aborts the request. It cannot be sent twice, so it is never retried.
    pub fn from_stream<S, C, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<C, E>> + Send + 'static,
        C: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        Self::new(StreamBody::new(Frames { stream }))
    }

    fn from_source(source: impl Source + 'static) -> Self {
        Self { source: Some(Box::pin(source)) }
    }

    /// A copy that gives the same bytes, or `None` for a stream.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        match &self.source {
            None => Some(Self::empty()),
            Some(source) => source.whole().map(|bytes| bytes.clone().into()),
        }
    }

    /// Whether [`try_clone`](Self::try_clone) gives a copy.
    #[must_use]
    pub fn is_cloneable(&self) -> bool {
        self.source.as_ref().is_none_or(|source| source.whole().is_some())
    }
}

pin_project! {
    struct Frames<S> {
        #[pin]
        stream: S,
    }
}

impl<S, C, E> Stream for Frames<S>
where
    S: Stream<Item = Result<C, E>>,
    C: Into<Bytes>,
{
    type Item = Result<Frame<Bytes>, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(self.project().stream.poll_next(cx));
        Poll::Ready(chunk.map(|chunk| chunk.map(|bytes| Frame::data(bytes.into()))))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.source {
            None => Poll::Ready(None),
            Some(source) => source.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.source.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.source.as_ref().map_or(SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let bytes = mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

impl Source for Whole {
    fn whole(&self) -> Option<&Bytes> {
        Some(&self.bytes)
    }
}

impl<B> HttpBody for Streamed<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        let mut body = this.body.get_pin_mut();
        let frame = ready!(body.as_mut().poll_frame(cx));
        *this.size_hint = body.size_hint();
        *this.is_end_stream = body.is_end_stream();
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.is_end_stream
    }

    fn size_hint(&self) -> SizeHint {
        self.size_hint
    }
}

impl<B> Source for Streamed<B> where B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send {}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source.as_ref().map(|source| source.whole()) {
            None => f.write_str("Body(empty)"),
            Some(Some(bytes)) => write!(f, "Body({} bytes)", bytes.len()),
            Some(None) => f.write_str("Body(stream)"),
        }
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            return Self::empty();
        }
        Self::from_source(Whole { bytes })
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        text.as_bytes().into()
    }
}

const _: () = {
    const fn body_is_shareable<T: Send + Sync + Unpin + 'static>() {}
    body_is_shareable::<Body>();
    assert!(size_of::<Body>() == 2 * size_of::<usize>());
};

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, Full};
    use std::convert::Infallible;

    struct Chunks(Vec<&'static str>);

    impl Stream for Chunks {
        type Item = Result<Bytes, Infallible>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop().map(|chunk| Ok(chunk.into())))
        }
    }

    async fn text(body: Body) -> String {
        let bytes = body.collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn bytes_are_sent_once_and_can_be_cloned() {
        let body = Body::from("abc");
        let copy = body.try_clone().unwrap();
        assert_eq!(body.size_hint().exact(), Some(3));
        assert!(!body.is_end_stream());
        assert_eq!((text(body).await, text(copy).await), ("abc".into(), "abc".into()));
    }

    #[tokio::test]
    async fn stream_gives_its_chunks_and_cannot_be_cloned() {
        let body = Body::from_stream(Chunks(vec!["c", "ab"]));
        assert!(body.try_clone().is_none());
        assert_eq!(body.size_hint().exact(), None);
        assert_eq!(text(body).await, "abc");
    }

    #[test]
    fn nothing_is_one_empty_body() {
        for body in [Body::default(), ().into(), "".into(), Body::new(Full::<Bytes>::default())] {
            assert!(body.is_end_stream());
            assert_eq!(format!("{body:?}"), "Body(empty)");
        }
    }

    #[test]
    fn own_body_is_not_boxed_again() {
        let body = Body::new(Body::from("secret"));
        assert!(body.try_clone().is_some());
        assert_eq!(format!("{body:?}"), "Body(6 bytes)");
    }

    #[tokio::test]
    async fn hints_of_a_stream_are_kept_up_to_date() {
        let mut body = Body::new(Full::new(Bytes::from("abc")));
        assert_eq!(body.size_hint().exact(), Some(3));
        body.frame().await.unwrap().unwrap();
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
    }
}
