//! Exact allocation counts of the stacks over a service that allocates nothing.

use allocation_counter::measure;
use bytes::Bytes;
use http::{
    HeaderValue, Request, Response,
    header::{RANGE, USER_AGENT},
};
use http_body_util::Full;
use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};
use tower::Service;
use tower_clients::{
    BalanceLayer, Body, Client, ClientBuilder, DecompressLayer, FetchTokenLayer, Proxy, Redirects,
    Resource, ResumeLayer, RetryLayer, Token, stream::Lines,
};

/// Answers 200 with a prepared body.
#[derive(Clone)]
struct NoOp {
    body: Bytes,
}

impl NoOp {
    fn new(body: &'static str) -> Self {
        Self { body: Bytes::from_static(body.as_bytes()) }
    }
}

impl<B> Service<Request<B>> for NoOp {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(Response::new(Full::new(self.body.clone()))))
    }
}

/// Allocations of a future that is ready when it is first polled.
fn allocations<F: Future>(exchange: impl Fn() -> F) -> u64 {
    let run = || {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(exchange()).poll(&mut cx).is_ready());
    };
    run();
    measure(run).count_total
}

fn client() -> Client<NoOp> {
    Client::with_service("http://h/v1", NoOp::new("")).unwrap()
}

#[test]
fn client_makes_one_for_the_url() {
    let client = client();
    assert_eq!(allocations(|| client.get("user").send()), 1);
    assert_eq!(allocations(|| client.get("user?page=2").send()), 1);
}

#[test]
fn waiting_adds_one_to_look_at_idle_connections() {
    let client = client();
    let awaited = allocations(|| client.get("user").text().send());
    let client = client.blocking().unwrap();
    let call = || drop(client.get("user").text().wait().unwrap());
    call();
    assert_eq!(measure(call).count_total, awaited + 1);
}

#[test]
fn inert_session_adds_none() {
    let session = bare().build_over(NoOp::new("")).unwrap();
    assert_eq!(allocations(|| session.get("user").send()), 1);
}

/// Without the layers that do something by default.
fn bare() -> ClientBuilder {
    Client::builder("http://h/v1").redirect(Redirects::Never).decompression(DecompressLayer::none())
}

/// The copy of the URL is the one that a transport makes otherwise: `wire_allocations` has it already.
#[test]
fn redirects_add_a_copy_of_the_url_and_of_what_the_request_has() {
    const DEMO: HeaderValue = HeaderValue::from_static("demo/1");
    let on = bare().redirect(Redirects::SameOrigin).build_over(NoOp::new("")).unwrap();
    let off = bare().build_over(NoOp::new("")).unwrap();
    assert_eq!(allocations(|| on.get("user").send()), 1 + 1);
    let with_header =
        |client: &Client<_>| allocations(|| client.get("user").header(USER_AGENT, DEMO).send());
    assert_eq!(with_header(&on), with_header(&off) + 1 + 2);
    let with_body = |client: &Client<_>| allocations(|| client.post("user").body("static").send());
    assert_eq!(with_body(&on), with_body(&off) + 1 + 1);
}

#[test]
fn inert_limits_add_none() {
    use tower_clients::{
        BreakerLayer, CoalesceLayer, ConcurrencyLayer, HedgeLayer, RateLimitLayer,
    };
    let client = client()
        .layer(ConcurrencyLayer::none())
        .layer(RateLimitLayer::none())
        .layer(BreakerLayer::none())
        .layer(HedgeLayer::none())
        .layer(CoalesceLayer::none());
    assert_eq!(allocations(|| client.get("user").send()), 1);
    // Nor do those of which nobody has to wait or to ask again, when the origin is known.
    let client = self::client()
        .layer(ConcurrencyLayer::per_origin(8))
        .layer(RateLimitLayer::adaptive())
        .layer(BreakerLayer::new());
    assert_eq!(allocations(|| client.get("user").send()), 1);
}

#[test]
fn cookies_of_another_origin_add_none() {
    use tower::Layer;
    use tower_clients::{CookieJar, CookieLayer};
    let layer = CookieLayer::new(CookieJar::new()).only("http://other".parse().unwrap());
    for layer in [layer, CookieLayer::none()] {
        let client = Client::with_service("http://h/v1", layer.layer(NoOp::new(""))).unwrap();
        assert_eq!(allocations(|| client.get("user").send()), 1);
    }
}

