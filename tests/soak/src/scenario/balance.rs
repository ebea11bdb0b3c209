//! Several hosts, of which one fails fast, and heals. On virtual time.

use super::Size;
use crate::{Result, report::Report};
use http::{Method, Request, Response, StatusCode};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_clients::{BalanceLayer, Body, Error};

const HALF_LIFE: Duration = Duration::from_secs(10);
/// So many requests may be needed to find out.
const FIRST: u64 = 50;
const WORKERS: usize = 8;

pub(super) fn run(size: Size, report: &mut Report) -> Result {
    for count in [2, 4] {
        crate::virtual_time()?.block_on(soak(count, size, report))?;
    }
    Ok(())
}

/// The first of the hosts, which fails in a millisecond; the others answer in twenty.
#[derive(Default)]
struct Bad {
    is_healed: AtomicBool,
    asked: AtomicU64,
}

async fn soak(count: u64, size: Size, report: &mut Report) -> Result {
    let requests = size.pick(5_000, 200_000);
    let bad = Arc::new(Bad::default());
    let seen = Arc::clone(&bad);
    let hosts = service_fn(move |request: Request<Body>| {
        let seen = Arc::clone(&seen);
        async move { Ok::<_, Infallible>(seen.answer(&request).await) }
    });
    let layer = BalanceLayer::new((0..count).map(|host| format!("http://h{host}/")))?;
    let service = layer.seed(7).half_life(HALF_LIFE).layer(hosts);

    let mut right = 0;
    for request in 0..FIRST + requests {
        right += u64::from(is_right(service.clone()).await? && request >= FIRST);
    }
    let success = 100.0 * right as f64 / requests as f64;
    report.at_least(&format!("success with 1 of {count} failing, %"), success, 99.0);

    bad.is_healed.store(true, Relaxed);
    bad.asked.store(0, Relaxed);
    let all = load(&service, 2 * HALF_LIFE).await?;
    let share = 100.0 * (count * bad.asked.load(Relaxed)) as f64 / all as f64;
    report.told(&format!("its fair share in the 20 s after it heals, 1 of {count}, %"), share);
    bad.asked.store(0, Relaxed);
    let all = load(&service, 2 * HALF_LIFE).await?;
    let share = 100.0 * (count * bad.asked.load(Relaxed)) as f64 / all as f64;
    report.at_least(&format!("and in the next 20 s, 1 of {count}, %"), share, 80.0);
    Ok(())
}

impl Bad {
    async fn answer(&self, request: &Request<Body>) -> Response<Body> {
        let is_first = request.uri().host() == Some("h0");
        self.asked.fetch_add(u64::from(is_first), Relaxed);
        let fails = is_first && !self.is_healed.load(Relaxed);
        sleep(Duration::from_millis(if fails { 1 } else { 20 })).await;
        let mut response = Response::new(Body::empty());
        if fails {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        response
    }
}

/// Whether one request is answered. Its method is one that no other host gets after a failure.
async fn is_right<S, R>(service: S) -> Result<bool>
where
    S: Service<Request<Body>, Response = Response<R>, Error = Error>,
{
    let request = Request::builder().method(Method::POST).uri("http://h0/x").body(Body::empty())?;
    Ok(service.oneshot(request).await.is_ok_and(|response| response.status().is_success()))
}

/// Requests of some workers for a time; how many there were.
async fn load<S, R>(service: &S, time: Duration) -> Result<u64>
where
    S: Service<Request<Body>, Response = Response<R>, Error = Error, Future: Send>
        + Clone
        + Send
        + 'static,
    R: 'static,
{
    let end = Instant::now() + time;
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let service = service.clone();
        workers.spawn(async move {
            let mut requests = 0;
            while Instant::now() < end {
                is_right(service.clone()).await?;
                requests += 1;
            }
            Result::Ok(requests)
        });
    }
    workers.join_all().await.into_iter().sum()
}
