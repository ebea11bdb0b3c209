//! Equal requests at the same time.

use super::*;
use crate::{
    BoxError, DeadlineLayer, ErrorKind, RateLimitLayer,
    simulation::{Pace, Server, drop_after_each_poll, get, request, storm},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, StreamBody};
use std::{future::Future, pin::Pin, task::Waker, time::Duration};
use tokio::time::{Instant, sleep};
use tower::{ServiceExt, util::BoxCloneSyncService};

const SECOND: Duration = Duration::from_secs(1);

type Sut = Coalesce<Server>;

fn service() -> (Sut, Server) {
    let server = Server::new(Pace::default());
    (CoalesceLayer::new().layer(server.clone()), server)
}

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Status and body, or the error.
async fn read<S>(service: S, request: Request<Body>) -> Result<(u16, Bytes), Error>
where
    S: HttpService<Body, ResBody: Send, Error: Send>,
    S: Service<Request<Body>, Error = Error>,
{
    let response = service.oneshot(request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(Error::from_response_body)?;
    Ok((status, body.to_bytes()))
}

#[tokio::test(start_paused = true)]
async fn equal_requests_under_way_share_an_answer_and_later_ones_do_not() {
    let (service, server) = service();
    for _ in 0..3 {
        let tasks: Vec<_> =
            (0..100).map(|_| tokio::spawn(read(service.clone(), get("http://h/")))).collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), (200, "abc".into()));
        }
        assert_eq!(server.asked(), ["http://h/"]);
    }
}

