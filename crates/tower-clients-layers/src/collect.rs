//! Reads a body into memory, up to a limit. A body of one frame is not copied.

use bytes::{Buf, Bytes, BytesMut};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    pub(crate) struct Collect<B> {
        #[pin]
        body: B,
        limit: usize,
        first: Bytes,
        rest: BytesMut,
    }
}

/// What was read, and why the reading ended.
pub(crate) struct Collected<E> {
    pub(crate) bytes: Bytes,
    pub(crate) end: End<E>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum End<E> {
    Complete,
    /// The body holds more than the limit; the bytes are the first `limit` ones.
    Limit,
    Failed(E),
}

impl<B: Body<Data = Bytes>> Collect<B> {
    pub(crate) fn new(body: B, limit: usize) -> Self {
        Self { body, limit, first: Bytes::new(), rest: BytesMut::new() }
    }

    /// Whether the body says beforehand that it is larger than the limit.
    pub(crate) fn is_known_to_exceed(&self) -> bool {
        self.body.size_hint().lower() > self.limit as u64
    }

    pub(crate) fn poll_collected(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Collected<B::Error>> {
        let mut this = self.project();
        let end = loop {
            match ready!(this.body.as_mut().poll_frame(cx)) {
                None => break End::Complete,
                Some(Err(error)) => break End::Failed(error),
                Some(Ok(frame)) => {
                    let Ok(mut data) = frame.into_data() else {
                        continue;
                    };
                    let room = *this.limit - this.first.len() - this.rest.len();
                    let exceeds = data.remaining() > room;
                    data.truncate(room);
                    if this.first.is_empty() && this.rest.is_empty() {
                        *this.first = data;
                    } else {
                        if this.rest.is_empty() {
                            let hint = this.body.size_hint().lower();
                            let hint = usize::try_from(hint).unwrap_or(usize::MAX).min(room);
                            this.rest.reserve(this.first.len() + hint.max(data.len()));
                            this.rest.extend_from_slice(&mem::take(this.first));
                        }
                        this.rest.extend_from_slice(&data);
                    }
                    if exceeds {
                        break End::Limit;
                    }
                }
            }
        };
        let bytes = match this.first.is_empty() {
            true => mem::take(this.rest).freeze(),
            false => mem::take(this.first),
        };
        Poll::Ready(Collected { bytes, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body as OwnBody, BoxError};
    use http_body_util::StreamBody;
    use std::{future::poll_fn, io, pin::pin};

    async fn collect(chunks: &'static [&'static str], limit: usize) -> (Bytes, End<String>) {
        let mut chunks = chunks.iter();
        let next = move || {
            chunks.next().map(|chunk| match *chunk {
                "error" => Err(io::Error::other("cut")),
                chunk => Ok(http_body::Frame::data(Bytes::from(chunk))),
            })
        };
        let body = OwnBody::new(StreamBody::new(Iter(next)));
        let mut collect = pin!(Collect::new(body, limit));
        let Collected { bytes, end } = poll_fn(|cx| collect.as_mut().poll_collected(cx)).await;
        let end = match end {
            End::Complete => End::Complete,
            End::Limit => End::Limit,
            End::Failed(error) => End::Failed(BoxError::to_string(&error)),
        };
        (bytes, end)
    }

    struct Iter<F>(F);

    impl<F: FnMut() -> Option<T> + Unpin, T> futures_core::Stream for Iter<F> {
        type Item = T;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
            Poll::Ready((self.0)())
        }
    }

    #[tokio::test]
    async fn frames_are_put_together() {
        for chunks in [&["abcdef"][..], &["abc", "def"], &["", "a", "bc", "", "def"]] {
            assert_eq!(collect(chunks, 6).await, (Bytes::from("abcdef"), End::Complete));
        }
        assert_eq!(collect(&[], 6).await, (Bytes::new(), End::Complete));
    }

    #[tokio::test]
    async fn what_is_over_the_limit_is_cut_off() {
        for chunks in [&["abcdef"][..], &["abc", "def"], &["abcde", "f"]] {
            assert_eq!(collect(chunks, 5).await, (Bytes::from("abcde"), End::Limit));
        }
        assert_eq!(collect(&["a"], 0).await, (Bytes::new(), End::Limit));
    }

    #[tokio::test]
    async fn what_came_before_an_error_is_kept() {
        let failed = End::Failed("cut".into());
        assert_eq!(collect(&["ab", "error"], 5).await, (Bytes::from("ab"), failed));
    }

    #[tokio::test]
    async fn single_frame_is_not_copied() {
        let frame = Bytes::from(vec![1, 2, 3]);
        let mut collect = pin!(Collect::new(OwnBody::from(frame.clone()), 9));
        let collected = poll_fn(|cx| collect.as_mut().poll_collected(cx)).await;
        assert_eq!(collected.bytes.as_ptr(), frame.as_ptr());
    }
}