#[test]
fn configured_session_adds_the_header_map() {
    let session = bare()
        .header("user-agent", "demo/1")
        .header("x-api-key", "key")
        .bearer_auth("t0ken")
        .build_over(NoOp::new(""))
        .unwrap();
    assert_eq!(allocations(|| session.get("user").send()), 1 + 2);
}

#[test]
fn token_adds_its_state_the_header_map_and_a_copy_of_the_head() {
    const DEMO: HeaderValue = HeaderValue::from_static("demo/1");
    let send = |source: bool, header: bool| {
        let builder = bare();
        let builder =
            if source { builder.token_source(async || Token::bearer("t0ken")) } else { builder };
        let client = builder.build_over(NoOp::new("")).unwrap();
        allocations(|| {
            let request = client.get("user");
            if header { request.header(USER_AGENT, DEMO).send() } else { request.send() }
        })
    };
    // The state, the copy of the URI that was just joined, and the header map of two.
    assert_eq!(send(true, false), send(false, false) + 1 + 1 + 2);
    // Here the map is there, and is copied.
    assert_eq!(send(true, true), send(false, true) + 1 + 1 + 2);
}

/// Of `accept-encoding`; a transport needs the map for `host` anyway.
#[test]
fn decompression_adds_the_header_map() {
    const DEMO: HeaderValue = HeaderValue::from_static("demo/1");
    let on = bare().decompression(DecompressLayer::new());
    let on = on.build_over(NoOp::new("body")).unwrap();
    assert_eq!(allocations(|| on.get("user").send()), 1 + 2);
    assert_eq!(allocations(|| on.get("user").header(USER_AGENT, DEMO).send()), 1 + 2);
}

#[test]
fn token_of_another_origin_adds_none() {
    use tower::Layer;
    let layer =
        FetchTokenLayer::new("http://other".parse().unwrap(), async || Token::bearer("t0ken"));
    for layer in [layer, FetchTokenLayer::none()] {
        let client = Client::with_service("http://h/v1", layer.layer(NoOp::new(""))).unwrap();
        assert_eq!(allocations(|| client.get("user").send()), 1);
    }
}

#[test]
fn resource_adds_one_for_the_name_of_the_request_in_errors() {
    let api = Resource::with_service("http://h/v1", NoOp::new("")).unwrap();
    assert_eq!(allocations(|| api.get("user").bytes().send()), 1 + 1);
    let api = Resource::with_service("http://h/v1", NoOp::new("[1,2]")).unwrap();
    assert_eq!(allocations(|| api.get("user").json::<[u8; 2]>().send()), 1 + 1);
    assert_eq!(allocations(|| api.get("user").bytes().send()), 1 + 1);
}

#[test]
fn stream_adds_none_for_a_line_within_a_frame() {
    let api = Resource::with_service("http://h/v1", NoOp::new("1\n2\r\n\n3")).unwrap();
    let lines = || async {
        let mut lines = api.get("user").lines().await.unwrap();
        while lines.next().await.is_some_and(|line| line.is_ok()) {}
    };
    assert_eq!(allocations(lines), 1 + 1);
    let values = || async {
        let mut values = api.get("user").json_lines::<u8>().await.unwrap();
        while values.next().await.is_some_and(|value| value.is_ok()) {}
    };
    assert_eq!(allocations(values), 1 + 1);
    let alone = || async {
        let mut lines = Lines::new(Full::new(api.client().get_ref().body.clone()));
        while lines.next().await.is_some_and(|line| line.is_ok()) {}
    };
    assert_eq!(allocations(alone), 0);
}

#[test]
fn box_adds_one_for_the_clone_one_for_the_future_and_one_for_the_body() {
    let empty = client().boxed();
    assert_eq!(allocations(|| empty.get("user").send()), 1 + 2);
    let full = Client::with_service("http://h/v1", NoOp::new("x")).unwrap().boxed();
    assert_eq!(allocations(|| full.get("user").send()), 1 + 3);
}

#[tokio::test]
async fn timeout_adds_its_timer_and_the_name_of_the_request() {
    let client = client();
    let hour = std::time::Duration::from_secs(3600);
    assert_eq!(allocations(|| client.get("user").timeout(hour).send()), 1 + 2);
}

#[test]
fn query_adds_its_text_which_grows_and_the_new_url() {
    let client = client();
    assert_eq!(allocations(|| client.get("user").query(&[("page", "2")]).send()), 1 + 3);
}

#[test]
fn segments_add_the_reference() {
    let client = client();
    assert_eq!(allocations(|| client.get(("users", "7")).send()), 1 + 1);
}

