//! Every layer keeps the contract of a tower middleware.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;
use tower_clients::{
    AttemptTimeoutLayer, AuthorizeLayer, BalanceLayer, BodyLimitLayer, BreakerLayer, CheckLayer,
    CheckStatusLayer, CoalesceLayer, ConcurrencyLayer, Content, CookieJar, CookieLayer,
    DeadlineLayer, DecodeLayer, DecompressLayer, DefaultHeadersLayer, DefaultQueryLayer,
    FetchTokenLayer, HeadOrGetLayer, HedgeLayer, IdleTimeoutLayer, JoinUrlLayer, Json,
    MetricsLayer, PropagateLayer, Query, RateLimitLayer, RedirectLayer, ResumeLayer, RetryLayer,
    Session, Token, TraceLayer, Unchecked, metrics::MetricsCrate, url::Origin,
};
use tower_clients_mock::contract::{ORIGIN, assert_contract};

fn origin() -> Origin {
    ORIGIN.parse().unwrap()
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static("x-a"), HeaderValue::from_static("1"))])
}

#[tokio::test]
async fn join_url() {
    assert_contract(JoinUrlLayer::new(ORIGIN.parse().unwrap())).await;
}

#[tokio::test]
async fn deadline() {
    assert_contract(DeadlineLayer::none()).await;
    assert_contract(DeadlineLayer::new(Duration::from_secs(60))).await;
}

#[tokio::test]
async fn attempt_timeout() {
    assert_contract(AttemptTimeoutLayer::none()).await;
    assert_contract(AttemptTimeoutLayer::new(Duration::from_secs(60))).await;
}

#[tokio::test]
async fn idle_timeout() {
    assert_contract(IdleTimeoutLayer::none()).await;
    assert_contract(IdleTimeoutLayer::new(Duration::from_secs(60))).await;
}

#[tokio::test]
async fn retry() {
    assert_contract(RetryLayer::none()).await;
    assert_contract(RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO)).await;
}

#[tokio::test]
async fn trace() {
    assert_contract(TraceLayer::none()).await;
    assert_contract(TraceLayer::new()).await;
    assert_contract(TraceLayer::calls()).await;
}

#[tokio::test]
async fn metrics() {
    assert_contract(MetricsLayer::none()).await;
    assert_contract(MetricsLayer::new(MetricsCrate::new())).await;
}

#[tokio::test]
async fn propagate() {
    assert_contract(PropagateLayer::none()).await;
    assert_contract(PropagateLayer::new(origin())).await;
}

#[tokio::test]
async fn default_query() {
    assert_contract(DefaultQueryLayer::none()).await;
    assert_contract(DefaultQueryLayer::new(origin(), Query::new(&[("a", 1)]).unwrap())).await;
}

#[tokio::test]
async fn default_headers() {
    assert_contract(DefaultHeadersLayer::none()).await;
    assert_contract(DefaultHeadersLayer::new(origin(), headers())).await;
}

#[tokio::test]
async fn redirect() {
    assert_contract(RedirectLayer::none()).await;
    assert_contract(RedirectLayer::new()).await;
    let within = RedirectLayer::new().within(ORIGIN.parse().unwrap());
    assert_contract(within.allow_cross_origin()).await;
}

#[tokio::test]
async fn authorize() {
    assert_contract(AuthorizeLayer::none()).await;
    assert_contract(AuthorizeLayer::bearer(origin(), "t0ken").unwrap()).await;
}

#[tokio::test]
async fn fetch_token() {
    assert_contract(FetchTokenLayer::none()).await;
    assert_contract(FetchTokenLayer::new(origin(), async || Token::bearer("t0ken"))).await;
    let elsewhere = "http://other.test".parse().unwrap();
    assert_contract(FetchTokenLayer::new(elsewhere, async || Token::bearer("t0ken"))).await;
}

#[tokio::test]
async fn cookies() {
    assert_contract(CookieLayer::none()).await;
    let jar = CookieJar::new();
    jar.insert(&http::Uri::from_static(ORIGIN), "a=b").unwrap();
    assert_contract(CookieLayer::new(jar.clone())).await;
    assert_contract(CookieLayer::new(jar).only(origin())).await;
}

#[tokio::test]
async fn decompress() {
    assert_contract(DecompressLayer::none()).await;
    assert_contract(DecompressLayer::new()).await;
}

#[tokio::test]
async fn body_limit() {
    assert_contract(BodyLimitLayer::none()).await;
    assert_contract(BodyLimitLayer::new(100)).await;
}

#[tokio::test]
async fn balance() {
    assert_contract(BalanceLayer::new([ORIGIN]).unwrap()).await;
    assert_contract(BalanceLayer::new([ORIGIN, "http://other.test"]).unwrap()).await;
}

#[tokio::test]
async fn concurrency() {
    assert_contract(ConcurrencyLayer::none()).await;
    // Where readiness is a permit, a clone needs another one.
    assert_contract(ConcurrencyLayer::new(2)).await;
    assert_contract(ConcurrencyLayer::per_origin(1)).await;
}

#[tokio::test]
async fn coalesce() {
    assert_contract(CoalesceLayer::none()).await;
    assert_contract(CoalesceLayer::new()).await;
}

#[tokio::test]
async fn hedge() {
    assert_contract(HedgeLayer::none()).await;
    assert_contract(HedgeLayer::after(Duration::from_secs(60)).idempotent()).await;
    assert_contract(HedgeLayer::percentile(95).idempotent()).await;
}

#[tokio::test]
async fn breaker() {
    assert_contract(BreakerLayer::none()).await;
    assert_contract(BreakerLayer::new()).await;
}

#[tokio::test]
async fn rate_limit() {
    assert_contract(RateLimitLayer::none()).await;
    assert_contract(RateLimitLayer::adaptive()).await;
    assert_contract(RateLimitLayer::new(9, Duration::from_millis(1))).await;
}

#[tokio::test]
async fn resume() {
    assert_contract(ResumeLayer::new(0)).await;
    assert_contract(ResumeLayer::new(3)).await;
}

#[tokio::test]
async fn check_status() {
    assert_contract(CheckStatusLayer::new()).await;
    assert_contract(CheckStatusLayer::streaming()).await;
}

#[tokio::test]
async fn head_or_get() {
    assert_contract(HeadOrGetLayer::new()).await;
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
    assert_contract(tower::layer::layer_fn(Session::new)).await;
}
