use super::*;
use crate::{Body, DeadlineLayer, ErrorKind, RequestOptions};
use http::{HeaderValue, StatusCode, Version, header::AUTHORIZATION};
use opentelemetry::{
    Value,
    trace::{SpanKind, Status, TracerProvider},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use std::{convert::Infallible, future::pending, time::Duration};
use tower::{ServiceExt, service_fn};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing_subscriber::layer::SubscriberExt;

/// Exports the spans of this thread.
struct Exported {
    exporter: InMemorySpanExporter,
    _guard: DefaultGuard,
}

impl Exported {
    fn here() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let spans = tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_tracer(provider.tracer("test"));
        let guard = set_default(tracing_subscriber::registry().with(spans));
        Self { exporter, _guard: guard }
    }

    fn one(&self) -> SpanData {
        let mut spans = self.exporter.get_finished_spans().unwrap();
        assert_eq!(spans.len(), 1, "{spans:?}");
        spans.remove(0)
    }
}

fn attributes(span: &SpanData) -> Vec<(&str, Value)> {
    let pairs = span.attributes.iter().map(|pair| (pair.key.as_str(), pair.value.clone()));
    pairs.collect()
}

fn value<'a>(span: &'a SpanData, name: &str) -> Option<&'a Value> {
    let mut pairs = span.attributes.iter();
    pairs.find(|pair| pair.key.as_str() == name).map(|pair| &pair.value)
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

/// Sends a request through the layer to a server that answers with a status.
async fn sent(layer: TraceLayer, status: u16, request: Request<Body>) -> SpanData {
    let exported = Exported::here();
    let server = service_fn(async |_: Request<Body>| {
        let response = Response::builder().status(status).version(Version::HTTP_2);
        Ok::<_, Infallible>(response.body(()).unwrap())
    });
    layer.layer(server).oneshot(request).await.unwrap();
    exported.one()
}

#[tokio::test]
async fn attempt_has_the_attributes_of_the_conventions() {
    let mut request = get("https://ada:s3cret@api.example.com:8443/users/7?key=s3cret");
    *RequestOptions::of_mut(&mut request) =
        RequestOptions::new().template("/users/{id}").attempt(3);
    let span = sent(TraceLayer::new(), 503, request).await;

    assert_eq!((&*span.name, span.span_kind.clone()), ("GET /users/{id}", SpanKind::Client));
    assert_eq!(span.status, Status::error(""));
    assert_eq!(
        attributes(&span),
        [
            ("http.request.method", "GET".into()),
            ("server.address", "api.example.com".into()),
            ("server.port", 8443.into()),
            (
                "url.full",
                "https://REDACTED:REDACTED@api.example.com:8443/users/7?key=REDACTED".into()
            ),
            ("url.template", "/users/{id}".into()),
            ("http.request.resend_count", 2.into()),
            ("http.response.status_code", 503.into()),
            ("network.protocol.version", "2".into()),
            ("error.type", "503".into()),
        ]
    );
}

#[tokio::test]
async fn what_is_not_known_is_left_out() {
    let mut request = get("/relative");
    *request.method_mut() = "PROPFIND".parse().unwrap();
    let span = sent(TraceLayer::new(), 302, request).await;

    assert_eq!((&*span.name, &span.status), ("HTTP", &Status::Unset));
    assert_eq!(
        attributes(&span),
        [
            ("http.request.method", "_OTHER".into()),
            ("http.request.method_original", "PROPFIND".into()),
            ("url.full", "/relative".into()),
            ("http.response.status_code", 302.into()),
            ("network.protocol.version", "2".into()),
        ]
    );
}

#[tokio::test]
async fn headers_and_query_values_show_when_they_are_listed() {
    let mut request = get("http://h/?page=2&key=s3cret");
    let mut secret = HeaderValue::from_static("s3cret");
    secret.set_sensitive(true);
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, secret);
    headers.insert("x-request-id", HeaderValue::from_static("7"));
    headers.insert("cookie", HeaderValue::from_static("s3cret"));
    let layer = TraceLayer::new()
        .record_query("page")
        .record_request_header(HeaderName::from_static("x-request-id"))
        .record_request_header(AUTHORIZATION);
    let span = sent(layer, 200, request).await;

    assert_eq!(value(&span, "url.full"), Some(&"http://h/?page=2&key=REDACTED".into()));
    let headers = r#"x-request-id: "7", authorization: Sensitive"#;
    assert_eq!(value(&span, "http.request.headers"), Some(&headers.into()));
    assert!(!format!("{span:?}").contains("s3cret"));
}

