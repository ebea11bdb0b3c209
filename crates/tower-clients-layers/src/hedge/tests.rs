//! Answers that are late, on virtual time. Names with `r9` are a row of the catalogue of faults.

use super::*;
use crate::{
    Error, ErrorKind, RequestOptions,
    simulation::{Pace, Server, drop_after_each_poll, request, storm},
};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

/// What comes of an attempt: a status or an error, after some milliseconds.
type Does = (u64, Result<u16, &'static str>);

/// Does one thing after the other, then nothing but 200 in 10 ms.
#[derive(Clone, Default)]
struct Script {
    does: Arc<Mutex<VecDeque<Does>>>,
    calls: Arc<AtomicUsize>,
    live: Arc<AtomicUsize>,
}

struct Live(Arc<AtomicUsize>);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Script {
    fn new(does: &[Does]) -> Self {
        Self { does: Arc::new(Mutex::new(does.iter().copied().collect())), ..Self::default() }
    }

    fn under(
        &self,
        layer: &HedgeLayer,
    ) -> Hedge<impl Service<Request<Body>, Response = Response<Body>, Error = Error> + Clone + use<>>
    {
        let script = self.clone();
        layer.layer(tower::service_fn(move |_| {
            script.calls.fetch_add(1, SeqCst);
            script.live.fetch_add(1, SeqCst);
            let live = Live(Arc::clone(&script.live));
            let does = script.does.lock().unwrap().pop_front();
            async move {
                let (millis, outcome) = does.unwrap_or((10, Ok(200)));
                sleep(Duration::from_millis(millis)).await;
                drop(live);
                match outcome {
                    Ok(status) => {
                        Ok(Response::builder().status(status).body(Body::empty()).unwrap())
                    }
                    Err(reason) => Err(Error::new(ErrorKind::Transport, reason)),
                }
            }
        }))
    }
}

fn after(millis: u64) -> HedgeLayer {
    HedgeLayer::after(Duration::from_millis(millis))
}

/// The outcome, the milliseconds that it took, and the attempts that were made for it.
async fn sent(layer: &HedgeLayer, method: Method, does: &[Does]) -> (String, u128, usize) {
    let script = Script::new(does);
    let start = Instant::now();
    let outcome = script.under(layer).oneshot(request(method, "http://h/")).await;
    let outcome = match outcome {
        Ok(response) => response.status().as_str().to_owned(),
        Err(error) => format!("{error:#}").replace("the exchange failed: ", ""),
    };
    // Whichever was late has been given up.
    assert_eq!(script.live.load(SeqCst), 0);
    (outcome, start.elapsed().as_millis(), script.calls.load(SeqCst))
}

#[tokio::test(start_paused = true)]
async fn r9_first_answer_wins_and_the_other_attempt_is_dropped() {
    for (does, expected) in [
        (&[(50, Ok(200))][..], ("200", 50, 1)),
        (&[(500, Ok(200)), (30, Ok(404))], ("404", 130, 2)),
        (&[(120, Ok(200)), (30, Ok(404))], ("200", 120, 2)),
        // A failure is no answer while the other one may still come.
        (&[(500, Ok(200)), (30, Err("x"))], ("200", 500, 2)),
        (&[(500, Ok(200)), (30, Ok(503))], ("200", 500, 2)),
        (&[(110, Err("x")), (30, Ok(200))], ("200", 130, 2)),
        (&[(110, Ok(500)), (30, Ok(200))], ("200", 130, 2)),
        // Who fails early is not sent again.
        (&[(50, Err("x"))], ("x", 50, 1)),
        (&[(50, Ok(503))], ("503", 50, 1)),
    ] {
        let (outcome, time, calls) = sent(&after(100), Method::GET, does).await;
        assert_eq!((outcome.as_str(), time, calls), expected, "{does:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r9_where_both_fail_the_first_error_is_the_outcome() {
    for (does, expected) in [
        ([(110, Err("first")), (30, Err("second"))], ("first", 130, 2)),
        ([(500, Err("first")), (30, Err("second"))], ("second", 500, 2)),
        ([(500, Ok(502)), (30, Ok(503))], ("503", 500, 2)),
        ([(110, Ok(502)), (30, Err("second"))], ("502", 130, 2)),
    ] {
        let (outcome, time, calls) = sent(&after(100), Method::GET, &does).await;
        assert_eq!((outcome.as_str(), time, calls), expected, "{does:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r9_only_methods_that_may_be_repeated_are_sent_twice() {
    let plain = after(100).budget(RetryBudget::percent(100));
    let idempotent = plain.clone().also_idempotent();
    for (method, by_default, if_asked) in [
        (Method::GET, 2, 2),
        (Method::HEAD, 2, 2),
        (Method::OPTIONS, 2, 2),
        (Method::PUT, 1, 2),
        (Method::DELETE, 1, 2),
        (Method::POST, 1, 1),
        (Method::PATCH, 1, 1),
    ] {
        let does = [(500, Ok(200))];
        assert_eq!(sent(&plain, method.clone(), &does).await.2, by_default, "{method}");
        assert_eq!(sent(&idempotent, method.clone(), &does).await.2, if_asked, "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_are_sent_twice_and_a_stream_is_not() {
    let stream = Body::from_stream(futures_util::stream::empty::<Result<Bytes, Infallible>>());
    for (body, calls) in [(Body::from("abc"), 2), (stream, 1)] {
        let script = Script::new(&[(500, Ok(200))]);
        let request = request(Method::PUT, "http://h/").map(|_| body);
        script.under(&after(100).also_idempotent()).oneshot(request).await.unwrap();
        assert_eq!(script.calls.load(SeqCst), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn r9_x1_dropped_future_drops_both_attempts() {
    let layer = after(100).budget(RetryBudget::percent(100));
    let script = Script::default();
    let polls = drop_after_each_poll(async || {
        script.does.lock().unwrap().extend([(500, Ok(200)), (300, Ok(200))]);
        let service = script.under(&layer);
        let outcome = service.oneshot(request(Method::GET, "http://h/")).await;
        script.does.lock().unwrap().clear();
        outcome
    })
    .await;
    assert!(polls >= 3, "{polls}");
    assert_eq!(script.live.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn r9_budget_is_a_share_that_clones_share_and_origins_do_not() {
    let layer = after(100).budget(RetryBudget::percent(20).per_second(0));
    let slow = |count| Script::new(&vec![(500, Ok(200)); count]);
    let script = slow(4000);
    for _ in 0..500 {
        // A layer that was cloned, and a service.
        let service = script.under(&layer.clone()).clone();
        service.oneshot(request(Method::GET, "http://h/")).await.unwrap();
    }
    assert_eq!(script.calls.load(SeqCst), 600);
    let other = slow(6);
    for calls in [1, 2, 3, 4, 6] {
        other.under(&layer).oneshot(request(Method::GET, "http://other/")).await.unwrap();
        assert_eq!(other.calls.load(SeqCst), calls);
    }
    // Nobody saves up by what is never sent twice.
    let posts = slow(2);
    for _ in 0..100 {
        posts.under(&layer).oneshot(request(Method::POST, "http://h/")).await.unwrap();
    }
    assert_eq!(posts.calls.load(SeqCst), 100);
}

#[tokio::test(start_paused = true)]
async fn second_attempt_has_a_number_so_nobody_below_sends_it_again() {
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&numbers);
    let service = after(100).budget(RetryBudget::percent(100)).layer(tower::service_fn(
        move |request: Request<Body>| {
            let options = RequestOptions::of(&request);
            log.lock().unwrap().push(options.and_then(RequestOptions::attempt_value));
            async {
                sleep(Duration::from_millis(500)).await;
                Ok::<_, Infallible>(Response::new(Body::empty()))
            }
        },
    ));
    service.clone().oneshot(request(Method::GET, "http://h/")).await.unwrap();
    let mut retried = request(Method::GET, "http://h/");
    *RequestOptions::of_mut(&mut retried) = RequestOptions::new().attempt(3);
    service.oneshot(retried).await.unwrap();
    assert_eq!(*numbers.lock().unwrap(), [None, Some(2), Some(3), Some(3)]);
}

#[tokio::test(start_paused = true)]
async fn time_is_learned_from_the_answers_of_the_origin() {
    let layer = HedgeLayer::percentile(95);
    // Nothing is known yet.
    assert_eq!(sent(&layer, Method::GET, &[(10_000, Ok(200))]).await.2, 1);
    for _ in 0..100 {
        sent(&layer, Method::GET, &[(16, Ok(200))]).await;
    }
    let slow = [(10_000, Ok(200)), (16, Ok(200))];
    assert_eq!(sent(&layer, Method::GET, &slow).await, ("200".into(), 32, 2));
    // Errors tell nothing about the time of an answer.
    for _ in 0..100 {
        sent(&layer, Method::GET, &[(1, Err("x"))]).await;
        sent(&layer, Method::GET, &[(1, Ok(500))]).await;
    }
    assert_eq!(sent(&layer, Method::GET, &slow).await, ("200".into(), 32, 2));
}

/// Is ready once, and never again.
#[derive(Clone)]
struct ReadyOnce(Arc<AtomicUsize>);

impl Service<Request<Body>> for ReadyOnce {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match self.0.fetch_add(1, SeqCst) {
            0 => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        Box::pin(async {
            sleep(Duration::from_millis(500)).await;
            Ok(Response::new(Body::empty()))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn x2_second_attempt_that_gets_no_readiness_holds_up_nobody() {
    let polls = Arc::new(AtomicUsize::new(0));
    let service = after(100).layer(ReadyOnce(Arc::clone(&polls)));
    let start = Instant::now();
    service.oneshot(request(Method::GET, "http://h/")).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(500));
    // It is not asked in a loop.
    assert!(polls.load(SeqCst) <= 3);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_under_way_after_any_history() {
    let server = Server::new(Pace::default());
    let layer = after(5).budget(RetryBudget::percent(100));
    storm(&layer.layer(server.clone()), 10_000, || {}).await;
    assert_eq!(server.under_way(), 0);
    let origins = &layer.shared.as_ref().unwrap().origins;
    for host in ["http://h0", "http://h1", "http://h2"] {
        let observed = origins.of(&host.parse().unwrap(), || unreachable!("it is known"));
        // The map has it twice, as the last one.
        assert_eq!(Arc::strong_count(&observed), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn inert_layer_sends_once() {
    let none = HedgeLayer::none().also_idempotent().budget(RetryBudget::percent(100));
    assert_eq!(sent(&none, Method::GET, &[(9000, Ok(200))]).await, ("200".into(), 9000, 1));
}
