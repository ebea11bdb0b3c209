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
use http_body_util::{BodyExt, StreamBody};
use pin_project_lite::pin_project;
use std::{
    any::Any,
    fmt, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};
use sync_wrapper::SyncWrapper;

type BoxedBody = Pin<Box<dyn HttpBody<Data = Bytes, Error = BoxError> + Send>>;

/// A request body. See the [module docs](self).
///
/// The default is [empty](Self::empty). Responses of boxed services carry it too.
#[derive(Default)]
pub struct Body {
    kind: Kind,
}

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Bytes(Bytes),
    Stream(Streaming),
}

/// The hints are copies, because the stream behind a `SyncWrapper` can only be reached by `&mut`.
struct Streaming {
    body: SyncWrapper<BoxedBody>,
    size_hint: SizeHint,
    is_end_stream: bool,
}

impl Body {
    /// No body at all.
    #[must_use]
    pub const fn empty() -> Self {
        Self { kind: Kind::Empty }
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
            Some(body) if !body.is_end_stream() => Self {
                kind: Kind::Stream(Streaming {
                    size_hint: body.size_hint(),
                    is_end_stream: false,
                    body: SyncWrapper::new(Box::pin(body.map_err(Into::into))),
                }),
            },
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

    /// A copy that gives the same bytes, or `None` for a stream.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        match &self.kind {
            Kind::Empty => Some(Self::empty()),
            Kind::Bytes(bytes) => Some(bytes.clone().into()),
            Kind::Stream(_) => None,
        }
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
        match &mut self.kind {
            Kind::Empty => Poll::Ready(None),
            Kind::Bytes(bytes) => {
                let bytes = mem::take(bytes);
                self.kind = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Stream(stream) => {
                let body = stream.body.get_mut();
                let frame = ready!(body.as_mut().poll_frame(cx));
                stream.size_hint = body.size_hint();
                stream.is_end_stream = body.is_end_stream();
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Bytes(_) => false,
            Kind::Stream(stream) => stream.is_end_stream,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream(stream) => stream.size_hint,
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Empty => f.write_str("Body(empty)"),
            Kind::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::Stream(_) => f.write_str("Body(stream)"),
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
        Self { kind: Kind::Bytes(bytes) }
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
};

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;
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
