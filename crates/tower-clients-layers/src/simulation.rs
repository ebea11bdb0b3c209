//! What the tests of limits have in common: a server on virtual time, and callers without mercy.

use crate::{Body, Error, ErrorKind};
use bytes::Bytes;
use futures_core::Stream;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use std::{
    future::{Future, pending, poll_fn},
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::time::sleep;
use tower_service::Service;

/// A request for the server. What it does is in the path: `/hang`, `/fail` (no response), `/broken`
/// (a body that breaks off), `/empty`, or a status; it answers 200 to everything else.
pub(crate) fn get(url: &str) -> Request<Body> {
    request(Method::GET, url)
}

pub(crate) fn request(method: Method, url: &str) -> Request<Body> {
    Request::builder().method(method).uri(url).body(Body::empty()).expect("the URL is valid")
}

/// How long the server takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) head: Duration,
    pub(crate) frame: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { head: Duration::from_millis(10), frame: Duration::from_millis(10) }
    }
}

/// Answers as its paths say, in three frames. Clones are one server.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pace: Pace,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    asked: Vec<String>,
    under_way: usize,
    most: usize,
}

/// One exchange, until its body ends or is dropped.
struct UnderWay(Server);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().under_way -= 1;
    }
}

impl Server {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, seen: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The URLs that were asked for since the last look, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().asked)
    }

    pub(crate) fn under_way(&self) -> usize {
        self.lock().under_way
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.lock().most
    }

    fn begin(&self, url: String) -> UnderWay {
        let mut seen = self.lock();
        seen.asked.push(url);
        seen.under_way += 1;
        seen.most = seen.most.max(seen.under_way);
        UnderWay(self.clone())
    }

    async fn answer(request: Request<Body>, under_way: UnderWay) -> Result<Response<Body>, Error> {
        let Pace { head, frame } = under_way.0.pace;
        sleep(head).await;
        let mut frames = vec![Ok("a"), Ok("b"), Ok("c")];
        let mut status = StatusCode::OK;
        match request.uri().path() {
            "/hang" => pending().await,
            "/fail" => return Err(Error::new(ErrorKind::Transport, "reset")),
            "/broken" => frames[2] = Err(io::ErrorKind::ConnectionReset.into()),
            "/empty" => frames.clear(),
            path => status = path[1..].parse().unwrap_or(status),
        }
        if frames.is_empty() {
            return Ok(Response::new(Body::empty()));
        }
        frames.reverse();
        let timer = Box::pin(sleep(frame));
        let body = Body::from_stream(Frames { frames, pace: frame, timer, _under_way: under_way });
        Ok(Response::builder().status(status).body(body).expect("a status is one"))
    }
}

impl Service<Request<Body>> for Server {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let under_way = self.begin(request.uri().to_string());
        Box::pin(Self::answer(request, under_way))
    }
}

struct Frames {
    frames: Vec<io::Result<&'static str>>,
    pace: Duration,
    timer: Pin<Box<tokio::time::Sleep>>,
    _under_way: UnderWay,
}

impl Stream for Frames {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        std::task::ready!(self.timer.as_mut().poll(cx));
        let next = tokio::time::Instant::now() + self.pace;
        self.timer.as_mut().reset(next);
        Poll::Ready(self.frames.pop().map(|frame| frame.map(Bytes::from)))
    }
}

/// Runs what `begin` makes again and again, and drops it after one poll more each time, until it comes
/// to its end. Gives the polls that this took.
pub(crate) async fn drop_after_each_poll<F: Future>(begin: impl Fn() -> F) -> usize {
    for polls in 1.. {
        let mut future = Box::pin(begin());
        let mut left = polls;
        let ended = poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending => {
                left -= 1;
                if left == 0 { Poll::Ready(false) } else { Poll::Pending }
            }
        })
        .await;
        if ended {
            return polls;
        }
    }
    unreachable!("there is an end")
}

/// A small generator of numbers, repeatable.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % limit
    }

    fn any<'a, T>(&mut self, from: &'a mut [T]) -> Option<&'a mut T> {
        if from.is_empty() {
            return None;
        }
        let index = self.below(from.len());
        Some(&mut from[index])
    }
}

/// Calls, polls, completes, fails and drops at random, and drops all that is left in the end.
pub(crate) async fn storm<S, R>(service: &S, operations: usize, mut check: impl FnMut())
where
    S: Service<Request<Body>, Response = Response<R>> + Clone,
    R: http_body::Body + Unpin,
{
    const DOES: [&str; 8] = ["", "", "", "503", "404", "hang", "fail", "broken"];
    let mut dice = Dice(42);
    let (mut services, mut futures, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..operations {
        match dice.below(10) {
            // Some are made ready and never called.
            0 if services.len() < 4 => services.push(service.clone()),
            0 => services.clear(),
            1..=3 => {
                let mut service = service.clone();
                if let Some(kept) = dice.any(&mut services)
                    && dice.0.is_multiple_of(2)
                {
                    service = kept.clone();
                    let _ = kept.poll_ready(&mut cx);
                }
                if let Poll::Ready(Ok(())) = service.poll_ready(&mut cx) {
                    let method = [Method::GET, Method::POST][dice.below(2)].clone();
                    let url = format!("http://h{}/{}", dice.below(3), DOES[dice.below(8)]);
                    futures.push(Box::pin(service.call(request(method, &url))));
                }
            }
            4..=6 if !futures.is_empty() => {
                let index = dice.below(futures.len());
                if let Poll::Ready(result) = futures[index].as_mut().poll(&mut cx) {
                    drop(futures.swap_remove(index));
                    bodies.extend(result.map(Response::into_body));
                }
            }
            7 if !bodies.is_empty() => {
                let index = dice.below(bodies.len());
                if let Poll::Ready(None | Some(Err(_))) = pin!(bodies[index].frame()).poll(&mut cx)
                {
                    drop(bodies.swap_remove(index));
                }
            }
            8 if !futures.is_empty() && dice.below(2) == 0 => {
                drop(futures.swap_remove(dice.below(futures.len())));
            }
            8 if !bodies.is_empty() => drop(bodies.swap_remove(dice.below(bodies.len()))),
            _ => tokio::time::advance(Duration::from_millis(dice.below(8) as u64)).await,
        }
        check();
    }
}
