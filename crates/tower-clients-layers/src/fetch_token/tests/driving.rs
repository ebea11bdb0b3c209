//! Who drives a fetch, and what becomes of it.

use super::*;
use std::pin::pin;
use tower::limit::ConcurrencyLimitLayer;

#[tokio::test(start_paused = true)]
async fn o2_failure_is_that_of_all_who_wait_and_of_the_next_second() {
    let servers = Servers::default().set(|state| {
        (state.does, state.fetch_takes) = (Does::Fails, SECOND);
    });
    let service = servers.service();
    for error in thousand(&service).await.into_iter().map(Result::unwrap_err) {
        assert!(error.is_authorize() && !error.may_have_been_sent());
        assert!(error.find_source::<Error>().unwrap().is_connect());
        assert_eq!(
            format!("{error:#}"),
            "GET http://h/x: there is no access token: no connection could be made: refused"
        );
    }
    advance(SECOND - Duration::from_millis(1)).await;
    assert!(get(&service).await.is_err());
    assert_eq!(servers.fetches(), 1);
    advance(Duration::from_millis(1)).await;
    let servers = servers.set(|state| state.does = Does::Gives);
    assert_eq!(get(&service).await.unwrap(), 200);
    assert_eq!((servers.fetches(), servers.seen().len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn o2_fetch_that_hangs_is_dropped_a_minute_after_the_last_gave_up() {
    let servers = Servers::default().set(|state| state.does = Does::Hangs);
    let service = servers.service();
    let (first, second) = (timeout(SECOND, get(&service)), timeout(2 * SECOND, get(&service)));
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_err() && second.is_err() && servers.fetches() == 1);
    let servers = servers.set(|state| state.does = Does::Gives);
    assert!(timeout(57 * SECOND, get(&service)).await.is_err());
    advance(SECOND).await;
    assert_eq!(get(&service).await.unwrap(), 200);
    assert_eq!(servers.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn o2_next_request_goes_on_with_the_fetch_that_all_gave_up() {
    let lifetime = Some(100 * SECOND);
    let servers = Servers::default().set(|state| state.lifetime = lifetime);
    let service = servers.service();
    assert_eq!(get(&service).await.unwrap(), 200);
    advance(95 * SECOND).await;
    let servers = servers.set(|state| state.fetch_takes = 2 * SECOND);
    // The early refresh was asked for, and its answer is not lost with who asked.
    assert!(timeout(SECOND, get(&service)).await.is_err());
    assert_eq!(get(&service).await.unwrap(), 200);
    assert_eq!(
        (servers.fetches(), servers.seen()),
        (2, vec!["Bearer t1".into(), "Bearer t2".into()])
    );
}

#[tokio::test(start_paused = true)]
async fn o2_fetch_goes_on_without_the_request_that_began_it() {
    let servers = Servers::default().set(|state| state.fetch_takes = 10 * SECOND);
    let service = servers.service();
    let (first, second) = tokio::join!(timeout(SECOND, get(&service)), get(&service));
    assert!(first.is_err() && second.unwrap() == 200);
    assert_eq!((servers.fetches(), servers.seen().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn request_that_is_not_polled_holds_up_no_other() {
    let servers = Servers::default().set(|state| state.fetch_takes = SECOND);
    let service = servers.service();
    let mut idle = pin!(get(&service));
    assert!(timeout(Duration::ZERO, idle.as_mut()).await.is_err());
    assert_eq!(get(&service).await.unwrap(), 200);
    assert_eq!(idle.await.unwrap(), 200);
    assert_eq!(servers.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn source_that_panics_is_an_error_of_all_who_wait() {
    let servers = Servers::default().set(|state| {
        (state.does, state.fetch_takes) = (Does::Panics, SECOND);
    });
    let service = servers.service();
    for error in thousand(&service).await.into_iter().map(Result::unwrap_err) {
        assert!(error.is_authorize() && format!("{error:#}").contains("panicked"), "{error:#}");
    }
    advance(SECOND).await;
    let servers = servers.set(|state| state.does = Does::Gives);
    assert_eq!(get(&service).await.unwrap(), 200);
    assert_eq!(servers.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn source_may_send_through_a_service_that_takes_one_request_at_a_time() {
    let servers = Servers::default().set(|state| state.answer_takes = SECOND);
    let below = ConcurrencyLimitLayer::new(1).layer(servers.service().into_inner());
    let source = {
        let below = below.clone();
        move || {
            let below = below.clone();
            async move {
                below.oneshot(request()).await?;
                Token::bearer("t1")
            }
        }
    };
    let layer = FetchTokenLayer::new("http://h".parse().unwrap(), source);
    let service = layer.layer(below);
    let (a, b) = tokio::join!(get(&service), get(&service));
    assert_eq!((a.unwrap(), b.unwrap()), (200, 200));
    let servers = servers.set(|state| state.revoked = 1);
    assert_eq!(get(&service).await.unwrap(), 401);
    assert_eq!(servers.seen(), ["-", "Bearer t1", "Bearer t1", "Bearer t1", "-", "Bearer t1"]);
}

/// On threads, where the fetch is woken while another polls it, and those who wait come and go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_waiting_thread_gets_the_outcome() {
    for _ in 0..50 {
        let source = || async {
            for _ in 0..20 {
                tokio::spawn(tokio::task::yield_now()).await.unwrap();
            }
            Token::bearer("t1")
        };
        let layer = FetchTokenLayer::new("http://h".parse().unwrap(), source);
        let fetches = (0..40).map(|number| {
            let layer = layer.clone();
            async move {
                let mut fetch = pin!(layer.fetch());
                for _ in 0..number % 4 {
                    let polled = poll_fn(|cx| Poll::Ready(fetch.as_mut().poll(cx))).await;
                    if polled.is_ready() || number % 8 == 7 {
                        return;
                    }
                }
                fetch.await.unwrap();
            }
        });
        fetches.collect::<JoinSet<_>>().join_all().await;
    }
}

#[cfg(feature = "timeout")]
#[tokio::test(start_paused = true)]
async fn fetch_does_not_see_the_deadline_of_one_who_waits() {
    use crate::{DeadlineLayer, deadline};
    let source = async || {
        assert_eq!(deadline::current(), None);
        Token::bearer("t1")
    };
    let tokens = FetchTokenLayer::new("http://h".parse().unwrap(), source);
    let below = tower::service_fn(async |_: Request<Body>| {
        assert_eq!(deadline::remaining(), Some(SECOND));
        Ok::<_, Error>(Response::new(Body::empty()))
    });
    let service = (DeadlineLayer::new(SECOND), tokens).layer(below);
    assert!(service.oneshot(request()).await.is_ok());
}
