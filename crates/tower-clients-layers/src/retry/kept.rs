//! What is kept of a request to send it again.

use crate::{Body, BoxError, RequestOptions, copy::head_of};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::{
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

/// A request that can be made again: byte for byte, or not at all.
pub(super) struct Kept {
    head: Request<()>,
    body: KeptBody,
}

enum KeptBody {
    Copied(Body),
    Streamed(Replay),
}

impl Kept {
    /// Keeps a request. A body that is a stream is sent through a buffer of up to `limit` bytes.
    pub(super) fn of(request: &mut Request<Body>, limit: usize) -> Self {
        let head = head_of(request, request.uri().clone());
        let body = match request.body().try_clone() {
            Some(copy) => KeptBody::Copied(copy),
            None => {
                let replay = Replay::of(mem::take(request.body_mut()), limit);
                *request.body_mut() = replay.sending();
                KeptBody::Streamed(replay)
            }
        };
        Self { head, body }
    }

    pub(super) fn head(&self) -> &Request<()> {
        &self.head
    }

    pub(super) fn can_be_sent(&self) -> bool {
        match &self.body {
            KeptBody::Copied(_) => true,
            KeptBody::Streamed(replay) => !replay.lock().is_lost,
        }
    }

    /// The request for an attempt. The body of the one before ends.
    pub(super) fn request(&self, attempt: u32) -> Request<Body> {
        let body = match &self.body {
            KeptBody::Copied(body) => body.try_clone().expect("a copy can be copied"),
            KeptBody::Streamed(replay) => replay.sending(),
        };
        let mut request = self.head.clone().map(|()| body);
        let options = RequestOptions::of_mut(&mut request);
        *options = mem::take(options).attempt(attempt);
        request
    }
}

/// A stream, with what was taken of it.
struct Replay {
    tape: Arc<Mutex<Tape>>,
}

struct Tape {
    rest: Body,
    taken: Vec<Piece>,
    size: usize,
    limit: usize,
    /// More was taken than is kept, so it cannot be sent from its start any more.
    is_lost: bool,
    /// The number of the body that is sent now. A connection may hold on to those before.
    current: u32,
}

#[derive(Clone)]
enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
}

impl Replay {
    fn of(rest: Body, limit: usize) -> Self {
        let tape = Tape { rest, taken: Vec::new(), size: 0, limit, is_lost: false, current: 0 };
        Self { tape: Arc::new(Mutex::new(tape)) }
    }

    fn lock(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body from its start.
    fn sending(&self) -> Body {
        let number = {
            let mut tape = self.lock();
            tape.current += 1;
            tape.current
        };
        Body::new(Sending { replay: Self { tape: Arc::clone(&self.tape) }, number, next: 0 })
    }
}

impl Tape {
    fn keep(&mut self, frame: &Frame<Bytes>) {
        let piece = match (frame.data_ref(), frame.trailers_ref()) {
            (Some(data), _) => Some(Piece::Data(data.clone())),
            (None, Some(trailers)) => Some(Piece::Trailers(trailers.clone())),
            (None, None) => None,
        };
        let size = frame.data_ref().map_or(0, Bytes::len);
        let fits = self.limit.checked_sub(self.size).is_some_and(|room| size <= room);
        match piece.filter(|_| fits && !self.is_lost) {
            Some(piece) => {
                self.taken.push(piece);
                self.size += size;
            }
            None => self.lose(),
        }
    }

    fn lose(&mut self) {
        self.is_lost = true;
        self.taken = Vec::new();
    }
}

/// A body that gives what was taken before, and then the rest.
struct Sending {
    replay: Replay,
    number: u32,
    next: usize,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let tape = &mut *this.replay.lock();
        if tape.current != this.number {
            return Poll::Ready(Some(Err("the request is being sent again".into())));
        }
        if let Some(piece) = tape.taken.get(this.next) {
            this.next += 1;
            return Poll::Ready(Some(Ok(match piece.clone() {
                Piece::Data(data) => Frame::data(data),
                Piece::Trailers(trailers) => Frame::trailers(trailers),
            })));
        }
        let frame = ready!(Pin::new(&mut tape.rest).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                tape.keep(frame);
                this.next = tape.taken.len();
            }
            Some(Err(_)) => tape.lose(),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        let tape = self.replay.lock();
        self.next >= tape.taken.len() && tape.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let tape = self.replay.lock();
        let again: u64 = tape.taken.iter().skip(self.next).map(Piece::size).sum();
        SizeHint::with_exact(again) + tape.rest.size_hint()
    }
}

