//! Limits, breakers, hedges and shared answers, put together and into clients.

use crate::stacks::{permutations, wrap};
use axum::{Router, http::StatusCode, routing::get};
use http::{Method, Request, Response, Uri};
use http_body_util::BodyExt;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use testbed::Testbed;
use tokio::time::{Instant, sleep};
use tower::{ServiceExt, service_fn};
use tower_clients::{
    Attempts, BalanceLayer, Body, BoxService, BreakerLayer, Client, CoalesceLayer,
    ConcurrencyLayer, Error, ErrorKind, HedgeLayer, NotRetried, RateLimitLayer, Resource,
    RetryBudget, RetryLayer, SharedService, balance::Snapshot,
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn all_orders_work() {
    for order in permutations(7) {
        let layers = [
            wrap(BalanceLayer::new(["http://a/", "http://b/"]).unwrap()),
            wrap(BreakerLayer::new()),
            wrap(CoalesceLayer::new()),
            wrap(ConcurrencyLayer::new(2)),
            wrap(ConcurrencyLayer::per_origin(1)),
            wrap(HedgeLayer::after(SECOND / 100)),
            wrap(RateLimitLayer::new(50, SECOND)),
        ];
        let server = Router::new().fallback(async || {
            sleep(SECOND / 20).await;
            "hello"
        });
        let stack =
            order.iter().fold(BoxService::new(server), |inner, &layer| layers[layer](inner));
        let tasks: Vec<_> = (0..6)
            .map(|number| {
                let url = format!("http://a/{}", number / 2);
                let request = Request::get(url).body(Body::empty()).unwrap();
                let exchange = stack.clone().oneshot(request);
                tokio::spawn(async { exchange.await.unwrap().into_body().collect().await.unwrap() })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().to_bytes(), "hello", "{order:?}");
        }
    }
}

/// A server of two hosts, of which `a` does what is given and `b` answers at once; and how often each
/// was asked.
fn hosts<F>(
    a: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> (impl SharedService<Body, ResBody = Body>, Arc<[AtomicUsize; 2]>)
where
    F: Future<Output = Result<Response<Body>, Error>> + Send + 'static,
{
    let asked: Arc<[AtomicUsize; 2]> = Arc::default();
    let counts = Arc::clone(&asked);
    let service = service_fn(move |request: Request<Body>| {
        let is_a = request.uri().host() == Some("a");
        counts[usize::from(!is_a)].fetch_add(1, SeqCst);
        let a = a.clone();
        async move { if is_a { a().await } else { Ok(Response::new(Body::from("b"))) } }
    });
    (service, asked)
}

#[tokio::test(start_paused = true)]
async fn balance_passes_over_a_host_whose_breaker_is_open() {
    let (server, asked) = hosts(async || Err(Error::new(ErrorKind::Transport, "reset").not_sent()));
    let breaker = BreakerLayer::new().failures(1).open_for(100 * SECOND, 100 * SECOND);
    let balance = BalanceLayer::new(["http://a/", "http://b/"]).unwrap().half_life(SECOND);
    let api = Client::with_service("http://a/", server).unwrap().layer(breaker).layer(balance);
    for _ in 0..50 {
        let response = api.get("x").await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "b");
        sleep(SECOND).await;
    }
    // Balancing would have probed it each second.
    assert_eq!(asked[0].load(SeqCst), 1);
    assert_eq!(asked[1].load(SeqCst), 50);
}

#[tokio::test(start_paused = true)]
async fn second_attempt_above_balance_goes_to_another_host() {
    let (server, asked) = hosts(async || {
        sleep(60 * SECOND).await;
        Ok(Response::new(Body::from("a")))
    });
    // The first upstream is taken while both are as good.
    let first = |_: &Method, _: &Uri, upstream: &Snapshot<'_>| {
        Some((upstream.active(), upstream.url().origin().to_string()))
    };
    let balance = BalanceLayer::new(["http://a/", "http://b/"]).unwrap().priority(first);
    let api = Client::with_service("http://a/", server).unwrap();
    let api = Resource::from(api.layer(balance).layer(HedgeLayer::after(SECOND)));
    let start = Instant::now();
    assert_eq!(api.get("x").bytes().await.unwrap(), "b");
    assert_eq!((start.elapsed(), asked[0].load(SeqCst)), (SECOND, 1));
}