#[test]
fn balance_adds_the_url_of_the_upstream() {
    let urls = ["http://a/v1", "http://b/v1", "http://c/v1"];
    let proxy = Proxy::with_service(urls, NoOp::new("")).unwrap();
    assert_eq!(allocations(|| proxy.get("user").send()), 1 + 1);
}

#[test]
fn resume_adds_the_copy_of_what_could_be_sent_again() {
    const PART: HeaderValue = HeaderValue::from_static("bytes=0-");
    let client = |attempts| {
        let service = tower::Layer::layer(&ResumeLayer::new(attempts), NoOp::new("x"));
        Client::with_service("http://h/v1", service).unwrap()
    };
    let (off, on) = (client(0), client(3));
    assert_eq!(allocations(|| off.get("user").send()), 1);
    assert_eq!(allocations(|| on.post("user").send()), 1);
    assert_eq!(allocations(|| on.get("user").send()), 1 + 1);
    let part = |client: &Client<_>| allocations(|| client.get("user").header(RANGE, PART).send());
    assert_eq!(part(&on), part(&off));
}

#[test]
fn retry_adds_its_state_the_number_of_the_attempt_and_a_copy_of_the_head() {
    const DEMO: HeaderValue = HeaderValue::from_static("demo/1");
    let send = |layer: RetryLayer, header: bool, options: bool| {
        let client = bare().retry(layer).build_over(NoOp::new("")).unwrap();
        allocations(|| {
            let request = client.get("user");
            let request = if header { request.header(USER_AGENT, DEMO) } else { request };
            if options { request.limit(9) } else { request }.send()
        })
    };
    let adds = |header, options| {
        let without = send(RetryLayer::none(), header, options);
        send(RetryLayer::new(), header, options) - without
    };
    // The state, the options, which are three, and the copy of the URI that was just joined.
    assert_eq!(adds(false, false), 1 + 3 + 1);
    assert_eq!(adds(true, false), 1 + 3 + 1 + 2);
    // Here the options are there, and are copied.
    assert_eq!(adds(false, true), 1 + 3 + 1);
    assert_eq!(send(RetryLayer::new().attempts(1), false, false), 1);
}

#[tokio::test]
async fn attempt_and_idle_timeouts_add_a_timer_each_and_the_name_of_the_request() {
    let hour = std::time::Duration::from_secs(3600);
    let send = |builder: ClientBuilder| {
        let client = builder.build_over(NoOp::new("")).unwrap();
        allocations(|| client.get("user").send())
    };
    assert_eq!(send(bare().attempt_timeout(hour)), 1 + 2);
    assert_eq!(send(bare().idle_timeout(hour)), 1 + 2);
    assert_eq!(send(bare().attempt_timeout(hour).idle_timeout(hour)), 1 + 3);
}

#[test]
fn failover_adds_the_copy_of_the_headers() {
    const DEMO: HeaderValue = HeaderValue::from_static("demo/1");
    let send = |failover| {
        let balance = BalanceLayer::new(["http://a", "http://b"]).unwrap().failover(failover);
        let service = tower::Layer::layer(&balance, NoOp::new(""));
        let client = Client::with_service("http://a", service).unwrap();
        allocations(|| client.get("user").header(USER_AGENT, DEMO).send())
    };
    assert_eq!(send(true), send(false) + 2);
}

#[test]
fn e3_document_takes_a_known_multiple_of_its_size() {
    // No text is smaller for what it becomes.
    let document = Bytes::from(format!("[{}0]", "0,".repeat(500_000)));
    let size = document.len() as u64;
    let service = tower::service_fn(move |_: Request<Body>| {
        let response = Response::builder().header("content-type", "application/json");
        ready(Ok::<_, Infallible>(response.body(Full::new(document.clone())).unwrap()))
    });
    let api = Resource::with_service("http://h", service).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let typed = measure(|| {
        let polled = pin!(api.get("x").json::<Vec<u8>>().send()).poll(&mut cx);
        assert!(polled.map(|numbers| numbers.unwrap().len() == 500_001).is_ready());
    });
    let value = measure(|| assert!(pin!(api.get("x").send()).poll(&mut cx).is_ready()));
    let factors = [typed, value].map(|taken| taken.bytes_max / size);
    assert!(factors[0] < 3 && factors[1] < 50, "{factors:?}");
}

/// They are moved a few times before they are polled.
#[test]
fn futures_of_requests_are_small() {
    let client = Client::new("http://h/v1").unwrap();
    assert!(size_of_val(&client.get("user").send()) <= 640);
    let resource = Resource::from(client);
    assert!(size_of_val(&resource.get("user").send()) <= 896);
}
