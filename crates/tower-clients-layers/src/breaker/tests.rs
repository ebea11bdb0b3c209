//! Hosts that fail and heal, on virtual time.

use super::*;
use crate::{
    Body as OwnBody,
    simulation::{Pace, Server, drop_after_each_poll, get, storm},
};
use http_body_util::BodyExt;
use std::{future::Future, pin::Pin, task::Waker};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

const SECOND: Duration = Duration::from_secs(1);

fn service(layer: &BreakerLayer) -> (Breaker<Server>, Server) {
    let server = Server::new(Pace { head: Duration::ZERO, frame: Duration::ZERO });
    (layer.layer(server.clone()), server)
}

/// What comes of one whole exchange: a status, `None` for an error, or the wait until the next probe.
async fn ask(service: &Breaker<Server>, path: &str) -> Result<Option<u16>, Duration> {
    match service.clone().oneshot(get(&format!("http://h{path}"))).await {
        Ok(response) => {
            let status = response.status().as_u16();
            Ok(response.into_body().collect().await.ok().map(|_| status))
        }
        Err(error) => error.unavailable().map_or(Ok(None), |limit| Err(limit.retry_after())),
    }
}

async fn fail(service: &Breaker<Server>, times: usize) {
    for _ in 0..times {
        assert!(ask(service, "/fail").await.is_ok());
    }
}

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
    let (service, server) = service(&BreakerLayer::new());
    for _ in 0..3 {
        fail(&service, 4).await;
        assert_eq!(ask(&service, "/").await, Ok(Some(200)));
    }
    fail(&service, 5).await;
    server.asked();
    assert_eq!(ask(&service, "/").await, Err(SECOND));
    assert!(server.asked().is_empty());
    let error = service.clone().oneshot(get("http://h/x?key=CANARY")).await.unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "GET http://h/x?key…: the origin is not to be asked now: the breaker is open, ask again in 1s"
    );
    assert!(service.oneshot(get("http://other/")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn kinds_of_outcomes_count_as_documented() {
    for (path, counts) in [
        ("/fail", true),
        ("/broken", true),
        ("/500", true),
        ("/503", true),
        ("/501", false),
        ("/404", false),
        ("/429", false),
        ("/301", false),
    ] {
        let (service, _) = service(&BreakerLayer::new().failures(2));
        for _ in 0..2 {
            assert!(ask(&service, path).await.is_ok(), "{path}");
        }
        assert_eq!(ask(&service, "/").await.is_err(), counts, "{path}");
    }
    for (kind, counts) in [
        (ErrorKind::Connect, true),
        (ErrorKind::Timeout, true),
        (ErrorKind::Transport, true),
        (ErrorKind::Url, false),
        (ErrorKind::Request, false),
        (ErrorKind::Authorize, false),
        (ErrorKind::Unavailable, false),
    ] {
        assert_eq!(is_failure(Err(&Error::new(kind, "x"))), counts, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_may_be_others() {
    let layer =
        BreakerLayer::new().failures(1).failure_if(|outcome| outcome.is_ok_and(|s| s == 404));
    let (service, _) = service(&layer);
    fail(&service, 3).await;
    assert_eq!(ask(&service, "/404").await, Ok(Some(404)));
    assert!(ask(&service, "/").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn open_time_doubles_up_to_the_longest_and_starts_anew_after_a_success() {
    let layer = BreakerLayer::new().failures(2).open_for(SECOND, 5 * SECOND);
    let (service, _) = service(&layer);
    fail(&service, 2).await;
    for open in [1, 2, 4, 5, 5] {
        assert_eq!(ask(&service, "/").await, Err(open * SECOND));
        sleep(open * SECOND).await;
        // The probe fails.
        fail(&service, 1).await;
    }
    sleep(5 * SECOND).await;
    assert_eq!(ask(&service, "/").await, Ok(Some(200)));
    fail(&service, 2).await;
    assert_eq!(ask(&service, "/").await, Err(SECOND));
}

#[tokio::test(start_paused = true)]
async fn exactly_one_probe_is_under_way() {
    let (service, server) = service(&BreakerLayer::new().failures(1));
    fail(&service, 1).await;
    sleep(SECOND).await;
    server.asked();
    let mut probe = Box::pin(service.clone().oneshot(get("http://h/hang")));
    assert!(poll(&mut probe).is_pending());
    for _ in 0..100 {
        assert_eq!(ask(&service, "/").await, Err(Duration::ZERO));
    }
    assert_eq!(server.asked(), ["http://h/hang"]);
}

#[tokio::test(start_paused = true)]
async fn probe_that_is_dropped_leaves_its_place_and_one_that_hangs_has_failed() {
    let (service, _) = service(&BreakerLayer::new().failures(1));
    fail(&service, 1).await;
    sleep(SECOND).await;
    let hang = || service.clone().oneshot(get("http://h/hang"));
    assert!(timeout(SECOND / 2, hang()).await.is_err());
    assert!(timeout(SECOND, hang()).await.is_err());
    assert_eq!(ask(&service, "/").await, Err(2 * SECOND));
    sleep(2 * SECOND).await;
    assert_eq!(ask(&service, "/").await, Ok(Some(200)));
    assert_eq!(ask(&service, "/").await, Ok(Some(200)));
}

#[tokio::test(start_paused = true)]
async fn probe_succeeds_by_its_head_and_its_body_counts_behind_it() {
    let (service, _) = service(&BreakerLayer::new().failures(1));
    fail(&service, 1).await;
    sleep(SECOND).await;
    let response = service.clone().oneshot(get("http://h/broken")).await.unwrap();
    assert_eq!(ask(&service, "/").await, Ok(Some(200)));
    assert!(response.into_body().collect().await.is_err());
    assert!(ask(&service, "/").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_began_before_it_opened_tells_nothing_new() {
    let (service, _) = service(&BreakerLayer::new().failures(1));
    let old = || service.clone().oneshot(get("http://h/"));
    let (good, bad) = (old().await.unwrap(), service.clone().oneshot(get("http://h/broken")));
    let bad = bad.await.unwrap();
    fail(&service, 1).await;
    good.into_body().collect().await.unwrap();
    assert!(bad.into_body().collect().await.is_err());
    assert_eq!(ask(&service, "/").await, Err(SECOND));
}

#[tokio::test(start_paused = true)]
async fn x1_probe_dropped_after_any_poll_leaves_its_place() {
    let layer = BreakerLayer::new().failures(1);
    let service = layer.layer(Server::new(Pace::default()));
    let failed = service.clone().oneshot(get("http://h/500")).await.unwrap();
    assert!(failed.into_body().collect().await.is_ok());
    sleep(SECOND).await;
    let polls = drop_after_each_poll(async || {
        let response = service.clone().oneshot(get("http://h/")).await.unwrap();
        response.into_body().collect().await.unwrap();
    })
    .await;
    assert!(polls > 2, "{polls}");
}

#[tokio::test(start_paused = true)]
async fn x4_panic_below_takes_no_place() {
    let layer = BreakerLayer::new().failures(1);
    let (service, _) = service(&layer);
    fail(&service, 1).await;
    sleep(SECOND).await;
    let panics = tower::service_fn(async |_| -> Result<Response<OwnBody>, BoxError> {
        panic!("on purpose")
    });
    let panics = layer.layer(panics);
    assert!(tokio::spawn(panics.oneshot(get("http://h/"))).await.is_err());
    assert_eq!(ask(&service, "/").await, Ok(Some(200)));
}

#[tokio::test(start_paused = true)]
async fn no_probe_is_left_behind_after_any_history() {
    let layer = BreakerLayer::new().failures(3).open_for(SECOND / 100, SECOND / 10);
    let server = Server::new(Pace::default());
    let service = layer.layer(server.clone());
    storm(&service, 10_000, || {}).await;
    assert_eq!(server.under_way(), 0);
    sleep(SECOND).await;
    for host in ["h0", "h1", "h2"] {
        for _ in 0..3 {
            service.clone().oneshot(get(&format!("http://{host}/"))).await.unwrap();
        }
        let circuits = &layer.shared.as_ref().unwrap().circuits;
        let circuit = circuits.of(&format!("http://{host}/").parse().unwrap(), || unreachable!());
        // The map has it twice, as the last one.
        assert_eq!(Arc::strong_count(&circuit), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn clones_share_breakers_and_the_inert_layer_has_none() {
    let layer = BreakerLayer::new().failures(1);
    let (first, _) = service(&layer);
    fail(&first, 1).await;
    assert!(ask(&service(&layer.clone()).0, "/").await.is_err());
    assert!(ask(&service(&layer.failures(1)).0, "/").await.is_ok());
    let (inert, _) = service(&BreakerLayer::none().failures(1));
    fail(&inert, 9).await;
    assert_eq!(ask(&inert, "/").await, Ok(Some(200)));
}
