mod limits;

use super::*;
use crate::{
    CheckStatusLayer, DeadlineLayer, ErrorKind, RequestOptions, Retries, TimeoutError,
    error::Attempts,
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::time::{Instant, sleep};
use tower::{ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);

/// One answer of a server.
enum Say {
    Status(u16),
    Asks(u16, &'static str),
    Error(Error),
    /// A status, after so long.
    Late(Duration, u16),
    /// An error when so many frames of the body were taken.
    Taken(usize),
}

#[derive(Clone, Default)]
struct Server {
    script: Arc<Mutex<VecDeque<Say>>>,
    seen: Arc<Mutex<Vec<(HeaderMap, Option<u32>, Bytes)>>>,
}

impl Server {
    fn new(script: impl IntoIterator<Item = Say>) -> Self {
        let script = Arc::new(Mutex::new(script.into_iter().collect()));
        Self { script, ..Self::default() }
    }

    fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<Body>, Error> {
        let say = self.script.lock().unwrap().pop_front().unwrap_or(Say::Status(200));
        let (head, mut body) = request.into_parts();
        let attempt = head.extensions.get().and_then(RequestOptions::attempt_value);
        let mut bytes = Vec::new();
        let mut frames = if let Say::Taken(frames) = say { frames } else { usize::MAX };
        while frames > 0
            && let Some(frame) = body.frame().await
        {
            bytes.extend_from_slice(&frame.map_err(broken)?.into_data().unwrap_or_default());
            frames -= 1;
        }
        self.seen.lock().unwrap().push((head.headers, attempt, bytes.into()));
        let mut response = Response::new(Body::from("body"));
        match say {
            Say::Status(status) => *response.status_mut() = StatusCode::from_u16(status).unwrap(),
            Say::Asks(status, values) => {
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                for value in values.split('|') {
                    response.headers_mut().append("retry-after", value.parse().unwrap());
                }
                let date = "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap();
                response.headers_mut().insert("date", date);
            }
            Say::Error(error) => return Err(error),
            Say::Late(after, status) => {
                sleep(after).await;
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
            }
            Say::Taken(_) => return Err(broken("reset")),
        }
        Ok(response)
    }

    async fn call(
        &self,
        layer: RetryLayer,
        request: Request<Body>,
    ) -> Result<Response<Body>, Error> {
        let server = self.clone();
        let service = service_fn(move |request| server.clone().answer(request));
        layer.layer(service).oneshot(request).await
    }
}

fn broken(why: impl Into<BoxError>) -> Error {
    Error::new(ErrorKind::Transport, why)
}

fn request(method: Method) -> Request<Body> {
    Request::builder().method(method).uri("http://h/x").body(Body::from("bytes")).unwrap()
}

fn layer() -> RetryLayer {
    RetryLayer::new().without_jitter()
}

/// Waits only for what a server asks.
fn eager() -> RetryLayer {
    layer().backoff(Duration::ZERO, Duration::ZERO)
}

fn of(response: &Response<Body>) -> &Attempts {
    response.extensions().get().unwrap()
}

#[tokio::test(start_paused = true)]
async fn r1_pauses_are_exact() {
    let unavailable = || [Say::Status(503), Say::Status(503)];
    let start = Instant::now();
    let server = Server::new(unavailable());
    let response = server.call(layer(), request(Method::GET)).await.unwrap();
    assert_eq!((response.status(), of(&response).count()), (StatusCode::OK, 3));
    assert_eq!(start.elapsed(), Duration::from_millis(100 + 200));
    let pauses: Vec<_> = of(&response).earlier().iter().map(|a| a.pause().as_millis()).collect();
    assert_eq!((pauses, of(&response).not_retried()), (vec![100, 200], None));

    let start = Instant::now();
    let layer = layer().backoff(SECOND, 3 * SECOND).attempts(6);
    let server = Server::new([(); 5].map(|()| Say::Status(503)));
    server.call(layer, request(Method::GET)).await.unwrap();
    assert_eq!(start.elapsed(), (1 + 2 + 3 + 3 + 3) * SECOND);
}

#[tokio::test(start_paused = true)]
async fn r1_server_is_waited_for_as_long_as_it_asks() {
    for (values, waited) in [
        ("2", Duration::from_secs(2)),
        ("60", Duration::from_secs(60)),
        ("0", Duration::from_millis(100)),
        ("Sun, 06 Nov 1994 08:49:47 GMT", Duration::from_secs(10)),
        ("Sun, 06 Nov 1994 08:49:27 GMT", Duration::from_millis(100)),
        ("-1", Duration::from_millis(100)),
        ("soon", Duration::from_millis(100)),
        ("2|5", Duration::from_secs(5)),
    ] {
        for status in [429, 503] {
            let start = Instant::now();
            let server = Server::new([Say::Asks(status, values)]);
            let response = server.call(layer(), request(Method::GET)).await.unwrap();
            assert_eq!((response.status(), start.elapsed()), (StatusCode::OK, waited), "{values}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r1_longer_wait_than_allowed_is_the_end_at_once() {
    for (values, seconds) in [
        ("61", 61),
        ("1000000000", 1_000_000_000),
        ("18446744073709551615", u64::MAX),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 252_618_189_022),
    ] {
        let start = Instant::now();
        let server = Server::new([Say::Asks(503, values)]);
        let response = server.call(layer(), request(Method::GET)).await.unwrap();
        let asked = NotRetried::RetryAfter(Duration::from_secs(seconds));
        assert_eq!((response.status().as_u16(), of(&response).not_retried()), (503, Some(asked)));
        assert_eq!((start.elapsed(), server.requests()), (Duration::ZERO, 1), "{values}");
    }
}

/// The layers of a client: a deadline and a check of the status above.
async fn checked(server: &Server, layer: RetryLayer, deadline: Duration) -> Error {
    let server = server.clone();
    let service = service_fn(move |request| server.clone().answer(request));
    let layers = (DeadlineLayer::new(deadline), CheckStatusLayer::new(), layer);
    layers.layer(service).oneshot(request(Method::GET)).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn r1_wait_beyond_the_deadline_is_a_typed_error_at_once() {
    let start = Instant::now();
    let server = Server::new([Say::Asks(503, "5")]);
    let error = checked(&server, layer(), 2 * SECOND).await;
    assert_eq!((start.elapsed(), server.requests()), (Duration::ZERO, 1));
    let asked = NotRetried::RetryAfter(5 * SECOND);
    assert_eq!(error.attempts().unwrap().not_retried(), Some(asked));
    assert_eq!(error.failure().unwrap().text(), "body");
    assert_eq!(
        format!("{error:#}"),
        "GET http://h/x: the server answered 503 Service Unavailable at attempt 1; the server asks to wait 5 s"
    );
}

#[tokio::test(start_paused = true)]
async fn r2_what_is_not_idempotent_is_sent_once() {
    for method in [Method::POST, Method::PATCH] {
        let timeout = TimeoutError::total(SECOND);
        for say in [
            Say::Error(broken("reset")),
            Say::Error(Error::new(ErrorKind::Timeout, timeout)),
            Say::Status(500),
            Say::Status(429),
            Say::Asks(503, "0"),
        ] {
            let server = Server::new([say]);
            let outcome = server.call(layer(), request(method.clone())).await;
            assert_eq!(server.requests(), 1);
            match outcome {
                Ok(response) => assert!(response.extensions().get::<Attempts>().is_none()),
                Err(error) => assert!(error.attempts().is_none()),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r2_what_was_not_sent_is_sent_again_whatever_the_method() {
    let unsent = || {
        let timeout = Error::new(ErrorKind::Timeout, TimeoutError::connect(SECOND)).not_sent();
        let refused = broken("refused stream").not_sent();
        [Error::new(ErrorKind::Connect, "refused"), timeout, refused].map(Say::Error)
    };
    let server = Server::new(unsent());
    let layer = layer().attempts(4);
    let response = server.call(layer.clone(), request(Method::POST)).await.unwrap();
    assert_eq!((response.status(), server.requests()), (StatusCode::OK, 4));

    let server = Server::new(unsent());
    let error = server.call(layer.attempts(3), request(Method::POST)).await.unwrap_err();
    let attempts = error.attempts().unwrap();
    assert_eq!((attempts.count(), attempts.not_retried()), (3, Some(NotRetried::Attempts)));
    assert!(attempts.earlier()[0].error().unwrap().is_connect());
    assert_eq!(attempts.earlier()[1].error().unwrap().timeout().unwrap().limit(), "connect");
    assert_eq!(error.to_string(), "the exchange failed at attempt 3, the last one");
}

#[tokio::test(start_paused = true)]
async fn r3_idempotency_key_makes_any_method_safe() {
    let server = Server::new([Say::Error(broken("reset")), Say::Status(502)]);
    let mut request = request(Method::POST);
    request.headers_mut().insert("idempotency-key", "7f3a".parse().unwrap());
    assert_eq!(server.call(layer(), request).await.unwrap().status(), 200);
    let seen = server.seen.lock().unwrap();
    for (index, (headers, attempt, body)) in seen.iter().enumerate() {
        assert_eq!(
            (&headers["idempotency-key"], &body[..]),
            (&"7f3a".parse().unwrap(), &b"bytes"[..])
        );
        assert_eq!(*attempt, Some(index as u32 + 1));
    }
    assert_eq!(seen.len(), 3);
}

struct Chunks {
    left: VecDeque<&'static str>,
    _held: Arc<()>,
}

impl Chunks {
    fn of<const N: usize>(chunks: [&'static str; N], held: &Arc<()>) -> Body {
        Body::from_stream(Self { left: chunks.into(), _held: Arc::clone(held) })
    }
}

impl futures_core::Stream for Chunks {
    type Item = Result<&'static str, std::convert::Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.left.pop_front().map(Ok))
    }
}

fn streaming() -> Request<Body> {
    request(Method::PUT).map(|_| Chunks::of(["ab", "cd"], &Arc::default()))
}

#[tokio::test(start_paused = true)]
async fn r4_stream_is_sent_again_whole_or_not_at_all() {
    for (limit, taken, again) in
        [(0, 0, true), (0, 1, false), (2, 1, true), (2, 2, false), (4, 2, true), (4, 3, true)]
    {
        let server = Server::new([Say::Taken(taken)]);
        let outcome = server.call(layer().replay_up_to(limit), streaming()).await;
        let seen: Vec<_> = server.seen.lock().unwrap().iter().map(|seen| seen.2.clone()).collect();
        if again {
            assert!(outcome.is_ok());
            assert_eq!(seen[1..], ["abcd"], "{taken} of {limit}");
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(error.attempts().unwrap().not_retried(), Some(NotRetried::Body));
            assert_eq!(seen.len(), 1, "{taken} of {limit}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r5_outage_costs_a_fifth_more_and_ends_at_once() {
    const REQUESTS: usize = 600 * EACH_SECOND;
    const EACH_SECOND: usize = 100;
    let (wire, fails) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
    let server = {
        let (wire, fails) = (Arc::clone(&wire), Arc::clone(&fails));
        service_fn(move |_: Request<Body>| {
            wire.fetch_add(1, SeqCst);
            let status = if fails.load(SeqCst) == 1 { 503 } else { 200 };
            std::future::ready(Ok::<_, Error>(Response::builder().status(status).body(()).unwrap()))
        })
    };
    let service = eager().layer(server);
    let start = Instant::now();
    for number in 0..REQUESTS {
        if number % EACH_SECOND == 0 {
            tokio::time::sleep_until(start + SECOND * (number / EACH_SECOND) as u32).await;
        }
        let request = Request::new(Body::empty());
        assert_eq!(service.clone().oneshot(request).await.unwrap().status(), 503);
    }
    let seconds = start.elapsed().as_secs_f64();
    let most = REQUESTS as f64 * 1.2 + 10.0 * (seconds + 1.0);
    let wire_in_outage = wire.load(SeqCst) as f64;
    assert!(wire_in_outage <= most && wire_in_outage > most * 0.99, "{wire_in_outage} of {most}");

    fails.store(0, SeqCst);
    for _ in 0..1000 {
        let request = Request::new(Body::empty());
        assert_eq!(service.clone().oneshot(request).await.unwrap().status(), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn r6_two_layers_do_not_multiply() {
    let server = Server::new((0..100).map(|_| Say::Status(503)));
    let service = server.clone();
    let service = service_fn(move |request| service.clone().answer(request));
    let service = (layer().attempts(4), layer().attempts(5)).layer(service);
    let response = service.oneshot(request(Method::GET)).await.unwrap();
    assert_eq!((server.requests(), of(&response).count()), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn r7_attempt_that_cannot_end_in_time_is_not_made() {
    let start = Instant::now();
    let server = Server::new([Say::Late(Duration::from_millis(900), 500)]);
    let error = checked(&server, eager(), SECOND).await;
    assert_eq!((start.elapsed().as_millis(), server.requests()), (900, 1));
    assert_eq!(error.attempts().unwrap().not_retried(), Some(NotRetried::Deadline));
    assert_eq!(error.status().unwrap(), 500);

    let start = Instant::now();
    let late = || Say::Late(Duration::from_millis(300), 500);
    let server = Server::new([late(), Say::Late(SECOND, 200)]);
    let error = checked(&server, eager(), SECOND).await;
    assert_eq!((start.elapsed(), server.requests()), (SECOND, 2));
    assert_eq!(error.timeout().unwrap().attempt(), Some(2));
    assert_eq!(error.timeout().unwrap().to_string(), "the total timeout of 1s passed in attempt 2");
}

#[tokio::test(start_paused = true)]
async fn r8_budget_that_is_used_up_is_the_end_at_once() {
    let budget = RetryBudget::percent(50).per_second(0);
    let server = Server::new((0..100).map(|_| Say::Status(503)));
    let layer = eager().budget(budget);
    let mut ends = Vec::new();
    for _ in 0..4 {
        let response = server.call(layer.clone(), request(Method::GET)).await.unwrap();
        ends.push((of(&response).count(), of(&response).not_retried().unwrap()));
    }
    use NotRetried::Budget;
    assert_eq!(ends, [(1, Budget), (2, Budget), (1, Budget), (2, Budget)]);
}

#[tokio::test(start_paused = true)]
async fn table_of_statuses() {
    for status in 200..600 {
        let server = Server::new([Say::Status(status)]);
        let response = server.call(layer(), request(Method::GET)).await.unwrap();
        let is_retried = [408, 429, 500, 502, 503, 504].contains(&status);
        assert_eq!(
            (server.requests(), response.status().as_u16()),
            match is_retried {
                true => (2, 200),
                false => (1, status),
            }
        );
    }
}

#[tokio::test(start_paused = true)]
async fn error_of_the_request_itself_is_not_retried() {
    use ErrorKind::{Authorize, Check, Config, Decode, Io, Request, Url};
    for kind in [Authorize, Check, Config, Decode, Io, Request, Url] {
        let server = Server::new([Say::Error(Error::new(kind, "no"))]);
        assert_eq!(server.call(layer(), request(Method::GET)).await.unwrap_err().kind(), kind);
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn option_of_the_request_is_more_or_less_strict() {
    use Retries::{AnyMethod, IfIdempotent, IfUnsent, Never};
    for (retries, method, of_status, of_unsent) in [
        (Never, Method::GET, 1, 1),
        (IfUnsent, Method::GET, 1, 2),
        (IfIdempotent, Method::GET, 2, 2),
        (IfIdempotent, Method::POST, 1, 2),
        (AnyMethod, Method::POST, 2, 2),
    ] {
        let options = RequestOptions::new().retry(retries);
        let mut count = Vec::new();
        let unsent = Error::new(ErrorKind::Connect, "refused");
        for say in [Say::Status(503), Say::Error(unsent)] {
            let server = Server::new([say]);
            let mut request = request(method.clone());
            request.extensions_mut().insert(options.clone());
            let _ = server.call(layer(), request).await;
            count.push(server.requests());
        }
        assert_eq!(count, [of_status, of_unsent], "{retries:?} {method}");
    }
}

#[tokio::test(start_paused = true)]
async fn above_a_check_it_sees_what_the_check_found() {
    let server = Server::new([Say::Asks(503, "3"), Say::Status(404)]);
    let service = server.clone();
    let service = service_fn(move |request| service.clone().answer(request));
    let start = Instant::now();
    let error = (layer(), CheckStatusLayer::new()).layer(service).oneshot(request(Method::GET));
    let error = error.await.unwrap_err();
    assert_eq!((start.elapsed(), server.requests()), (3 * SECOND, 2));
    assert_eq!(error.to_string(), "GET http://h/x: the server answered 404 Not Found at attempt 2");
    let earlier = &error.attempts().unwrap().earlier()[0];
    assert_eq!(earlier.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(earlier.error().unwrap().failure().unwrap().text(), "body");
}

#[tokio::test(start_paused = true)]
async fn body_that_a_check_left_open_is_dropped_before_the_pause() {
    let body = Arc::new(());
    let held = Arc::clone(&body);
    let service = service_fn(move |_: Request<Body>| {
        let body = Chunks::of(["x"], &held);
        std::future::ready(Ok::<_, Error>(Response::builder().status(503).body(body).unwrap()))
    });
    let service = (layer(), CheckStatusLayer::streaming()).layer(service);
    let error = service.oneshot(request(Method::GET)).await.unwrap_err();
    // Ours, and that of the last response.
    assert_eq!((error.attempts().unwrap().count(), Arc::strong_count(&body)), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn dropped_future_sends_nothing_more() {
    let server = Server::new((0..9).map(|_| Say::Status(503)));
    let call = server.call(layer().backoff(SECOND, SECOND), request(Method::GET));
    assert!(tokio::time::timeout(SECOND / 2, call).await.is_err());
    sleep(9 * SECOND).await;
    assert_eq!(server.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn condition_of_the_program_takes_the_place_of_the_table() {
    let layer = layer().retry_if(|outcome| outcome.status() == Some(StatusCode::LOCKED));
    for (status, requests) in [(423, 2), (503, 1)] {
        let server = Server::new([Say::Status(status)]);
        server.call(layer.clone(), request(Method::GET)).await.unwrap();
        assert_eq!(server.requests(), requests);
    }
    let server = Server::new([Say::Status(423)]);
    server.call(layer, request(Method::POST)).await.unwrap();
    assert_eq!(server.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn layer_that_is_off_leaves_the_request_alone() {
    for layer in [RetryLayer::none(), layer().attempts(1), layer().attempts(0)] {
        let server = Server::new([Say::Status(503)]);
        let response = server.call(layer, request(Method::GET)).await.unwrap();
        assert!(response.status() == 503 && response.extensions().get::<Attempts>().is_none());
        assert_eq!(server.seen.lock().unwrap()[0].1, None);
    }
}

#[test]
fn settings_show() {
    let text = format!("{:?}", RetryLayer::new());
    assert!(text.contains("attempts: 3") && text.contains("percent: 20"), "{text}");
    assert_eq!(format!("{:?}", RetryLayer::none()), "RetryLayer { .. }");
}
