//! A thousand requests that find the same token refused. On virtual time.

use super::Size;
use crate::{Result, report::Report};
use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{task::JoinSet, time::sleep};
use tower::{Layer, ServiceExt, service_fn};
use tower_clients::{Body, Error, FetchTokenLayer, Token};

const REQUESTS: u64 = 1000;
const LATENCY: Duration = Duration::from_millis(20);

pub(super) fn run(size: Size, report: &mut Report) -> Result {
    crate::virtual_time()?.block_on(soak(size, report))
}

async fn soak(size: Size, report: &mut Report) -> Result {
    let rounds = size.pick(10, 100);
    let fetched = Arc::new(AtomicU64::new(0));
    let wanted = Arc::new(AtomicU64::new(0));

    let count = Arc::clone(&fetched);
    let source = move || {
        let number = count.fetch_add(1, Relaxed) + 1;
        async move {
            sleep(LATENCY).await;
            Token::bearer(&format!("t{number}"))
        }
    };
    let accepted = Arc::clone(&wanted);
    let server = service_fn(move |request: Request<Body>| {
        let right = format!("Bearer t{}", accepted.load(Relaxed));
        async move {
            sleep(LATENCY).await;
            let is_right = request.headers().get(AUTHORIZATION).is_some_and(|it| *it == *right);
            let mut response = Response::new(Body::empty());
            if !is_right {
                *response.status_mut() = StatusCode::UNAUTHORIZED;
            }
            Ok::<_, Infallible>(response)
        }
    });
    let service = FetchTokenLayer::new("http://h".parse()?, source).layer(server);

    let (mut most, mut refused) = (0, 0);
    for round in 1..=rounds {
        wanted.store(round, Relaxed);
        let before = fetched.load(Relaxed);
        let mut calls = JoinSet::new();
        for _ in 0..REQUESTS {
            let request = Request::get("http://h/x").body(Body::empty())?;
            let service = service.clone();
            calls.spawn(async move {
                // They do not all begin at once.
                tokio::task::yield_now().await;
                service.oneshot(request).await.map(|response| response.status().is_success())
            });
        }
        let calls = calls.join_all().await.into_iter().collect::<Result<Vec<_>, Error>>()?;
        refused += calls.iter().filter(|is_right| !**is_right).count();
        most = most.max(fetched.load(Relaxed) - before);
        // A token younger than a second is not replaced.
        sleep(Duration::from_secs(2)).await;
    }
    report.told("rounds of 1000 requests", rounds as f64);
    report.at_most("fetches in a round at most", most as f64, 1.0);
    report.none("requests refused in the end", refused as u64);
    Ok(())
}
