//! Requests that wait, on virtual time.

use super::*;
use crate::{
    Body, DeadlineLayer,
    simulation::{Pace, Server, drop_after_each_poll, get, request, storm},
};
use http::Method;
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Mutex,
    task::Waker,
};
use tower::{ServiceExt, service_fn, util::BoxCloneSyncService};

const SECOND: Duration = Duration::from_secs(1);

fn server() -> Server {
    Server::new(Pace { head: Duration::ZERO, frame: Duration::ZERO })
}

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn waiting(layer: &RateLimitLayer) -> usize {
    let gates = &layer.shared.as_ref().unwrap().gates;
    gates.of(&"http://h".parse().unwrap(), || unreachable!("it is known")).waiting()
}

/// When requests that all come now are sent, in the order in which they came.
async fn times(
    service: &(
         impl Service<Request<Body>, Future: Send + 'static, Response: Send, Error: Send>
         + Clone
         + Send
         + 'static
     ),
    count: usize,
) -> Vec<f64> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let exchange = service.clone().oneshot(get("http://h/"));
            tokio::spawn(async move { exchange.await.map(|_| start.elapsed().as_secs_f64()) })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.push(task.await.unwrap().ok().unwrap());
    }
    times
}

#[tokio::test(start_paused = true)]
async fn requests_are_spaced_evenly_after_a_burst_and_in_order() {
    let layer = RateLimitLayer::new(4, SECOND);
    assert_eq!(times(&layer.clone().layer(server()), 4).await, [0.0, 0.25, 0.5, 0.75]);
    let service = layer.burst(3).layer(server());
    assert_eq!(times(&service, 5).await, [0.0, 0.0, 0.0, 0.25, 0.5]);
    tokio::time::sleep(9 * SECOND).await;
    assert_eq!(times(&service, 5).await, [0.0, 0.0, 0.0, 0.25, 0.5]);
}

#[tokio::test(start_paused = true)]
async fn origins_and_layers_have_rates_of_their_own_and_clones_share_one() {
    let layer = RateLimitLayer::new(1, SECOND);
    let start = Instant::now();
    for service in [layer.clone().layer(server()), layer.clone().layer(server()).clone()] {
        for host in ["http://a/", "http://b/"] {
            service.clone().oneshot(get(host)).await.unwrap();
        }
    }
    assert_eq!(start.elapsed(), SECOND);
    layer.burst(1).layer(server()).oneshot(get("http://a/")).await.unwrap();
    assert_eq!(start.elapsed(), SECOND);
}

