//! Every layer alone over a no-op service.

use super::{BASE, USER, decode::by_hand, request};
use crate::{
    Meter,
    no_op::{Canned, NoOp, call},
    payload::{SMALL, User},
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};
use std::{fmt::Debug, time::Duration};
use tower::{Layer, Service, ServiceBuilder};
use tower_clients::{
    AttemptTimeoutLayer, AuthorizeLayer, BalanceLayer, BaseUrl, Body, BreakerLayer, CheckLayer,
    CheckStatusLayer, CoalesceLayer, ConcurrencyLayer, Content, CookieJar, CookieLayer,
    DeadlineLayer, DecodeLayer, DefaultHeadersLayer, DefaultQueryLayer, FetchTokenLayer,
    HedgeLayer, IdleTimeoutLayer, JoinUrlLayer, Json, MetricsLayer, Query, RateLimitLayer,
    RedirectLayer, ResumeLayer, RetryLayer, Token, TraceLayer, Unchecked,
    metrics::{Labels, Outcome, Recorder},
};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Measures every layer, on requests whose URI is prepared.
pub fn layers(meter: &mut impl Meter) {
    let base = BaseUrl::parse(BASE).expect("the URL is valid");
    let origin = || base.origin().clone();
    let (relative, absolute) = (Uri::from_static("/users/7"), Uri::from_static(USER));
    let (relative, uri) = (|| relative.clone(), || absolute.clone());

    meter.group("What does one layer cost?");
    case(meter, "no-op", NoOp::empty(), relative);
    let join = JoinUrlLayer::new(base.clone()).layer(NoOp::empty());
    case(meter, "JoinUrl, origin form", join.clone(), relative);
    case(meter, "JoinUrl, absolute form", join, uri);
    let headers = DefaultHeadersLayer::new(origin(), headers());
    case(meter, "DefaultHeaders, 2", headers.layer(NoOp::empty()), uri);
    case(meter, "DefaultQuery, 1", default_query(&base).layer(NoOp::empty()), uri);
    case(meter, "Redirect", RedirectLayer::new().layer(NoOp::empty()), uri);
    let authorize = AuthorizeLayer::bearer(origin(), "t0ken").expect("the token is valid");
    case(meter, "Authorize", authorize.layer(NoOp::empty()), uri);
    case(meter, "FetchToken, none", FetchTokenLayer::none().layer(NoOp::empty()), uri);
    let token = FetchTokenLayer::new(origin(), async || Token::bearer("t0ken"));
    case(meter, "FetchToken", token.layer(NoOp::empty()), uri);
    case(meter, "Cookies, none", CookieLayer::none().layer(NoOp::empty()), uri);
    case(meter, "Cookies, 2", cookies(&absolute).layer(NoOp::empty()), uri);
    case(meter, "Deadline, none", DeadlineLayer::none().layer(NoOp::empty()), uri);
    case(meter, "Deadline, 30 s", DeadlineLayer::new(TIMEOUT).layer(NoOp::empty()), uri);
    let attempt = AttemptTimeoutLayer::new(TIMEOUT);
    case(meter, "AttemptTimeout, 30 s", attempt.layer(NoOp::empty()), uri);
    let idle = IdleTimeoutLayer::new(TIMEOUT);
    case(meter, "IdleTimeout, 30 s", idle.layer(NoOp::empty()), uri);
    case(meter, "Retry, none", RetryLayer::none().layer(NoOp::empty()), uri);
    case(meter, "Retry", RetryLayer::new().layer(NoOp::empty()), uri);
    case(meter, "Trace, unwanted", TraceLayer::new().layer(NoOp::empty()), uri);
    case(meter, "Metrics, none", MetricsLayer::none().layer(NoOp::empty()), uri);
    case(meter, "Metrics", MetricsLayer::new(Unrecorded).layer(NoOp::empty()), uri);
    case(meter, "CheckStatus", CheckStatusLayer::new().layer(NoOp::empty()), uri);
    let balance = BalanceLayer::new([BASE, "http://other.example"]).expect("the URLs are valid");
    case(meter, "Balance, 2 upstreams", balance.layer(NoOp::empty()), uri);
    case(meter, "Resume, 3 attempts", ResumeLayer::new(3).layer(NoOp::empty()), uri);
    let concurrency = ConcurrencyLayer::per_origin(8);
    case(meter, "Concurrency, per origin", concurrency.layer(NoOp::empty()), uri);
    case(meter, "RateLimit, adaptive", RateLimitLayer::adaptive().layer(NoOp::empty()), uri);
    case(meter, "Breaker", BreakerLayer::new().layer(NoOp::empty()), uri);
    case(meter, "Hedge, 30 s", HedgeLayer::after(TIMEOUT).layer(NoOp::empty()), uri);
    case(meter, "Coalesce", CoalesceLayer::new().layer(NoOp::empty()), uri);
    case(meter, "Check, none", CheckLayer::new(Unchecked).layer(NoOp::empty()), uri);
    decoders(meter, uri);
}