#[tokio::test(start_paused = true)]
async fn requests_with_other_credentials_never_share() {
    let (service, server) = service();
    let with = |name: &'static str, value| {
        let mut request = get("http://h/");
        request.headers_mut().insert(name, HeaderValue::from_static(value));
        read(service.clone(), request)
    };
    let _ = tokio::join!(
        with("authorization", "Bearer a"),
        with("authorization", "Bearer b"),
        with("authorization", "Bearer a"),
        with("cookie", "a=1"),
        with("cookie", "a=2"),
        with("traceparent", "1"),
        with("traceparent", "2"),
    );
    assert_eq!(server.asked().len(), 5);
    // Below may lie another credential.
    let layer = CoalesceLayer::new();
    let (one, other) = (layer.layer(server.clone()), layer.layer(server.clone()));
    let _ = tokio::join!(read(one, get("http://h/")), read(other, get("http://h/")));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn writes_are_never_shared_and_nobody_joins_what_began_before_one() {
    let (service, server) = service();
    let post = || request(Method::POST, "http://h/");
    let _ = tokio::join!(read(service.clone(), post()), read(service.clone(), post()));
    assert_eq!(server.asked().len(), 2);
    // Its answer takes 10 ms: the first request begins before it, the second meanwhile.
    let later = async |millis| {
        sleep(Duration::from_millis(millis)).await;
        read(service.clone(), get("http://h/")).await
    };
    let write = async {
        sleep(Duration::from_millis(1)).await;
        read(service.clone(), post()).await
    };
    let _ = tokio::join!(later(0), write, later(2), later(3), later(12), later(13));
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn body_streams_on_for_one_who_is_alone() {
    let (service, _) = service();
    let start = Instant::now();
    let response = service.clone().oneshot(get("http://h/")).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(10));
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "abc");
    let empty = service.oneshot(get("http://h/empty")).await.unwrap();
    assert!(empty.body().is_end_stream());
    assert_eq!(empty.body().size_hint().exact(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn body_over_the_limit_goes_to_one_and_the_others_ask_themselves() {
    for (limit, asked) in [(3, 1), (2, 3), (0, 3)] {
        let server = Server::new(Pace::default());
        let service = CoalesceLayer::new().limit(limit).layer(server.clone());
        let read = || read(service.clone(), get("http://h/"));
        let answers: [_; 3] = tokio::join!(read(), read(), read()).into();
        for answer in answers {
            assert_eq!(answer.unwrap(), (200, "abc".into()));
        }
        assert_eq!(server.asked().len(), asked, "{limit}");
    }
}

/// Answers with the head and the frames that are given, after a moment.
fn answering(
    headers: &[(&'static str, &'static str)],
    frames: impl Fn() -> Vec<Result<Frame<Bytes>, BoxError>> + Clone + Send + Sync + 'static,
) -> Coalesce<BoxCloneSyncService<Request<Body>, Response<Body>, Error>> {
    let headers = headers.to_vec();
    CoalesceLayer::new().layer(BoxCloneSyncService::new(tower::service_fn(move |_| {
        let frames = futures_util::stream::iter(frames());
        let mut response = Response::new(Body::new(StreamBody::new(frames)));
        for (name, value) in &headers {
            response.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        response.extensions_mut().insert(7_u8);
        async {
            sleep(Duration::from_millis(1)).await;
            Ok(response)
        }
    })))
}

#[tokio::test(start_paused = true)]
async fn copies_have_head_frames_and_trailers() {
    let service = answering(&[("etag", "x")], || {
        let trailers = HeaderMap::from_iter([("sum".parse().unwrap(), "y".parse().unwrap())]);
        vec![
            Ok(Frame::data("a".into())),
            Ok(Frame::data("b".into())),
            Ok(Frame::trailers(trailers)),
        ]
    });
    let send = || service.clone().oneshot(get("http://h/"));
    let copies: [_; 2] = tokio::join!(send(), send()).into();
    for copy in copies.map(Result::unwrap) {
        assert_eq!(
            (copy.headers()["etag"].as_bytes(), copy.extensions().get()),
            (&b"x"[..], Some(&7_u8))
        );
        let mut body = copy.into_body();
        assert_eq!(body.size_hint().exact(), Some(2));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "a");
        assert_eq!(body.size_hint().exact(), Some(1));
        let rest = body.collect().await.unwrap();
        assert_eq!(rest.trailers().unwrap()["sum"], "y");
        assert_eq!(rest.to_bytes(), "b");
    }
}

#[tokio::test(start_paused = true)]
async fn stream_of_events_is_not_waited_for() {
    let events = || vec![Ok(Frame::data("data: x\n\n".into()))];
    let service = answering(&[("content-type", "text/event-stream")], events);
    let read = || read(service.clone(), get("http://h/"));
    let (one, other) = tokio::join!(read(), read());
    assert_eq!((one.unwrap().0, other.unwrap().0), (200, 200));
}

#[tokio::test(start_paused = true)]
async fn failure_is_shared_as_a_cause() {
    let (service, server) = service();
    let send = |key| read(service.clone(), get(&format!("http://h/fail?key={key}")));
    let alone = send("CANARY").await.unwrap_err();
    assert_eq!(format!("{alone:#}"), "GET http://h/fail?key…: the exchange failed: reset");
    let (one, other) = tokio::join!(send("CANARY"), send("CANARY"));
    for error in [one.unwrap_err(), other.unwrap_err()] {
        assert!(error.is_transport() && error.may_have_been_sent());
        let text = format!("{error:#}");
        assert!(text.ends_with("the exchange failed: reset"), "{text}");
        assert!(!format!("{text}{error:?}").contains("CANARY"));
    }
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn cause_keeps_whether_it_was_sent() {
    let service = CoalesceLayer::new().layer(tower::service_fn(async |_: Request<Body>| {
        sleep(Duration::from_millis(1)).await;
        Err::<Response<Body>, _>(Error::new(ErrorKind::Transport, "refused").not_sent())
    }));
    let send = || service.clone().oneshot(get("http://h/"));
    let errors: [_; 2] = tokio::join!(send(), send()).into();
    assert!(errors.into_iter().all(|error| !error.unwrap_err().may_have_been_sent()));
}

#[tokio::test(start_paused = true)]
async fn body_that_breaks_off_does_so_for_all() {
    let (service, server) = service();
    let send = || service.clone().oneshot(get("http://h/broken"));
    let copies: [_; 2] = tokio::join!(send(), send()).into();
    for mut body in copies.map(|copy| copy.unwrap().into_body()) {
        for chunk in ["a", "b"] {
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), chunk);
        }
        assert!(body.frame().await.unwrap().unwrap_err().is_body());
        assert!(body.frame().await.is_none() && body.is_end_stream());
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn exchange_goes_on_without_the_one_who_began_it() {
    let (service, server) = service();
    let send = || Box::pin(read(service.clone(), get("http://h/")));
    let (mut first, mut second, mut idle) = (send(), send(), send());
    assert!([&mut first, &mut second, &mut idle].into_iter().all(|send| poll(send).is_pending()));
    drop(first);
    // Nor does one who is not polled hold it up.
    assert_eq!(second.await.unwrap(), (200, "abc".into()));
    assert_eq!(idle.await.unwrap(), (200, "abc".into()));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn exchange_outlasts_the_deadline_of_the_one_who_began_it() {
    let limited = RateLimitLayer::new(1, 10 * SECOND).layer(Server::new(Pace::default()));
    let service = CoalesceLayer::new().layer(limited);
    read(service.clone(), get("http://h/")).await.unwrap();
    // A request that sees so little time does not wait for its turn.
    let within = |time| {
        let service = service.clone();
        let by_a_poll = tower::service_fn(move |request| service.clone().oneshot(request));
        read(DeadlineLayer::new(time).layer(by_a_poll), get("http://h/"))
    };
    let (short, long) = tokio::join!(within(SECOND), within(60 * SECOND));
    assert!(short.unwrap_err().is_timeout());
    assert_eq!(long.unwrap(), (200, "abc".into()));
}

#[tokio::test(start_paused = true)]
async fn x1_exchange_is_dropped_with_the_last_who_waits() {
    let (service, server) = service();
    let polls = drop_after_each_poll(|| {
        let read = || read(service.clone(), get("http://h/"));
        async move { tokio::join!(read(), read()) }
    })
    .await;
    assert!(polls > 3, "{polls}");
    assert_eq!(server.under_way(), 0);
    assert_eq!(service.shared.as_ref().unwrap().1.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn x4_panic_below_is_an_error_for_all() {
    let service = CoalesceLayer::new().layer(tower::service_fn(async |_: Request<Body>| {
        sleep(Duration::from_millis(1)).await;
        let panics = true;
        if panics {
            panic!("on purpose");
        }
        Ok::<_, Error>(Response::new(Body::empty()))
    }));
    let send = || service.clone().oneshot(get("http://h/"));
    let (one, other) = tokio::join!(send(), send());
    assert!(one.unwrap_err().is_transport() && other.unwrap_err().is_transport());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_after_any_history() {
    let (service, server) = service();
    storm(&service, 10_000, || {}).await;
    assert_eq!(server.under_way(), 0);
    assert_eq!(service.shared.as_ref().unwrap().1.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn inert_layer_shares_nothing() {
    let server = Server::new(Pace::default());
    let service = CoalesceLayer::none().limit(9).layer(server.clone());
    let read = || read(service.clone(), get("http://h/"));
    let _ = tokio::join!(read(), read());
    assert_eq!(server.asked().len(), 2);
}
