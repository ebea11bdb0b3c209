//! Hosts that do what they are told, on virtual time. Names with an `l` and a number are rows of
//! the catalogue of faults in balancing.

mod choice;
mod counting;
mod failover;
mod targets;

use super::*;
use bytes::Bytes;
use http::StatusCode;
use std::{
    collections::HashMap,
    future::pending,
    sync::{Mutex, PoisonError},
};
use tokio::time::sleep;
use tower::{ServiceExt, util::BoxCloneSyncService};

/// What a host does with requests.
#[derive(Debug, Clone, Copy)]
enum Does {
    /// Answers with a status, after so many milliseconds.
    Answers(u16, u64),
    /// Loses the request when it has been sent.
    Breaks(u64),
    /// Takes no connection.
    Refuses(u64),
    /// Takes it, and is silent.
    Hangs,
}

const GOOD: Does = Does::Answers(200, 20);

/// All hosts, and what they were asked.
#[derive(Clone, Default)]
struct Hosts {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    does: HashMap<String, Does>,
    asked: Vec<(String, Bytes)>,
}

type Sut<P = FewestFaults> = Balance<BoxCloneSyncService<Request<Body>, Response<Body>, Error>, P>;

impl Hosts {
    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on, the host does this; every other one is [`GOOD`].
    fn set(&self, host: &str, does: Does) {
        self.with(|state| state.does.insert(host.to_owned(), does));
    }

    /// The hosts that were asked since the last look, in order.
    fn asked(&self) -> Vec<String> {
        self.with(|state| state.asked.drain(..).map(|(host, _)| host).collect())
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<Body>, Error> {
        let host = request.uri().host().unwrap_or("").to_owned();
        let body = http_body_util::BodyExt::collect(request.into_body())
            .await
            .map_err(Error::from_response_body)?
            .to_bytes();
        let does = self.with(|state| {
            state.asked.push((host.clone(), body));
            state.does.get(&host).copied().unwrap_or(GOOD)
        });
        match does {
            Does::Answers(status, after) => {
                sleep(Duration::from_millis(after)).await;
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::from_u16(status).expect("a status");
                Ok(response)
            }
            Does::Breaks(after) => {
                sleep(Duration::from_millis(after)).await;
                Err(Error::new(ErrorKind::Transport, "reset"))
            }
            Does::Refuses(after) => {
                sleep(Duration::from_millis(after)).await;
                Err(Error::new(ErrorKind::Connect, "refused"))
            }
            Does::Hangs => pending().await,
        }
    }

    fn under<P: Clone>(&self, layer: BalanceLayer<P>) -> Sut<P> {
        let hosts = self.clone();
        let service = tower::service_fn(move |request| hosts.clone().answer(request));
        layer.seed(7).layer(BoxCloneSyncService::new(service))
    }
}

fn layer(count: usize) -> BalanceLayer {
    BalanceLayer::new((0..count).map(|host| format!("http://h{host}/v1"))).unwrap()
}

fn request(method: Method) -> Request<Body> {
    Request::builder().method(method).uri("http://h0/v1/x").body(Body::empty()).unwrap()
}

async fn send<P: Priority + Clone>(
    service: &Sut<P>,
    request: Request<Body>,
) -> Result<StatusCode, Error> {
    service.clone().oneshot(request).await.map(|response| response.status())
}

async fn get<P: Priority + Clone>(service: &Sut<P>) -> Result<StatusCode, Error> {
    send(service, request(Method::GET)).await
}

fn actives<P>(service: &Sut<P>) -> Vec<usize> {
    service.upstreams().map(|upstream| upstream.active()).collect()
}

/// The part of `asked` that went to a host.
fn share(asked: &[String], host: &str) -> f64 {
    asked.iter().filter(|asked| *asked == host).count() as f64 / asked.len() as f64
}
