//! What counts, and for how long.

use super::*;
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;
use std::{future::Future, pin::pin, task::Waker};

#[tokio::test(start_paused = true)]
async fn l7_refusals_are_no_failures() {
    for status in [301, 400, 401, 404, 408, 412, 429] {
        let hosts = Hosts::default();
        hosts.set("h0", Does::Answers(status, 1));
        let service = hosts.under(layer(1));
        assert_eq!(get(&service).await.unwrap(), status);
        assert!(service.upstreams().all(|upstream| upstream.is_up()));
    }
}

#[tokio::test(start_paused = true)]
async fn errors_and_failures_are_told_apart_and_fade() {
    let hosts = Hosts::default();
    let service = hosts.under(layer(2).failover(false).half_life(Duration::from_secs(4)));
    hosts.set("h0", Does::Breaks(0));
    hosts.set("h1", Does::Answers(503, 0));
    for _ in 0..4 {
        let _ = get(&service).await;
    }
    let counts = |service: &Sut| -> Vec<_> {
        service.upstreams().map(|upstream| (upstream.errors(), upstream.failures())).collect()
    };
    assert_eq!(counts(&service), [(2.0, 0.0), (0.0, 2.0)]);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(counts(&service), [(1.0, 0.0), (0.0, 1.0)]);
    sleep(Duration::from_secs(400)).await;
    assert!(service.upstreams().all(|upstream| upstream.is_up()));
}

/// A service whose answers have the body that is given.
fn answering(body: impl Fn() -> Body + Clone + Send + Sync + 'static) -> Sut {
    let service =
        tower::service_fn(move |_| std::future::ready(Ok::<_, Error>(Response::new(body()))));
    layer(2).seed(7).layer(BoxCloneSyncService::new(service))
}

struct Frames(Vec<Result<Frame<Bytes>, std::io::Error>>);

impl futures_core::Stream for Frames {
    type Item = Result<Frame<Bytes>, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop())
    }
}

#[tokio::test]
async fn request_is_active_until_its_body_ends_or_is_dropped() {
    let service = answering(|| Body::from("abc"));
    let active = || actives(&service).iter().sum::<usize>();
    let mut response = service.clone().oneshot(request(Method::GET)).await.unwrap();
    let other = service.clone().oneshot(request(Method::GET)).await.unwrap();
    assert_eq!(actives(&service), [1, 1]);
    assert_eq!(response.body().size_hint().exact(), Some(3));
    response.body_mut().frame().await.unwrap().unwrap();
    assert!(response.body().is_end_stream() && active() == 1);
    drop(other);
    assert_eq!(active(), 0);
    let empty = answering(Body::empty);
    let _response = empty.clone().oneshot(request(Method::GET)).await.unwrap();
    assert_eq!(actives(&empty), [0, 0]);
}

#[tokio::test]
async fn trailers_come_through() {
    let service = answering(|| {
        let trailers =
            http::HeaderMap::from_iter([(http::header::ETAG, http::HeaderValue::from_static("x"))]);
        Body::new(http_body_util::StreamBody::new(Frames(vec![
            Ok(Frame::trailers(trailers)),
            Ok(Frame::data("a".into())),
        ])))
    });
    let body = service.clone().oneshot(request(Method::GET)).await.unwrap().into_body();
    let collected = body.collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["etag"], "x");
    assert_eq!((collected.to_bytes(), actives(&service)), ("a".into(), vec![0, 0]));
}