/// Measures those layers that keep the URI, on requests whose URI was just joined: the first copy
/// of such a URI is not free.
pub fn layers_on_joined_uris(meter: &mut impl Meter) {
    let base = BaseUrl::parse(BASE).expect("the URL is valid");
    let uri = || base.join("users/7").expect("the reference is valid");

    meter.group("What does one layer cost, on a URI that was just joined?");
    case(meter, "no-op", NoOp::empty(), uri);
    let join = JoinUrlLayer::new(base.clone());
    case(meter, "JoinUrl, absolute form", join.layer(NoOp::empty()), uri);
    case(meter, "Deadline, 30 s", DeadlineLayer::new(TIMEOUT).layer(NoOp::empty()), uri);
    case(meter, "CheckStatus", CheckStatusLayer::new().layer(NoOp::empty()), uri);
    case(meter, "Resume, 3 attempts", ResumeLayer::new(3).layer(NoOp::empty()), uri);
    case(meter, "DefaultQuery, 1", default_query(&base).layer(NoOp::empty()), uri);

    let both = (DecodeLayer::<Json<User>>::new(), CheckStatusLayer::new());
    let json = NoOp::json(Canned::whole(SMALL.into()));
    meter.group("What do status and decoding cost?");
    case(meter, "no-op", json.clone(), uri);
    case(meter, "CheckStatus + Decode<Json<User>>", both.layer(json), uri);
}

/// Measures five layers as one would put them together, against decoding by hand.
pub fn five_layers(meter: &mut impl Meter) {
    let base = BaseUrl::parse(BASE).expect("the URL is valid");
    let origin = || base.origin().clone();
    let relative = || Uri::from_static("/users/7");
    let json = NoOp::json(Canned::whole(SMALL.into()));

    meter.group("What do base URL, headers, bearer, status and decoding cost?");
    by_hand::<User>(meter, "no-op, decoded by hand", json.clone());
    let stack = ServiceBuilder::new()
        .layer(DecodeLayer::<Json<User>>::new())
        .layer(CheckStatusLayer::new())
        .layer(JoinUrlLayer::new(base.clone()))
        .layer(DefaultHeadersLayer::new(origin(), headers()))
        .layer(AuthorizeLayer::bearer(origin(), "t0ken").expect("the token is valid"))
        .service(json);
    case(meter, "five layers", stack, relative);
}

/// Takes measurements and forgets them.
struct Unrecorded;

impl Recorder for Unrecorded {
    fn begin(&self, _: &Labels<'_>) {}

    fn end(&self, _: &Labels<'_>, _: &Outcome, _: Duration) {}
}

fn cookies(uri: &Uri) -> CookieLayer {
    let jar = CookieJar::new();
    for line in ["id=7f3a; Path=/", "lang=en; Path=/"] {
        jar.insert(uri, line).expect("the cookie is valid");
    }
    CookieLayer::new(jar)
}

fn decoders(meter: &mut impl Meter, uri: impl Fn() -> Uri) {
    let json = || NoOp::json(Canned::whole(SMALL.into()));

    meter.group("What does decoding cost?");
    case(meter, "no-op", json(), &uri);
    case(meter, "Decode<Json<User>>", DecodeLayer::<Json<User>>::new().layer(json()), &uri);
    case(meter, "Decode<Content>", DecodeLayer::<Content>::new().layer(json()), &uri);
}

fn case<S>(meter: &mut impl Meter, name: &str, mut service: S, uri: impl Fn() -> Uri)
where
    S: Service<Request<Body>, Error: Debug>,
{
    meter.case(name, || call(&mut service, request(uri())));
}

fn default_query(base: &BaseUrl) -> DefaultQueryLayer {
    let query = Query::new(&[("lang", "en")]).expect("pairs are a query");
    DefaultQueryLayer::new(base.origin().clone(), query)
}

fn headers() -> HeaderMap {
    let headers: [(HeaderName, _); 2] =
        [(header::USER_AGENT, "bench/1"), (header::ACCEPT, "application/json")];
    headers.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect()
}
