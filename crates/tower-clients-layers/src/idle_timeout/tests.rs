use super::*;
use bytes::Bytes;
use futures_core::Stream;
use http_body_util::BodyExt;
use std::convert::Infallible;
use tokio::time::{Instant, Sleep, sleep};
use tower::{ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);

/// A chunk after each of these times.
struct Chunks {
    times: std::vec::IntoIter<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
    size: usize,
}

impl Chunks {
    fn after(seconds: &[u32]) -> Body {
        let times: Vec<_> = seconds.iter().map(|seconds| *seconds * SECOND).collect();
        Body::from_stream(Self { times: times.into_iter(), sleep: None, size: 1 })
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.sleep.is_none() {
            let Some(time) = self.times.next() else { return Poll::Ready(None) };
            self.sleep = Some(Box::pin(sleep(time)));
        }
        ready!(self.sleep.as_mut().unwrap().as_mut().poll(cx));
        self.sleep = None;
        Poll::Ready(Some(Ok(vec![b'x'; self.size].into())))
    }
}

/// Takes a frame of the request each `pace`, then answers after `head` with `body`.
async fn call(
    layer: IdleTimeoutLayer,
    request: Body,
    (pace, head): (u32, u32),
    body: &'static [u32],
) -> Result<Response<IdleTimeoutBody<Body>>, Error> {
    let service = layer.layer(service_fn(move |request: Request<Body>| async move {
        let mut upload = request.into_body();
        while let Some(frame) = upload.frame().await {
            assert!(frame.unwrap().into_data().unwrap().len() <= 64 * 1024);
            sleep(pace * SECOND).await;
        }
        sleep(head * SECOND).await;
        Ok::<_, Infallible>(Response::new(Chunks::after(body)))
    }));
    let options = RequestOptions::new().attempt(2);
    service.oneshot(Request::get("http://h/x").extension(options).body(request).unwrap()).await
}

const LAYER: IdleTimeoutLayer = IdleTimeoutLayer::new(Duration::from_secs(3));

#[tokio::test(start_paused = true)]
async fn d10_head_that_does_not_come_is_an_error_at_the_limit() {
    let start = Instant::now();
    let error = call(LAYER, Body::empty(), (0, 9), &[]).await.unwrap_err();
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert!(error.is_timeout() && error.may_have_been_sent());
    assert_eq!(
        format!("{error:#}"),
        "GET http://h/x: the request ran out of time: the idle timeout of 3s passed in attempt 2"
    );
}

#[tokio::test(start_paused = true)]
async fn d10_body_that_stalls_is_an_error_at_the_limit_and_one_that_drips_is_not() {
    let start = Instant::now();
    let response = call(LAYER, Body::empty(), (0, 2), &[2; 100]).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), 100);
    assert_eq!(start.elapsed(), 202 * SECOND);

    let start = Instant::now();
    let response = call(LAYER, Body::empty(), (0, 2), &[2, 2, 4]).await.unwrap();
    let mut body = response.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    assert!(body.frame().await.unwrap().is_ok());
    let error = body.frame().await.unwrap().unwrap_err();
    assert_eq!((start.elapsed(), error.timeout().unwrap().limit()), (9 * SECOND, "idle"));
    assert!(body.frame().await.is_none() && body.is_end_stream());
}

#[tokio::test(start_paused = true)]
async fn time_in_which_nobody_reads_does_not_count() {
    let response = call(LAYER, Body::empty(), (0, 0), &[1, 2, 2]).await.unwrap();
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        assert!(frame.is_ok());
        sleep(100 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn time_in_which_the_program_makes_the_request_does_not_count() {
    let start = Instant::now();
    let upload = || Chunks::after(&[10, 20]);
    assert!(call(LAYER, upload(), (2, 2), &[]).await.is_ok());
    // The server takes the first chunk, and would take the next one at second 12.
    assert_eq!(start.elapsed(), Duration::from_secs(10 + 2 + 20 + 2 + 2));
    let start = Instant::now();
    let error = call(LAYER, upload(), (2, 9), &[]).await.unwrap_err();
    assert_eq!((start.elapsed(), error.is_timeout()), (Duration::from_secs(34 + 3), true));
}

#[tokio::test(start_paused = true)]
async fn server_that_stops_to_take_the_request_is_an_error() {
    let start = Instant::now();
    let error = call(LAYER, Chunks::after(&[1, 0]), (9, 0), &[]).await.unwrap_err();
    assert_eq!((start.elapsed(), error.is_timeout()), (4 * SECOND, true));
}

#[tokio::test(start_paused = true)]
async fn large_request_that_is_taken_slowly_is_no_error() {
    let start = Instant::now();
    let upload = Body::from(vec![0; 640 * 1024]);
    assert!(call(LAYER, upload, (2, 0), &[]).await.is_ok());
    assert_eq!(start.elapsed(), 20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn option_of_the_request_beats_the_layer() {
    let call = async |layer: IdleTimeoutLayer, options: RequestOptions| {
        let service = layer.layer(service_fn(async |_: Request<Body>| {
            sleep(2 * SECOND).await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }));
        let request = Request::get("http://h/x").extension(options);
        service.oneshot(request.body(Body::empty()).unwrap()).await
    };
    let none = RequestOptions::new();
    assert!(call(IdleTimeoutLayer::none(), none.clone()).await.is_ok());
    assert!(call(IdleTimeoutLayer::none(), none.clone().idle_timeout(SECOND)).await.is_err());
    assert!(
        call(IdleTimeoutLayer::new(SECOND), none.clone().idle_timeout(3 * SECOND)).await.is_ok()
    );
    assert!(call(IdleTimeoutLayer::new(Duration::MAX), none).await.is_ok());
}