impl Piece {
    fn size(&self) -> u64 {
        match self {
            Self::Data(data) => data.len() as u64,
            Self::Trailers(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, StreamBody};
    use std::convert::Infallible;

    struct Frames(Vec<Frame<Bytes>>);

    impl futures_core::Stream for Frames {
        type Item = Result<Frame<Bytes>, Infallible>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop().map(Ok))
        }
    }

    /// `ab`, `cd` and a trailer.
    fn replay(limit: usize) -> Replay {
        let trailers = HeaderMap::from_iter([(http::header::ETAG, "x".parse().unwrap())]);
        let frames =
            [Frame::trailers(trailers), Frame::data("cd".into()), Frame::data("ab".into())];
        Replay::of(Body::new(StreamBody::new(Frames(frames.into()))), limit)
    }

    async fn read(body: Body) -> (Bytes, bool) {
        let collected = body.collect().await.unwrap();
        let has_trailers = collected.trailers().is_some();
        (collected.to_bytes(), has_trailers)
    }

    #[tokio::test]
    async fn r4_what_was_taken_comes_again_and_then_the_rest() {
        for taken in 0..=3 {
            let replay = replay(4);
            let mut first = replay.sending();
            for _ in 0..taken {
                first.frame().await.unwrap().unwrap();
            }
            assert_eq!(read(replay.sending()).await, ("abcd".into(), true), "{taken}");
            assert_eq!(read(replay.sending()).await, ("abcd".into(), true), "{taken}");
        }
    }

    #[tokio::test]
    async fn r4_more_than_the_limit_is_lost() {
        let replay = replay(3);
        let mut first = replay.sending();
        first.frame().await.unwrap().unwrap();
        assert!(!replay.lock().is_lost);
        first.frame().await.unwrap().unwrap();
        assert!(replay.lock().is_lost && replay.lock().taken.is_empty());
        assert!(first.frame().await.unwrap().unwrap().is_trailers());
    }

    #[tokio::test]
    async fn r4_body_that_was_not_polled_is_whole_without_a_buffer() {
        let replay = replay(0);
        drop(replay.sending());
        assert!(!replay.lock().is_lost);
        assert_eq!(read(replay.sending()).await.0, "abcd");
        assert!(replay.lock().is_lost);
    }

    #[tokio::test]
    async fn r4_body_of_an_earlier_attempt_ends_with_an_error() {
        let replay = replay(9);
        let mut first = replay.sending();
        first.frame().await.unwrap().unwrap();
        let second = replay.sending();
        assert!(first.frame().await.unwrap().is_err());
        assert_eq!(read(second).await.0, "abcd");
    }

    #[tokio::test]
    async fn r4_body_that_fails_is_not_sent_again() {
        let replay = Replay::of(Body::from_stream(Failing), 9);
        assert!(replay.sending().frame().await.unwrap().is_err());
        assert!(replay.lock().is_lost);
    }

    struct Failing;

    impl futures_core::Stream for Failing {
        type Item = Result<Bytes, &'static str>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(Some(Err("no more")))
        }
    }

    #[tokio::test]
    async fn size_is_known_as_long_as_it_is_of_the_stream() {
        use http_body_util::Full;
        let replay = Replay::of(Body::new(Full::new(Bytes::from("abc"))), 9);
        let mut first = replay.sending();
        assert_eq!(first.size_hint().exact(), Some(3));
        first.frame().await.unwrap().unwrap();
        assert!(first.is_end_stream());
        assert_eq!(first.size_hint().exact(), Some(0));
        let second = replay.sending();
        assert_eq!((second.size_hint().exact(), second.is_end_stream()), (Some(3), false));
    }
}
