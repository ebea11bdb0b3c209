//! The order of the layers, recorded by one request on its way.

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use serde_json::Value;
use std::{
    any::type_name,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_clients::{
    AttemptTimeoutLayer, AuthorizeLayer, BaseUrl, Body, CheckStatusLayer, Client, CookieJar,
    CookieLayer, DeadlineLayer, DecodeLayer, DecompressLayer, DefaultHeadersLayer,
    DefaultQueryLayer, Error, FetchTokenLayer, IdleTimeoutLayer, JoinUrlLayer, Json, MetricsLayer,
    Query, RedirectLayer, RetryLayer, Session, Token, TraceLayer,
    metrics::MetricsCrate,
    request::{Decoded, Mode},
};
use tower_clients_mock::{Mock, Reply};

/// Notes the request below one layer on its way down, and the answer on its way up.
#[derive(Clone)]
struct Note {
    below: &'static str,
    log: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Noted<S> {
    inner: S,
    note: Note,
}

impl<S> Layer<S> for Note {
    type Service = Noted<S>;

    fn layer(&self, inner: S) -> Noted<S> {
        Noted { inner, note: self.clone() }
    }
}

impl<S, R> Service<Request<Body>> for Noted<S>
where
    S: Service<Request<Body>, Response = Response<R>, Future: Send + 'static>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Note { below, log } = self.note.clone();
        let headers: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
        log.lock().unwrap().push(format!("{below}: {} {}", request.uri(), headers.join(" ")));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let status =
                answer.as_ref().map_or("error".into(), |answer| answer.status().to_string());
            log.lock().unwrap().push(format!("{below}: {status} {}", type_name::<R>()));
            answer
        })
    }
}

#[tokio::test]
async fn request_passes_the_layers_in_the_documented_order() -> Result<(), Error> {
    let log = Arc::default();
    let note = |below| Note { below, log: Arc::clone(&log) };
    let base = BaseUrl::parse("http://h/v1")?;
    let origin = || base.origin().clone();
    let agent = (HeaderName::from_static("x-default"), HeaderValue::from_static("1"));
    let jar = CookieJar::new();
    jar.insert(&"http://h/".parse().unwrap(), "a=b")?;

    let stack = ServiceBuilder::new()
        .layer(note("top"))
        .layer(DeadlineLayer::new(Duration::from_secs(1)))
        .layer(note("deadline"))
        .layer(DecodeLayer::<Json<Value>>::new())
        .layer(note("decode"))
        .layer(CheckStatusLayer::new())
        .layer(note("check status"))
        .layer(JoinUrlLayer::new(base.clone()))
        .layer(note("join url"))
        .layer(TraceLayer::calls())
        .layer(note("trace of calls"))
        .layer(DefaultQueryLayer::new(origin(), Query::new(&[("q", 1)])?))
        .layer(note("default query"))
        .layer(RedirectLayer::new())
        .layer(note("redirect"))
        .layer(DefaultHeadersLayer::new(origin(), HeaderMap::from_iter([agent])))
        .layer(note("default headers"))
        .layer(AuthorizeLayer::bearer(origin(), "t0ken")?)
        .layer(note("authorize"))
        .layer(FetchTokenLayer::new(origin(), async || Token::bearer("not asked for")))
        .layer(note("fetch token"))
        .layer(DecompressLayer::new())
        .layer(note("decompress"))
        .layer(CookieLayer::new(jar).only(origin()))
        .layer(note("cookies"))
        .layer(RetryLayer::new())
        .layer(note("retry"))
        .layer(TraceLayer::new())
        .layer(note("trace"))
        .layer(MetricsLayer::new(MetricsCrate::new()))
        .layer(note("metrics"))
        .layer(AttemptTimeoutLayer::new(Duration::from_secs(1)))
        .layer(note("attempt timeout"))
        .layer(IdleTimeoutLayer::new(Duration::from_secs(1)))
        .layer(note("idle timeout"))
        .service(Mock::new().reply(Reply::json(&Value::Null)));
    stack.oneshot(Request::get("/user").body(Body::empty()).unwrap()).await?;

    let body =
        "tower_clients_layers::idle_timeout::IdleTimeoutBody<tower_clients_layers::body::Body>";
    let decompressed = format!("tower_clients_layers::decompress::body::DecompressBody<{body}>");
    let value = "serde_json::value::Value";
    assert_eq!(
        *log.lock().unwrap(),
        [
            "top: /user ".to_owned(),
            "deadline: /user ".into(),
            "decode: /user ".into(),
            "check status: /user ".into(),
            "join url: http://h/v1/user ".into(),
            "trace of calls: http://h/v1/user ".into(),
            "default query: http://h/v1/user?q=1 ".into(),
            "redirect: http://h/v1/user?q=1 ".into(),
            "default headers: http://h/v1/user?q=1 x-default".into(),
            "authorize: http://h/v1/user?q=1 x-default authorization".into(),
            "fetch token: http://h/v1/user?q=1 x-default authorization".into(),
            "decompress: http://h/v1/user?q=1 x-default authorization accept-encoding".into(),
            "cookies: http://h/v1/user?q=1 x-default authorization accept-encoding cookie".into(),
            "retry: http://h/v1/user?q=1 x-default authorization accept-encoding cookie".into(),
            "trace: http://h/v1/user?q=1 x-default authorization accept-encoding cookie".into(),
            "metrics: http://h/v1/user?q=1 x-default authorization accept-encoding cookie".into(),
            "attempt timeout: http://h/v1/user?q=1 x-default authorization accept-encoding cookie"
                .into(),
            "idle timeout: http://h/v1/user?q=1 x-default authorization accept-encoding cookie"
                .into(),
            "idle timeout: 200 OK tower_clients_layers::body::Body".into(),
            format!("attempt timeout: 200 OK {body}"),
            format!("metrics: 200 OK {body}"),
            format!("trace: 200 OK {body}"),
            format!("retry: 200 OK {body}"),
            format!("cookies: 200 OK {body}"),
            format!("decompress: 200 OK {body}"),
            format!("fetch token: 200 OK {decompressed}"),
            format!("authorize: 200 OK {decompressed}"),
            format!("default headers: 200 OK {decompressed}"),
            format!("redirect: 200 OK {decompressed}"),
            format!("default query: 200 OK {decompressed}"),
            format!("trace of calls: 200 OK {decompressed}"),
            format!("join url: 200 OK {decompressed}"),
            format!("check status: 200 OK {decompressed}"),
            format!("decode: 200 OK {decompressed}"),
            format!("deadline: 200 OK {value}"),
            format!("top: 200 OK tower_clients_layers::deadline::DeadlineBody<{value}>"),
        ]
    );
    Ok(())
}