/// Answers with one header after the other, and then with none.
fn saying(
    lines: &[(u16, &'static str, &'static str)],
) -> BoxCloneSyncService<Request<Body>, Response<Body>, Infallible> {
    let lines = Arc::new(Mutex::new(lines.iter().rev().copied().collect::<Vec<_>>()));
    BoxCloneSyncService::new(service_fn(move |_| {
        let mut response = Response::builder();
        if let Some((status, name, value)) = lines.lock().unwrap().pop() {
            response = response.status(status).header(name, value);
        }
        std::future::ready(Ok(response.body(Body::empty()).unwrap()))
    }))
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_while_nothing_is_left() {
    for line in [
        (200, "ratelimit", r#""default";r=0;t=30"#),
        (429, "retry-after", "30"),
        (503, "retry-after", "30"),
    ] {
        let service = RateLimitLayer::adaptive().layer(saying(&[line]));
        service.clone().oneshot(get("http://h/")).await.unwrap();
        assert_eq!(times(&service, 2).await, [30.0, 30.0]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_ones_are_spread_before_a_refusal_comes() {
    let lines = [
        (200, "ratelimit", r#""default";r=3;t=30"#),
        (200, "ratelimit", r#""default";r=2;t=20"#),
        (200, "ratelimit", r#""default";r=1;t=10"#),
        (200, "ratelimit", r#""default";r=100;t=30"#),
    ];
    let service = RateLimitLayer::adaptive().layer(saying(&lines));
    service.clone().oneshot(get("http://h/")).await.unwrap();
    assert_eq!(times(&service, 5).await, [10.0, 20.0, 30.0, 30.0, 30.0]);
    let service = RateLimitLayer::adaptive().spread_last(2).layer(saying(&lines));
    service.clone().oneshot(get("http://h/")).await.unwrap();
    assert_eq!(times(&service, 2).await, [0.0, 10.0]);
}

#[tokio::test(start_paused = true)]
async fn server_that_has_room_again_is_asked_at_once() {
    let lines = [
        (200, "ratelimit", r#""default";r=1;t=50"#),
        (200, "ratelimit", r#""default";r=100;t=60"#),
    ];
    let service = RateLimitLayer::adaptive().layer(saying(&lines));
    service.clone().oneshot(get("http://h/")).await.unwrap();
    // The second would be sent at 50 s, and so would all behind it.
    let late = tokio::spawn({
        let service = service.clone();
        async move { times(&service, 3).await }
    });
    assert_eq!(late.await.unwrap(), [50.0, 50.0, 50.0]);
}

#[tokio::test(start_paused = true)]
async fn request_that_would_wait_too_long_fails_at_once_and_says_how_long() {
    let service = RateLimitLayer::new(1, 10 * SECOND).max_wait(25 * SECOND).layer(server());
    let with_timeout = |seconds| {
        let mut request = get("http://h/x?key=CANARY");
        *RequestOptions::of_mut(&mut request) = RequestOptions::new().timeout(seconds * SECOND);
        service.clone().oneshot(request)
    };
    with_timeout(0).await.unwrap();
    let start = Instant::now();
    let error = with_timeout(9).await.unwrap_err();
    assert_eq!(error.unavailable().unwrap().retry_after(), 10 * SECOND);
    assert!(!error.may_have_been_sent());
    assert_eq!(
        format!("{error:#}"),
        "GET http://h/x?key…: the origin is not to be asked now: the rate limit is reached, ask again in 10s"
    );
    let mut queued = [Box::pin(with_timeout(60)), Box::pin(with_timeout(60))];
    assert!(queued.iter_mut().all(|exchange| poll(exchange).is_pending()));
    let error = with_timeout(60).await.unwrap_err();
    assert_eq!(error.unavailable().unwrap().retry_after(), 30 * SECOND);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn deadline_counts_whether_it_is_known_before_the_first_poll_or_after() {
    let limited = RateLimitLayer::new(1, 10 * SECOND).layer(server());
    limited.clone().oneshot(get("http://h/")).await.unwrap();
    let start = Instant::now();
    let called_by_a_poll = {
        let limited = limited.clone();
        service_fn(move |request| limited.clone().oneshot(request))
    };
    let short = DeadlineLayer::new(9 * SECOND);
    for outcome in [
        short.layer(limited.clone()).oneshot(get("http://h/")).await.map(drop),
        short.layer(called_by_a_poll).oneshot(get("http://h/")).await.map(drop),
    ] {
        let wait = outcome.unwrap_err().unavailable().unwrap().retry_after();
        assert_eq!((wait, start.elapsed()), (10 * SECOND, Duration::ZERO));
    }
    let enough = DeadlineLayer::new(11 * SECOND).layer(limited);
    enough.oneshot(get("http://h/")).await.unwrap();
    assert_eq!(start.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn request_that_waits_fails_as_soon_as_its_time_will_not_do() {
    let layer = RateLimitLayer::new(1, SECOND);
    let lines = [(200, "x", "x"), (429, "retry-after", "300")];
    let service = layer.clone().layer(saying(&lines));
    service.clone().oneshot(get("http://h/")).await.unwrap();
    let start = Instant::now();
    let times = [(); 3].map(|()| tokio::spawn(service.clone().oneshot(get("http://h/"))));
    let [first, second, third] = times;
    assert_eq!(first.await.unwrap().unwrap().status(), 429);
    for late in [second, third] {
        let wait = late.await.unwrap().unwrap_err().unavailable().unwrap().retry_after();
        assert!(wait >= 300 * SECOND && wait <= 301 * SECOND, "{wait:?}");
    }
    assert_eq!((start.elapsed(), waiting(&layer)), (SECOND, 0));
}

#[tokio::test(start_paused = true)]
async fn dropped_request_gives_its_turn_to_the_next() {
    let layer = RateLimitLayer::new(1, SECOND);
    let service = layer.clone().layer(server());
    service.clone().oneshot(get("http://h/")).await.unwrap();
    let start = Instant::now();
    let mut dropped: Vec<_> =
        (0..50).map(|_| Box::pin(service.clone().oneshot(get("http://h/")))).collect();
    assert!(dropped.iter_mut().all(|exchange| poll(exchange).is_pending()));
    let last = tokio::spawn(service.clone().oneshot(get("http://h/")));
    tokio::task::yield_now().await;
    assert_eq!(waiting(&layer), 51);
    drop(dropped);
    last.await.unwrap().unwrap();
    assert_eq!((start.elapsed(), waiting(&layer)), (SECOND, 0));
}

#[tokio::test(start_paused = true)]
async fn request_that_is_not_polled_stops_nobody() {
    let service = RateLimitLayer::new(1, SECOND).layer(server());
    service.clone().oneshot(get("http://h/")).await.unwrap();
    let start = Instant::now();
    let mut idle = Box::pin(service.clone().oneshot(get("http://h/")));
    assert!(poll(&mut idle).is_pending());
    assert_eq!(times(&service, 3).await, [2.0, 3.0, 4.0]);
    idle.await.unwrap();
    assert!(start.elapsed() <= 6 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn x1_dropped_request_leaves_nothing_behind() {
    let layer = RateLimitLayer::new(1, SECOND);
    let service = layer.clone().layer(Server::new(Pace::default()));
    let polls = drop_after_each_poll(|| {
        let exchange = || service.clone().oneshot(get("http://h/"));
        async move { tokio::join!(exchange(), exchange(), exchange()) }
    })
    .await;
    assert!(polls > 3, "{polls}");
    assert_eq!(waiting(&layer), 0);
}

/// A service that is never ready.
#[derive(Clone)]
struct NeverReady;

impl Service<Request<Body>> for NeverReady {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        unreachable!("it is not ready")
    }
}

#[tokio::test(start_paused = true)]
async fn x2_turn_that_cannot_be_used_is_given_back() {
    let layer = RateLimitLayer::new(1, SECOND);
    layer.clone().layer(server()).oneshot(get("http://h/")).await.unwrap();
    // Not asked whether it is ready before.
    let mut stuck = Box::pin(layer.clone().layer(NeverReady).call(get("http://h/")));
    assert!(poll(&mut stuck).is_pending());
    tokio::time::sleep(SECOND).await;
    assert!(poll(&mut stuck).is_pending());
    drop(stuck);
    let start = Instant::now();
    layer.layer(server()).oneshot(get("http://h/")).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_left_waiting_after_any_history() {
    let layer = RateLimitLayer::new(500, SECOND).burst(2);
    storm(&layer.clone().layer(Server::new(Pace::default())), 10_000, || {}).await;
    let gates = &layer.shared.as_ref().unwrap().gates;
    for host in ["http://h0", "http://h1", "http://h2"] {
        let gate = gates.of(&host.parse().unwrap(), || unreachable!("it is known"));
        // The map has it twice, as the last one.
        assert_eq!((gate.waiting(), Arc::strong_count(&gate)), (0, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn request_that_waits_is_polled_a_few_times_only() {
    let service = RateLimitLayer::new(10, SECOND).layer(server());
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let mut exchange = Box::pin(service.clone().oneshot(get("http://h/")));
            let mut polls = 0;
            tokio::spawn(poll_fn(move |cx| {
                polls += 1;
                exchange.as_mut().poll(cx).map(|_| polls)
            }))
        })
        .collect();
    for task in tasks {
        let polls = task.await.unwrap();
        assert!(polls <= 5, "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn inert_layer_limits_nothing_and_heeds_nobody() {
    let service = RateLimitLayer::none().burst(7).layer(saying(&[(429, "retry-after", "30")]));
    assert_eq!(times(&service, 3).await, [0.0; 3]);
    assert_eq!(service.oneshot(request(Method::POST, "/x")).await.unwrap().status(), 200);
}