#[tokio::test(start_paused = true)]
async fn open_breaker_is_an_answer_for_a_backend() {
    let api = Resource::with_service(
        "http://h",
        Router::new().fallback(async || StatusCode::BAD_GATEWAY),
    );
    let api = Client::from(api.unwrap()).layer(BreakerLayer::new().failures(1));
    api.get("x").await.unwrap();
    let error = api.get("x?key=secret").await.unwrap_err();
    assert!(error.is_unavailable() && !error.may_have_been_sent());
    assert_eq!(error.url(), Some("http://h/x?key…"));
    assert_eq!(error.unavailable().unwrap().retry_after(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn timeout_of_a_request_is_not_spent_on_waiting_in_vain() {
    let server = Router::new().route("/x", get("hello"));
    let client = Client::with_service("http://h", server).unwrap();
    let api = Resource::from(client.layer(RateLimitLayer::new(1, 10 * SECOND)));
    api.get("x").text().await.unwrap();
    let start = Instant::now();
    let within = |time| api.get("x").timeout(time).text();
    let error = within(SECOND).await.unwrap_err();
    assert_eq!(error.unavailable().unwrap().retry_after(), 10 * SECOND);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(within(20 * SECOND).await.unwrap(), "hello");
}

/// A server that fails after so long, and how often it was asked.
fn failing(time: Duration) -> (Client<Router>, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let server = Router::new().fallback(async move || {
        counted.fetch_add(1, SeqCst);
        sleep(time).await;
        StatusCode::BAD_GATEWAY
    });
    (Client::with_service("http://h", server).unwrap(), asked)
}

fn retries() -> RetryLayer {
    RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO)
}

fn attempts(response: &Response<impl Sized>) -> usize {
    response.extensions().get::<Attempts>().map_or(1, Attempts::count)
}

#[tokio::test(start_paused = true)]
async fn r6_hedge_and_retries_do_not_multiply() {
    // Three attempts and the second one of the first, or three attempts that are each sent twice.
    for (is_hedge_above, sent) in [(true, 4), (false, 6)] {
        let (client, asked) = failing(SECOND);
        let hedge = HedgeLayer::after(SECOND / 10).budget(RetryBudget::percent(100));
        let service = match is_hedge_above {
            true => client.layer(retries()).layer(hedge).boxed(),
            false => client.layer(hedge).layer(retries()).boxed(),
        };
        let response = service.get("x").await.unwrap();
        assert_eq!((response.status(), asked.load(SeqCst)), (StatusCode::BAD_GATEWAY, sent));
    }
}

#[tokio::test(start_paused = true)]
async fn r5_hedge_and_retries_that_share_a_budget_add_its_share() {
    // Each of them counts a request that reaches it: of 1000, 10 % and 10 %.
    let budget = RetryBudget::percent(10).per_second(0);
    let (client, asked) = failing(SECOND);
    let hedge = HedgeLayer::after(SECOND / 10).budget(budget.clone());
    let api = client.layer(hedge).layer(retries().budget(budget));
    for _ in 0..1000 {
        api.get("x").await.unwrap();
    }
    let again = asked.load(SeqCst) - 1000;
    assert!((180..=260).contains(&again), "{again}");
}

#[tokio::test(start_paused = true)]
async fn breaker_below_retries_counts_each_attempt_and_ends_them() {
    let (client, asked) = failing(Duration::ZERO);
    let api = client.layer(BreakerLayer::new().failures(2)).layer(retries());
    // The third attempt finds the breaker open.
    let start = Instant::now();
    let error = api.get("x").await.unwrap_err();
    assert!(error.is_unavailable());
    assert_eq!((asked.load(SeqCst), start.elapsed()), (2, Duration::ZERO));
    assert_eq!(error.attempts().unwrap().count(), 3);
    // Nor does another request ask the server.
    assert!(api.get("x").await.unwrap_err().is_unavailable());
    assert_eq!((asked.load(SeqCst), start.elapsed()), (2, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn rate_below_retries_holds_for_each_attempt() {
    let (client, asked) = failing(Duration::ZERO);
    let api = client.layer(RateLimitLayer::new(1, SECOND)).layer(retries());
    let start = Instant::now();
    for requests in 1..=3 {
        let response = api.get("x").await.unwrap();
        assert_eq!((attempts(&response), asked.load(SeqCst)), (3, 3 * requests));
    }
    assert_eq!(start.elapsed(), 8 * SECOND);
    // A second attempt would have its turn too late.
    let response = api.get("x").timeout(SECOND * 3 / 2).await.unwrap();
    let attempts: &Attempts = response.extensions().get().unwrap();
    assert_eq!((attempts.count(), attempts.not_retried()), (1, Some(NotRetried::Deadline)));
    assert_eq!(start.elapsed(), 9 * SECOND);
}

#[tokio::test]
async fn limited_client_keeps_its_limit_on_the_wire() {
    static LIVE: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let handler = async || {
        MOST.fetch_max(LIVE.fetch_add(1, SeqCst) + 1, SeqCst);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        LIVE.fetch_sub(1, SeqCst);
        "hello"
    };
    let server = Testbed::serve(Router::new().fallback(handler)).await.unwrap();
    let client = Client::new(server.url()).unwrap().layer(ConcurrencyLayer::per_origin(3));
    let api = Resource::from(client.layer(BreakerLayer::new()).layer(CoalesceLayer::new()));
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let get = api.get(format!("x/{}", number % 30).as_str()).text();
            tokio::spawn(async move { get.await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "hello");
    }
    assert!((1..=3).contains(&MOST.load(SeqCst)), "{MOST:?}");
}

/// Counts itself when it is dropped.
struct Dropped(&'static AtomicUsize);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[tokio::test]
async fn r9_server_is_told_that_the_late_attempt_is_given_up() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    let handler = async || {
        if ASKED.fetch_add(1, SeqCst) == 0 {
            let _dropped = Dropped(&DROPPED);
            std::future::pending::<()>().await;
        }
        "hello"
    };
    let server = Testbed::serve(Router::new().fallback(handler)).await.unwrap();
    let client = Client::new(server.url()).unwrap();
    let api = Resource::from(client.layer(HedgeLayer::after(SECOND / 100)));
    assert_eq!(api.get("x").text().await.unwrap(), "hello");
    let dropped = async {
        while DROPPED.load(SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(10 * SECOND, dropped).await.unwrap();
    assert_eq!(api.get("x").text().await.unwrap(), "hello");
}
