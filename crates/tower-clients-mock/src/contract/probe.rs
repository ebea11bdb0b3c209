//! The service below the layer that is checked.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    iter::successors,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};
use tower_clients_layers::Body;
use tower_service::Service;

/// What a [`Probe`] wants to be sent.
pub(super) fn request() -> Request<Body> {
    let mut request = Request::new(Body::from("body"));
    *request.method_mut() = Method::PUT;
    *request.uri_mut() = Uri::from_static("http://contract.test/path");
    request.headers_mut().insert("x-own", HeaderValue::from_static("1"));
    request.extensions_mut().insert(Mark("down"));
    request
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark(pub(super) &'static str);

/// The service below the layer that is checked.
#[derive(Debug, Default)]
pub struct Probe {
    ready: bool,
    pub(super) watch: Arc<Watch>,
}

#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) blocked: AtomicBool,
    waiting: Mutex<Option<Waker>>,
    pub(super) fails: AtomicBool,
    pub(super) hangs: AtomicBool,
    pub(super) breaks_off: AtomicBool,
    pub(super) bodies: AtomicUsize,
    pub(super) calls: AtomicUsize,
    pub(super) live: AtomicUsize,
}

impl Watch {
    pub(super) fn unblock(&self) {
        self.blocked.store(false, SeqCst);
        if let Ok(Some(waker)) = self.waiting.lock().map(|mut waiting| waiting.take()) {
            waker.wake();
        }
    }
}

/// The error of a [`Probe`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ProbeError;

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the probe was told to fail")
    }
}

impl StdError for ProbeError {}

impl Clone for Probe {
    fn clone(&self) -> Self {
        Self { ready: false, watch: Arc::clone(&self.watch) }
    }
}

impl Service<Request<Body>> for Probe {
    type Response = Response<Body>;
    type Error = ProbeError;
    type Future = ProbeFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        if self.watch.fails.load(SeqCst) {
            return Poll::Ready(Err(ProbeError));
        }
        if self.watch.blocked.load(SeqCst) {
            if let Ok(mut waiting) = self.watch.waiting.lock() {
                *waiting = Some(cx.waker().clone());
            }
            return Poll::Pending;
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ProbeFuture {
        assert!(mem::take(&mut self.ready), "it calls an instance that it did not make ready");
        assert_eq!(request.method(), Method::PUT, "it keeps the method");
        assert_eq!(request.uri().path(), "/path", "it keeps the path");
        assert_eq!(
            request.headers().get("x-own").map(HeaderValue::as_bytes),
            Some(&b"1"[..]),
            "it keeps headers"
        );
        assert_eq!(request.body().size_hint().exact(), Some(4), "it keeps the body");
        self.watch.calls.fetch_add(1, SeqCst);
        self.watch.live.fetch_add(1, SeqCst);
        ProbeFuture { watch: Arc::clone(&self.watch), mark: request.extensions().get().cloned() }
    }
}

/// The exchange of a [`Probe`].
#[derive(Debug)]
pub struct ProbeFuture {
    watch: Arc<Watch>,
    mark: Option<Mark>,
}

impl Future for ProbeFuture {
    type Output = Result<Response<Body>, ProbeError>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if self.watch.hangs.load(SeqCst) {
            return Poll::Pending;
        }
        if self.watch.fails.load(SeqCst) {
            return Poll::Ready(Err(ProbeError));
        }
        let mut response = Response::new(Body::new(ProbeBody::new(Arc::clone(&self.watch))));
        response.headers_mut().insert("x-probe", HeaderValue::from_static("up"));
        if let Some(mark) = self.mark.take() {
            response.extensions_mut().insert(mark);
        }
        Poll::Ready(Ok(response))
    }
}

impl Drop for ProbeFuture {
    fn drop(&mut self) {
        self.watch.live.fetch_sub(1, SeqCst);
    }
}

/// A body of two data frames that is JSON, for layers that decode it.
pub(super) const WHOLE: &[u8] = b"null";

pub(super) fn trailers() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-end", HeaderValue::from_static("1"));
    trailers
}

/// The body of the responses of a [`Probe`].
struct ProbeBody {
    frames: usize,
    watch: Arc<Watch>,
}

impl ProbeBody {
    fn new(watch: Arc<Watch>) -> Self {
        watch.bodies.fetch_add(1, SeqCst);
        Self { frames: 0, watch }
    }
}

impl HttpBody for ProbeBody {
    type Data = Bytes;
    type Error = ProbeError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ProbeError>>> {
        self.frames += 1;
        Poll::Ready(match self.frames {
            1 => Some(Ok(Frame::data(Bytes::from_static(&WHOLE[..2])))),
            2 if self.watch.breaks_off.load(SeqCst) => Some(Err(ProbeError)),
            2 => Some(Ok(Frame::data(Bytes::from_static(&WHOLE[2..])))),
            3 => Some(Ok(Frame::trailers(trailers()))),
            _ => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.frames >= 3
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(WHOLE.len().saturating_sub(2 * self.frames) as u64)
    }
}

impl Drop for ProbeBody {
    fn drop(&mut self) {
        self.watch.bodies.fetch_sub(1, SeqCst);
    }
}

/// Whether the error of a [`Probe`] is in a chain of sources.
pub(super) fn holds_probe_error(error: &(dyn StdError + 'static)) -> bool {
    successors(Some(error), |error| (*error).source()).any(<dyn StdError>::is::<ProbeError>)
}
