//! Reads a body into memory, up to a limit. A body of one frame is not copied.

use bytes::{Buf, Bytes, BytesMut};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A body whose frames are always ready must not keep the thread from timers and other tasks.
pub(crate) const MAX_FRAMES_PER_POLL: usize = 64;

/// What a peer can make us reserve by announcing it.
const MAX_RESERVED: usize = 256 * 1024;

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
        let mut frames = 0;
        let end = loop {
            frames += 1;
            if frames > MAX_FRAMES_PER_POLL {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
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
                            let hint = usize::try_from(hint).unwrap_or(usize::MAX);
                            let more = hint.min(room).min(MAX_RESERVED).max(data.len());
                            this.rest.reserve(this.first.len() + more);
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

    /// Announces more than there is memory.
    struct Boaster(Vec<&'static str>);

    impl Body for Boaster {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<io::Result<http_body::Frame<Bytes>>>> {
            Poll::Ready(self.0.pop().map(|data| Ok(http_body::Frame::data(data.into()))))
        }

        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(u64::MAX / 2)
        }
    }

    #[tokio::test]
    async fn announced_size_is_not_reserved() {
        let mut collect = pin!(Collect::new(Boaster(vec!["b", "a"]), usize::MAX));
        let collected = poll_fn(|cx| collect.as_mut().poll_collected(cx)).await;
        assert_eq!(collected.bytes, "ab");
    }

    #[tokio::test]
    async fn endless_frames_let_other_tasks_run() {
        let endless = StreamBody::new(Iter(|| {
            Some(Ok::<_, io::Error>(http_body::Frame::data(Bytes::new())))
        }));
        let mut collect = pin!(Collect::new(OwnBody::new(endless), 1));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(collect.as_mut().poll_collected(&mut cx).is_pending());
    }

    #[tokio::test]
    async fn single_frame_is_not_copied() {
        let frame = Bytes::from(vec![1, 2, 3]);
        let mut collect = pin!(Collect::new(OwnBody::from(frame.clone()), 9));
        let collected = poll_fn(|cx| collect.as_mut().poll_collected(cx)).await;
        assert_eq!(collected.bytes.as_ptr(), frame.as_ptr());
    }
}