#[tokio::test]
async fn error_is_recorded_by_its_kind_and_comes_back_unchanged() {
    let exported = Exported::here();
    let server = service_fn(async |_: Request<Body>| {
        Err::<Response<()>, _>(Error::new(ErrorKind::Connect, "refused"))
    });
    let error = TraceLayer::new().layer(server).oneshot(get("http://h/")).await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_sent());

    let span = exported.one();
    assert_eq!(value(&span, "error.type"), Some(&"connect".into()));
    assert_eq!(span.status, Status::error("no connection could be made: refused"));
}

#[tokio::test(start_paused = true)]
async fn dropped_future_is_cancelled_and_no_error() {
    let exported = Exported::here();
    let silent =
        service_fn(async |_: Request<Body>| pending::<Result<Response<()>, Error>>().await);
    let exchange = TraceLayer::new().layer(silent).oneshot(get("http://h/"));
    tokio::time::timeout(Duration::from_secs(1), exchange).await.unwrap_err();

    let span = exported.one();
    assert_eq!(value(&span, "cancelled"), Some(&true.into()));
    assert_eq!((value(&span, "error.type"), &span.status), (None, &Status::Unset));
}

#[tokio::test(start_paused = true)]
async fn future_that_a_deadline_drops_timed_out() {
    let exported = Exported::here();
    let silent =
        service_fn(async |_: Request<Body>| pending::<Result<Response<Body>, Error>>().await);
    let layers = (DeadlineLayer::new(Duration::from_secs(1)), TraceLayer::new());
    let error = layers.layer(silent).oneshot(get("http://h/")).await.unwrap_err();
    assert!(error.is_timeout());

    let span = exported.one();
    assert_eq!(value(&span, "error.type"), Some(&"timeout".into()));
    assert_eq!((value(&span, "cancelled"), &span.status), (None, &Status::error("")));
}

#[tokio::test]
async fn service_below_is_called_and_polled_inside_of_the_span() {
    let exported = Exported::here();
    let inner = service_fn(|_: Request<Body>| {
        tracing::info_span!("called");
        async {
            tracing::info_span!("polled");
            Ok::<_, Infallible>(Response::new(()))
        }
    });
    TraceLayer::new().layer(inner).oneshot(get("http://h/")).await.unwrap();

    let spans = exported.exporter.get_finished_spans().unwrap();
    let [called, polled, attempt] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!([&*called.name, &*polled.name, &*attempt.name], ["called", "polled", "GET"]);
    for inside in [called, polled] {
        assert_eq!(inside.parent_span_id, attempt.span_context.span_id());
    }
}

#[tokio::test]
async fn call_counts_what_is_sent_below_and_is_no_http_request_itself() {
    let exported = Exported::here();
    let attempts = TraceLayer::new().layer(service_fn(async |_: Request<Body>| {
        Ok::<_, Infallible>(Response::builder().status(StatusCode::NOT_FOUND).body(()).unwrap())
    }));
    // Sends everything twice.
    let twice = service_fn(move |request: Request<Body>| {
        let attempts = attempts.clone();
        async move {
            let again = crate::copy::head_of(&request, request.uri().clone());
            attempts.clone().oneshot(request).await?;
            attempts.oneshot(again.map(|()| Body::empty())).await
        }
    });
    TraceLayer::calls().layer(twice).oneshot(get("http://h/")).await.unwrap();

    let spans = exported.exporter.get_finished_spans().unwrap();
    let [first, second, call] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(value(first, "http.request.resend_count"), None);
    assert_eq!(value(second, "http.request.resend_count"), Some(&1.into()));
    for attempt in [first, second] {
        assert_eq!(attempt.parent_span_id, call.span_context.span_id());
    }
    assert_eq!((&*call.name, &call.span_kind), ("call GET", &SpanKind::Internal));
    assert_eq!(attributes(call), [("error.type", "404".into())]);
}

#[tokio::test]
async fn layer_that_makes_no_spans_makes_none() {
    let exported = Exported::here();
    let server = service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(())));
    let layer = TraceLayer::none().record_query("page");
    assert!(layer.is_none() && !TraceLayer::new().is_none());
    layer.layer(server).oneshot(get("http://h/")).await.unwrap();
    assert!(exported.exporter.get_finished_spans().unwrap().is_empty());
}
