//! Retries keep their limits, whatever a server does and when.
//!
//! Input: a `Script`, as `arbitrary` reads it.

use crate::paused;
use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::BodyExt;
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};
use tower_clients_layers::{
    Attempts, Body, DeadlineLayer, Error, ErrorKind, RequestOptions, Retries, RetryBudget, RetryLayer,
};

/// Settings, requests, and what the server does with each attempt.
#[derive(Debug, Arbitrary)]
struct Script {
    attempts: u8,
    base: u8,
    cap: u16,
    max_wait: u8,
    has_jitter: bool,
    percent: u8,
    per_second: u8,
    replay: bool,
    timeout: Option<u16>,
    requests: Vec<Sent>,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct Sent {
    method: u8,
    has_key: bool,
    retries: Option<u8>,
    body: Payload,
}

#[derive(Debug, Clone, Copy, PartialEq, Arbitrary)]
enum Payload {
    Empty,
    Bytes,
    Stream,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Step {
    Answer { status: u16, retry_after: Option<u8>, after: u8, reads: bool },
    Fail { sent: bool, after: u8, reads: bool },
    Hang,
}

/// One attempt, as the server saw it.
#[derive(Debug)]
struct Attempt {
    began: Instant,
    ended: Option<Instant>,
    body: Option<Bytes>,
    step: Step,
}

const PAYLOAD: &[&str] = &["one", "two", "three"];

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    if let Ok(script) = Script::arbitrary_take_rest(Unstructured::new(input)) {
        paused::run(script.run());
    }
}

impl Script {
    async fn run(&self) {
        let budget = RetryBudget::percent(u32::from(self.percent)).per_second(u32::from(self.per_second));
        let mut layer = RetryLayer::new()
            .attempts(usize::from(self.attempts))
            .backoff(Duration::from_millis(u64::from(self.base)), self.cap())
            .max_wait(self.max_wait())
            .replay_up_to(if self.replay { 64 } else { 0 })
            .budget(budget)
            .seed(7);
        if !self.has_jitter {
            layer = layer.without_jitter();
        }
        let attempts: Arc<Mutex<Vec<Attempt>>> = Arc::default();
        let steps = Arc::new(Mutex::new(self.steps.clone().into_iter()));
        let server = {
            let attempts = Arc::clone(&attempts);
            service_fn(move |request| {
                serve(request, steps.lock().unwrap().next().unwrap_or(Step::Hang), Arc::clone(&attempts))
            })
        };
        // A step without an end needs a limit.
        let timeout = Duration::from_millis(self.timeout.map_or(3_600_000, u64::from));
        let service = DeadlineLayer::new(timeout).layer(layer.layer(server));

        let start = Instant::now();
        let (mut sent, mut retried) = (0, 0);
        for request in &self.requests {
            let began = Instant::now();
            let outcome = service.clone().oneshot(request.build()).await;
            assert!(began.elapsed() <= timeout, "the deadline passed");
            let count = outcome.as_ref().map_or_else(
                |error| error.attempts().map(Attempts::count),
                |response| response.extensions().get().map(Attempts::count),
            );
            let seen = std::mem::take(&mut *attempts.lock().unwrap());
            let is_cut = outcome.as_ref().is_err_and(Error::is_timeout);
            assert!(is_cut || count.unwrap_or(1) == seen.len(), "{count:?} {seen:?}");
            self.judge(request, &seen);
            sent += 1;
            retried += seen.len().saturating_sub(1);
        }
        let saved = sent * usize::from(self.percent) / 100;
        let seconds = 1.0 + start.elapsed().as_secs_f64();
        let reserve = (f64::from(self.per_second) * seconds).ceil() as usize + 1;
        assert!(retried <= saved + reserve, "{retried} retries of {sent} requests");
    }