#[tokio::test]
async fn body_that_breaks_off_is_an_error_of_its_upstream() {
    let service = answering(|| {
        let broken = Err(std::io::ErrorKind::ConnectionReset.into());
        Body::new(http_body_util::StreamBody::new(Frames(vec![broken])))
    });
    let response = service.clone().oneshot(request(Method::GET)).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    let errors: f64 = service.upstreams().map(|upstream| upstream.errors()).sum();
    assert!(errors > 0.9 && actives(&service) == [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn clones_share_counts_and_services_of_one_layer_do_not() {
    let hosts = Hosts::default();
    hosts.set("h0", Does::Answers(500, 0));
    let service = hosts.under(layer(1));
    get(&service.clone()).await.unwrap();
    assert_eq!(service.upstreams().next().unwrap().failures(), 1.0);
    assert!(hosts.under(layer(1)).upstreams().all(|upstream| upstream.is_up()));
}

#[tokio::test(start_paused = true)]
async fn impatient_caller_is_no_error() {
    let hosts = Hosts::default();
    hosts.set("h0", Does::Hangs);
    let service = hosts.under(layer(1).patience(Duration::from_secs(3)));
    let errors = async |wait| {
        let _ = tokio::time::timeout(Duration::from_secs(wait), get(&service)).await;
        service.upstreams().next().unwrap().errors()
    };
    assert_eq!((errors(2).await, errors(3).await), (0.0, 1.0));
    assert_eq!(actives(&service), [0]);
}

/// A small generator of numbers, repeatable.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

#[tokio::test(start_paused = true)]
async fn l5_active_returns_to_zero_after_any_history() {
    const OPERATIONS: usize = 100_000;
    let hosts = Hosts::default();
    let service = hosts.under(layer(3).half_life(Duration::from_millis(50)));
    let mut dice = Dice(42);
    let mut futures = Vec::new();
    let mut bodies = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..OPERATIONS {
        match dice.below(8) {
            0 | 1 => {
                let method = if dice.below(2) == 0 { Method::GET } else { Method::POST };
                let mut service = service.clone();
                assert!(pin!(service.ready()).poll(&mut cx).is_ready());
                futures.push(Box::pin(service.call(request(method))));
            }
            2 | 3 if !futures.is_empty() => {
                let index = dice.below(futures.len() as u64) as usize;
                match futures[index].as_mut().poll(&mut cx) {
                    Poll::Ready(Ok(response)) => {
                        bodies.push(response);
                        drop(futures.swap_remove(index));
                    }
                    Poll::Ready(Err(_)) => drop(futures.swap_remove(index)),
                    Poll::Pending => {}
                }
            }
            4 if !futures.is_empty() => {
                let index = dice.below(futures.len() as u64) as usize;
                drop(futures.swap_remove(index));
            }
            5 if !bodies.is_empty() => drop(bodies.pop()),
            6 => {
                let host = ["h0", "h1", "h2"][dice.below(3) as usize];
                let after = dice.below(3);
                let does = [
                    Does::Answers(200, after),
                    Does::Answers(500, after),
                    Does::Breaks(after),
                    Does::Refuses(after),
                    Does::Hangs,
                ];
                hosts.set(host, does[dice.below(5) as usize]);
            }
            7 => tokio::time::advance(Duration::from_millis(dice.below(4))).await,
            _ => {}
        }
        let active: usize = service.upstreams().map(|upstream| upstream.active()).sum();
        assert!(active <= futures.len());
    }
    drop((futures, bodies));
    assert_eq!(actives(&service), [0, 0, 0]);
    // Nor has any of them been exiled, or a probe been left behind.
    for host in ["h0", "h1", "h2"] {
        hosts.set(host, GOOD);
    }
    sleep(Duration::from_secs(1)).await;
    hosts.asked();
    for _ in 0..300 {
        get(&service).await.unwrap();
    }
    let asked = hosts.asked();
    assert!(["h0", "h1", "h2"].iter().all(|host| share(&asked, host) > 0.2));
}

#[test]
fn l5_panic_below_leaves_nothing_active() {
    let panics = tower::service_fn(async |_: Request<Body>| -> Result<Response<Body>, BoxError> {
        panic!("on purpose")
    });
    let service = layer(1).layer(panics);
    let mut copy = service.clone();
    let exchange = std::panic::AssertUnwindSafe(move || {
        let mut cx = Context::from_waker(Waker::noop());
        let _ = pin!(copy.call(request(Method::GET))).poll(&mut cx);
    });
    assert!(std::panic::catch_unwind(exchange).is_err());
    assert_eq!(service.upstreams().next().unwrap().active(), 0);
}
