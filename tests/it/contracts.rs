//! Every layer keeps the contract of a tower middleware.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use std::time::Duration;
use tower::{Layer, Service};
use tower_clients::{
    AttemptTimeoutLayer, AuthorizeLayer, BalanceLayer, Body, BodyLimitLayer, BoxError,
    BreakerLayer, CheckLayer, CheckStatusLayer, CoalesceLayer, ConcurrencyLayer, Content,
    CookieJar, CookieLayer, DeadlineLayer, DecodeLayer, DecompressLayer, DefaultHeadersLayer,
    DefaultQueryLayer, FetchTokenLayer, ForwardLayer, HeadOrGetLayer, HedgeLayer, IdleTimeoutLayer,
    JoinUrlLayer, Json, MetricsLayer, PropagateLayer, Query, RateLimitLayer, RedirectLayer,
    ResumeLayer, RetryLayer, Session, Token, TraceLayer, Unchecked, metrics::MetricsCrate,
    url::Origin,
};
use tower_clients_mock::contract::{ORIGIN, Probe, assert_body_contract, assert_contract};

fn origin() -> Origin {
    ORIGIN.parse().unwrap()
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static("x-a"), HeaderValue::from_static("1"))])
}

/// Both parts of it, for layers that leave the response its body.
async fn keeps_contract<L, R>(layer: L)
where
    L: Layer<Probe>,
    L::Service: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    assert_contract(&layer).await;
    assert_body_contract(&layer).await;
}

#[tokio::test]
async fn forward() {
    keeps_contract(ForwardLayer::new()).await;
}

#[tokio::test]
async fn join_url() {
    keeps_contract(JoinUrlLayer::new(ORIGIN.parse().unwrap())).await;
}

#[tokio::test]
async fn deadline() {
    keeps_contract(DeadlineLayer::none()).await;
    keeps_contract(DeadlineLayer::new(Duration::from_secs(60))).await;
}

#[tokio::test]
async fn attempt_timeout() {
    keeps_contract(AttemptTimeoutLayer::none()).await;
    keeps_contract(AttemptTimeoutLayer::new(Duration::from_secs(60))).await;
}

#[tokio::test]
async fn idle_timeout() {
    keeps_contract(IdleTimeoutLayer::none()).await;
    keeps_contract(IdleTimeoutLayer::new(Duration::from_secs(60))).await;
}

#[tokio::test]
async fn retry() {
    keeps_contract(RetryLayer::none()).await;
    keeps_contract(RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO)).await;
}

#[tokio::test]
async fn trace() {
    keeps_contract(TraceLayer::none()).await;
    keeps_contract(TraceLayer::new()).await;
    keeps_contract(TraceLayer::calls()).await;
}

#[tokio::test]
async fn metrics() {
    keeps_contract(MetricsLayer::none()).await;
    keeps_contract(MetricsLayer::new(MetricsCrate::new())).await;
}

#[tokio::test]
async fn propagate() {
    keeps_contract(PropagateLayer::none()).await;
    keeps_contract(PropagateLayer::new(origin())).await;
}

#[tokio::test]
async fn default_query() {
    keeps_contract(DefaultQueryLayer::none()).await;
    keeps_contract(DefaultQueryLayer::new(origin(), Query::new(&[("a", 1)]).unwrap())).await;
}

#[tokio::test]
async fn default_headers() {
    keeps_contract(DefaultHeadersLayer::none()).await;
    keeps_contract(DefaultHeadersLayer::new(origin(), headers())).await;
}

#[tokio::test]
async fn redirect() {
    keeps_contract(RedirectLayer::none()).await;
    keeps_contract(RedirectLayer::new()).await;
    let within = RedirectLayer::new().within(ORIGIN.parse().unwrap());
    keeps_contract(within.allow_cross_origin()).await;
}

#[tokio::test]
async fn authorize() {
    keeps_contract(AuthorizeLayer::none()).await;
    keeps_contract(AuthorizeLayer::bearer(origin(), "t0ken").unwrap()).await;
}

#[tokio::test]
async fn fetch_token() {
    keeps_contract(FetchTokenLayer::none()).await;
    keeps_contract(FetchTokenLayer::new(origin(), async || Token::bearer("t0ken"))).await;
    let elsewhere = "http://other.test".parse().unwrap();
    keeps_contract(FetchTokenLayer::new(elsewhere, async || Token::bearer("t0ken"))).await;
}

#[tokio::test]
async fn cookies() {
    keeps_contract(CookieLayer::none()).await;
    let jar = CookieJar::new();
    jar.insert(&http::Uri::from_static(ORIGIN), "a=b").unwrap();
    keeps_contract(CookieLayer::new(jar.clone())).await;
    keeps_contract(CookieLayer::new(jar).only(origin())).await;
}

#[tokio::test]
async fn decompress() {
    keeps_contract(DecompressLayer::none()).await;
    keeps_contract(DecompressLayer::new()).await;
}

#[tokio::test]
async fn body_limit() {
    keeps_contract(BodyLimitLayer::none()).await;
    keeps_contract(BodyLimitLayer::new(100)).await;
}

#[tokio::test]
async fn balance() {
    keeps_contract(BalanceLayer::new([ORIGIN]).unwrap()).await;
    keeps_contract(BalanceLayer::new([ORIGIN, "http://other.test"]).unwrap()).await;
}

#[tokio::test]
async fn concurrency() {
    keeps_contract(ConcurrencyLayer::none()).await;
    // Where readiness is a permit, a clone needs another one.
    keeps_contract(ConcurrencyLayer::new(2)).await;
    keeps_contract(ConcurrencyLayer::per_origin(1)).await;
}

#[tokio::test]
async fn coalesce() {
    keeps_contract(CoalesceLayer::none()).await;
    keeps_contract(CoalesceLayer::new()).await;
}

#[tokio::test]
async fn hedge() {
    keeps_contract(HedgeLayer::none()).await;
    keeps_contract(HedgeLayer::after(Duration::from_secs(60)).also_idempotent()).await;
    keeps_contract(HedgeLayer::percentile(95).also_idempotent()).await;
}

#[tokio::test]
async fn breaker() {
    keeps_contract(BreakerLayer::none()).await;
    keeps_contract(BreakerLayer::new()).await;
}

#[tokio::test]
async fn rate_limit() {
    keeps_contract(RateLimitLayer::none()).await;
    keeps_contract(RateLimitLayer::adaptive()).await;
    keeps_contract(RateLimitLayer::new(9, Duration::from_millis(1)).burst(99)).await;
}

#[tokio::test]
async fn resume() {
    keeps_contract(ResumeLayer::new(0)).await;
    keeps_contract(ResumeLayer::new(3)).await;
}

#[tokio::test]
async fn check_status() {
    keeps_contract(CheckStatusLayer::new()).await;
    keeps_contract(CheckStatusLayer::streaming()).await;
}

#[tokio::test]
async fn head_or_get() {
    keeps_contract(HeadOrGetLayer::new()).await;
}

#[tokio::test]
async fn decode() {
    assert_contract(DecodeLayer::<Content>::new()).await;
    assert_contract(DecodeLayer::<Json<()>>::new()).await;
}

#[tokio::test]
async fn check() {
    assert_contract(CheckLayer::new(Unchecked)).await;
    assert_contract((CheckLayer::new(Unchecked), DecodeLayer::<Content>::new())).await;
}

#[tokio::test]
async fn session() {
    keeps_contract(tower::layer::layer_fn(Session::new)).await;
}