    fn judge(&self, request: &Sent, seen: &[Attempt]) {
        assert!(seen.len() <= usize::from(self.attempts.max(1)));
        for (attempt, next) in seen.iter().zip(seen.iter().skip(1)) {
            let pause = next.began - attempt.ended.unwrap();
            let (was_sent, asked) = match attempt.step {
                Step::Answer { retry_after, .. } => (true, retry_after.unwrap_or(0)),
                Step::Fail { sent, .. } => (sent, 0),
                Step::Hang => unreachable!("it never ends"),
            };
            let asked = Duration::from_secs(u64::from(asked));
            assert!(pause >= asked && asked <= self.max_wait());
            // The timer counts in milliseconds.
            assert!(pause <= asked.max(self.cap()) + Duration::from_millis(1), "{pause:?}");
            assert!(!was_sent || request.may_be_repeated(), "sent twice: {seen:?}");
        }
        let mut bodies = seen.iter().filter_map(|attempt| attempt.body.as_ref());
        assert!(bodies.all(|body| *body == request.bytes()), "{seen:?}");
    }

    fn cap(&self) -> Duration {
        Duration::from_millis(u64::from(self.cap))
    }

    fn max_wait(&self) -> Duration {
        Duration::from_secs(u64::from(self.max_wait))
    }
}

impl Sent {
    fn method(self) -> Method {
        [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
            [usize::from(self.method % 5)]
        .clone()
    }

    fn retries(self) -> Option<Retries> {
        const ALL: [Retries; 4] =
            [Retries::Never, Retries::IfUnsent, Retries::IfIdempotent, Retries::AnyMethod];
        self.retries.map(|retries| ALL[usize::from(retries % 4)])
    }

    fn may_be_repeated(self) -> bool {
        match self.retries().unwrap_or_default() {
            Retries::IfIdempotent => self.has_key || self.method().is_idempotent(),
            retries => retries == Retries::AnyMethod,
        }
    }

    fn bytes(self) -> Bytes {
        match self.body {
            Payload::Empty => Bytes::new(),
            Payload::Bytes | Payload::Stream => PAYLOAD.concat().into(),
        }
    }

    fn build(self) -> Request<Body> {
        let body = match self.body {
            Payload::Empty => Body::empty(),
            Payload::Bytes => Body::from(self.bytes()),
            Payload::Stream => {
                Body::from_stream(stream::iter(PAYLOAD.iter().map(|part| Ok::<_, Infallible>(*part))))
            }
        };
        let mut request = Request::builder().method(self.method()).uri("http://h/x");
        if self.has_key {
            request = request.header("idempotency-key", "1");
        }
        if let Some(retries) = self.retries() {
            request = request.extension(RequestOptions::new().retry(retries));
        }
        request.body(body).unwrap()
    }
}

async fn serve(
    request: Request<Body>,
    step: Step,
    attempts: Arc<Mutex<Vec<Attempt>>>,
) -> Result<Response<Body>, Error> {
    let index = {
        let mut attempts = attempts.lock().unwrap();
        attempts.push(Attempt { began: Instant::now(), ended: None, body: None, step });
        attempts.len() - 1
    };
    let (after, reads) = match step {
        Step::Answer { after, reads, .. } | Step::Fail { after, reads, .. } => (after, reads),
        Step::Hang => std::future::pending().await,
    };
    if reads && let Ok(body) = request.into_body().collect().await {
        attempts.lock().unwrap()[index].body = Some(body.to_bytes());
    }
    sleep(Duration::from_millis(u64::from(after))).await;
    attempts.lock().unwrap()[index].ended = Some(Instant::now());
    match step {
        Step::Answer { status, retry_after, .. } => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::from_u16(200 + status % 400).unwrap();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, u16::from(seconds).into());
            }
            Ok(response)
        }
        Step::Fail { sent, .. } => {
            let error = Error::new(ErrorKind::Transport, "broken");
            Err(if sent { error } else { error.not_sent() })
        }
        Step::Hang => unreachable!("it never ends"),
    }
}
