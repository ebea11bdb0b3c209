//! The spans of whole clients, as an exporter of OpenTelemetry gets them.

use allocation_counter::measure;
use opentelemetry::trace::{SpanId, SpanKind, Status, TracerProvider};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData},
};
use std::{
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};
use tower_clients::{
    BalanceLayer, Body, Client, ClientBuilder, Error, ErrorKind, PropagateLayer, Resource,
    RetryLayer, Token, TraceLayer,
};
use tower_clients_mock::{Mock, Reply};
use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};
use tracing_subscriber::layer::SubscriberExt;

/// Exports the spans of this thread.
pub(crate) struct Exported {
    exporter: InMemorySpanExporter,
    _guard: DefaultGuard,
}

impl Exported {
    pub(crate) fn here() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let guard = set_default(tracing_subscriber::registry().with(spans));
        Self { exporter, _guard: guard }
    }

    /// In the order in which they began.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        let mut spans = self.exporter.get_finished_spans().unwrap();
        spans.sort_by_key(|span| span.start_time);
        spans
    }
}

fn attribute(span: &SpanData, name: &str) -> String {
    let found = span.attributes.iter().find(|pair| pair.key.as_str() == name);
    found.map(|pair| pair.value.to_string()).unwrap_or_default()
}

fn traced(url: &str) -> ClientBuilder {
    let retry = RetryLayer::new().backoff(Duration::ZERO, Duration::ZERO);
    Client::builder(url).retry(retry).trace(TraceLayer::new())
}

#[tokio::test(start_paused = true)]
async fn two_retries_and_a_redirect_are_one_parent_and_four_attempts() -> Result<(), Error> {
    let exported = Exported::here();
    let mock = Mock::new()
        .reply(Reply::status(503))
        .reply(Reply::status(503))
        .reply(Reply::status(302).header("location", "https://h/people/7?key=s3cret"))
        .reply(Reply::status(200));
    let client = traced("https://h/v1").build_over(mock)?;
    let program = tracing::info_span!("program").entered();
    let response = client.get(("users", 7)).template("/users/{id}").await?;
    assert_eq!(response.status(), 200);
    drop(program);

    let spans = exported.spans();
    let [program, call, attempts @ ..] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((&*call.name, &call.span_kind), ("call GET /users/{id}", &SpanKind::Internal));
    assert_eq!(call.parent_span_id, program.span_context.span_id());
    assert_eq!(call.status, Status::Unset);

    let seen = attempts.iter().map(|span| {
        assert_eq!(span.parent_span_id, call.span_context.span_id());
        assert_eq!(span.span_kind, SpanKind::Client);
        let names = [
            "url.full",
            "url.template",
            "http.request.resend_count",
            "http.response.status_code",
            "error.type",
        ];
        (span.name.to_string(), names.map(|name| attribute(span, name)).join(" "))
    });
    let (name, url) = ("GET /users/{id}", "https://h/v1/users/7 /users/{id}");
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            (name.to_owned(), format!("{url}  503 503")),
            (name.to_owned(), format!("{url} 1 503 503")),
            (name.to_owned(), format!("{url} 2 302 ")),
            ("GET".to_owned(), "https://h/people/7?key=REDACTED  3 200 ".to_owned()),
        ]
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn resends_are_counted_across_origins_and_for_new_tokens() -> Result<(), Error> {
    let exported = Exported::here();
    let mock = Mock::new()
        .reply(Reply::status(200))
        .reply(Reply::status(401))
        .reply(Reply::status(307).header("location", "https://other.test/"))
        .reply(Reply::status(503))
        .reply(Reply::status(200));
    let source = async || Token::bearer("t0ken");
    let builder = traced("https://h/v1").allow_origin("https://other.test").token_source(source);
    let client = builder.build_over(mock)?;
    client.get("users").await?;
    // A token that is refused at once is not fetched again.
    tokio::time::advance(Duration::from_secs(1)).await;
    client.get("users").await?;

    let spans = exported.spans();
    let seen = spans[3..].iter().map(|span| {
        ["server.address", "http.request.resend_count"].map(|name| attribute(span, name))
    });
    let expected = [["h", ""], ["h", "1"], ["other.test", "2"], ["other.test", "3"]];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn call_that_fails_is_an_error_with_its_kind() {
    let exported = Exported::here();
    let mock = Mock::new().reply(Reply::hang()).reply(Reply::status(404));
    let client = traced("https://h").attempt_timeout(Duration::from_secs(1));
    let api = Resource::from(client.build_over(mock).unwrap());
    assert_eq!(api.get("users").await.unwrap_err().status().unwrap(), 404);

    let seen = exported.spans();
    let seen = seen.iter().map(|span| (&*span.name, attribute(span, "error.type")));
    let expected = [("call GET", "404"), ("GET", "timeout"), ("GET", "404")];
    assert_eq!(seen.collect::<Vec<_>>(), expected.map(|(name, kind)| (name, kind.to_owned())));
}

#[tokio::test]
async fn server_is_told_the_attempt_as_parent() -> Result<(), Error> {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let exported = Exported::here();
    let mock = Mock::new().reply(Reply::status(503)).reply(Reply::status(200));
    let propagate = PropagateLayer::new("https://h".parse()?);
    let client = traced("https://h").build_over(tower::Layer::layer(&propagate, mock.clone()))?;
    client.get("users").await?;

    let spans = exported.spans();
    let told = mock.requests();
    let told = told.iter().map(|request| request.headers()["traceparent"].to_str().unwrap());
    let attempts = spans[1..].iter().map(|span| {
        let context = &span.span_context;
        format!("00-{}-{}-01", context.trace_id(), context.span_id())
    });
    assert_eq!(told.collect::<Vec<_>>(), attempts.collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn layer_below_a_balance_makes_a_span_of_each_host() -> Result<(), Error> {
    let exported = Exported::here();
    let refused = Error::new(ErrorKind::Connect, "refused");
    let mock = Mock::new().reply(Reply::fail(refused)).reply(Reply::status(200));
    let balance = BalanceLayer::new(["http://a.test", "http://b.test"])?;
    let hosts = tower::Layer::layer(&(balance, TraceLayer::new()), mock);
    let client = Client::with_service("http://a.test", hosts)?.layer(TraceLayer::calls());
    client.get("users").await?;

    let spans = exported.spans();
    let mut hosts: Vec<_> =
        spans[1..].iter().map(|span| attribute(span, "server.address")).collect();
    hosts.sort();
    assert_eq!(hosts, ["a.test", "b.test"]);
    assert!(spans[1..].iter().all(|span| span.parent_span_id == spans[0].span_context.span_id()));
    assert_eq!(spans[0].parent_span_id, SpanId::INVALID);
    Ok(())
}

#[test]
fn layer_whose_spans_nobody_wants_allocates_nothing() {
    let server = || {
        tower::service_fn(|_: http::Request<Body>| {
            std::future::ready(Ok::<_, Error>(http::Response::new(())))
        })
    };
    let layers = (TraceLayer::calls(), TraceLayer::new().record_query("page"));
    let mut service = tower::Layer::layer(&layers, server());
    let mut send = move || {
        let request = http::Request::new(Body::empty());
        let exchange = pin!(tower::Service::call(&mut service, request));
        assert!(exchange.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    };
    // Threads that have no subscriber at all may not tell, while another one has.
    let unwanted = set_default(NoSubscriber::new());
    send();
    assert_eq!(measure(&mut send).count_total, 0);
    drop(unwanted);
    // That it is counted at all.
    let _exported = Exported::here();
    assert!(measure(&mut send).count_total > 2);
}
