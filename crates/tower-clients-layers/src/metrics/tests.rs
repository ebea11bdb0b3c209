use super::*;
use crate::{Body, DeadlineLayer, ErrorKind, RequestOptions};
use http::{StatusCode, Version};
use std::{
    convert::Infallible,
    future::{Pending, pending},
    sync::Mutex,
    time::Duration,
};
use tokio::time::sleep;
use tower::{ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);

/// Notes what begins and what ends.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Recorder for Log {
    fn begin(&self, request: &Labels<'_>) {
        let Labels { method, server_address, server_port, template } = *request;
        let (host, port) = (server_address.unwrap_or("-"), server_port.unwrap_or(0));
        let line = format!("{method} {host} {port} {}", template.unwrap_or("-"));
        self.0.lock().unwrap().push(line);
    }

    fn end(&self, request: &Labels<'_>, outcome: &Outcome, took: Duration) {
        self.begin(request);
        let status = outcome.status().as_ref().map_or("-".into(), StatusCode::to_string);
        let version = outcome.protocol_version().unwrap_or("-");
        let what = match outcome.is_cancelled() {
            true => "cancelled",
            false => outcome.error_type().unwrap_or("good"),
        };
        let line = format!("{status} {version} {what} {took:?}");
        self.0.lock().unwrap().push(line);
    }
}

impl Log {
    fn layer() -> (Arc<Self>, MetricsLayer) {
        let log = Arc::new(Self::default());
        (Arc::clone(&log), MetricsLayer::new(log))
    }

    /// The labels, which are the same in the end, and the outcome.
    fn one(&self) -> (String, String) {
        let lines = self.0.lock().unwrap();
        let [begun, ended, outcome] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(begun, ended);
        (begun.clone(), outcome.clone())
    }
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn answer_is_measured_with_labels_of_few_values() {
    let (log, layer) = Log::layer();
    let server = service_fn(async |_: Request<Body>| {
        sleep(SECOND).await;
        let response = Response::builder().status(503).version(Version::HTTP_2);
        Ok::<_, Infallible>(response.body(()).unwrap())
    });
    let mut request = get("https://api.example.com/users/7?key=s3cret");
    *RequestOptions::of_mut(&mut request) = RequestOptions::new().template("/users/{id}");
    layer.layer(server).oneshot(request).await.unwrap();

    let expected = ("GET api.example.com 443 /users/{id}", "503 Service Unavailable 2 503 1s");
    assert_eq!(log.one(), (expected.0.into(), expected.1.into()));
}

#[tokio::test(start_paused = true)]
async fn error_is_measured_by_its_kind_and_comes_back_unchanged() {
    let (log, layer) = Log::layer();
    let server = service_fn(async |_: Request<Body>| {
        Err::<Response<()>, _>(Error::new(ErrorKind::Connect, "refused"))
    });
    let error = layer.layer(server).oneshot(get("/")).await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_sent());
    assert_eq!(log.one(), ("GET - 0 -".into(), "- - connect 0ns".into()));
}

fn silent(_: Request<Body>) -> Pending<Result<Response<Body>, Infallible>> {
    pending()
}

#[tokio::test(start_paused = true)]
async fn dropped_future_is_cancelled_and_no_error() {
    let (log, layer) = Log::layer();
    let exchange = layer.layer(service_fn(silent)).oneshot(get("http://h/"));
    tokio::time::timeout(SECOND, exchange).await.unwrap_err();
    assert_eq!(log.one().1, "- - cancelled 1s");
}

#[tokio::test(start_paused = true)]
async fn future_that_a_deadline_drops_timed_out() {
    let (log, layer) = Log::layer();
    let service = (DeadlineLayer::new(SECOND), layer).layer(service_fn(silent));
    assert!(service.oneshot(get("http://h/")).await.unwrap_err().is_timeout());
    assert_eq!(log.one().1, "- - timeout 1s");
}

#[tokio::test]
async fn future_that_is_never_polled_is_over_too_and_shows_no_secret() {
    let (log, layer) = Log::layer();
    let exchange = layer.layer(service_fn(silent)).call(get("http://h/?key=s3cret"));
    let shown = format!("{exchange:?}");
    assert!(shown.contains("http://h/?key…") && !shown.contains("s3cret"), "{shown}");
    drop(exchange);
    assert!(log.one().1.contains("cancelled"));
}

#[tokio::test]
async fn layer_without_a_recorder_measures_nothing() {
    let mut service = MetricsLayer::none().layer(service_fn(silent));
    assert!(format!("{:?}", service.call(get("http://h/"))).contains("open: None"));
}