/// The names in `text`, in the order in which they first come.
fn order_in<'a>(text: &str, names: &[&'a str]) -> Vec<&'a str> {
    let mut found: Vec<_> = names.iter().map(|name| (text.find(name), *name)).collect();
    assert!(found.iter().all(|(at, _)| at.is_some()), "{text} {found:?}");
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn preassembled_stack_has_the_same_order() {
    type Stack = <Decoded<Json<Value>> as Mode<Session<Mock>>>::Service;
    // A request of a client is joined when it is made.
    let outer = ["::Decode<", "::CheckStatus<", "::Session<"];
    assert_eq!(order_in(type_name::<Stack>(), &outer), outer);

    let session = Client::builder("http://h").build_over(Mock::new()).unwrap().into_inner();
    let inner = [
        "Trace { inner: DefaultQuery {",
        "Redirect {",
        "DefaultHeaders {",
        "Authorize {",
        "FetchToken {",
        "Decompress {",
        "Cookies {",
        "Retry {",
        "Trace { inner: Metrics {",
        "AttemptTimeout {",
        "IdleTimeout {",
        "Mock {",
    ];
    assert_eq!(order_in(&format!("{session:?}"), &inner), inner);
}

#[tokio::test]
async fn request_beats_defaults_and_defaults_beat_the_credential() {
    let replies = [(); 4].map(|()| Reply::status(200));
    let mock = replies.into_iter().fold(Mock::new(), Mock::reply);
    let builder = || Client::builder("http://h").header("authorization", "default");
    let source = async || Err::<Token, _>("not asked for");
    for builder in [builder().bearer_auth("t0ken"), builder().token_source(source)] {
        let client = builder.build_over(mock.clone()).unwrap();
        client.get("x").await.unwrap();
        client.get("x").header("authorization", "own").await.unwrap();
    }
    let sent: Vec<_> =
        mock.requests().iter().map(|request| request.headers()["authorization"].clone()).collect();
    assert_eq!(sent, ["default", "own", "default", "own"]);
}
