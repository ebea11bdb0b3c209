//! A balance counts right, and takes every upstream back in the end.
//!
//! Input: a `Script`, as `arbitrary` reads it.

use crate::paused;
use arbitrary::{Arbitrary, Unstructured};
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, channel::Channel};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::oneshot, time::advance};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_clients_layers::{BalanceLayer, Body, Error, ErrorKind, balance::BalanceBody};

#[derive(Debug, Arbitrary)]
struct Script {
    upstreams: u8,
    seed: u64,
    failover: bool,
    patience: u8,
    operations: Vec<Operation>,
}

/// What is chosen by a number is one of those that there are.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Operation {
    Call { idempotent: bool },
    Answer { which: u8, failure: bool, has_body: bool },
    Fail { which: u8, sent: bool },
    Cancel { which: u8 },
    EndBody { which: u8, broken: bool },
    DropBody { which: u8 },
    Wait { hundredths: u8 },
}

const HALF_LIFE: Duration = Duration::from_secs(10);

type Answer = Result<Response<Body>, Error>;
type Outcome = Result<Response<BalanceBody<Body>>, Error>;
type Source = http_body_util::channel::Sender<bytes::Bytes, Error>;

/// What came to an upstream and waits for its answer: the number of the call, the host, the way back.
type Waiting = Arc<Mutex<Vec<(usize, String, oneshot::Sender<Answer>)>>>;

struct Call {
    number: usize,
    future: Pin<Box<dyn Future<Output = Outcome>>>,
}

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    if let Ok(script) = Script::arbitrary_take_rest(Unstructured::new(input)) {
        paused::run(script.run());
    }
}

impl Script {
    async fn run(&self) {
        let count = usize::from(self.upstreams % 4) + 1;
        let hosts: Vec<_> = (0..count).map(|number| format!("http://h{number}/")).collect();
        let waiting: Waiting = Arc::default();
        let server = {
            let waiting = Arc::clone(&waiting);
            service_fn(move |request: Request<Body>| {
                let (back, answer) = oneshot::channel();
                let number = *request.extensions().get::<usize>().unwrap();
                let host = format!("http://{}/", request.uri().authority().unwrap());
                waiting.lock().unwrap().push((number, host, back));
                async { answer.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Transport, "cut"))) }
            })
        };
        let layer = BalanceLayer::new(hosts.iter().map(String::as_str)).unwrap();
        let layer = layer
            .half_life(HALF_LIFE)
            .patience(Duration::from_millis(u64::from(self.patience) * 100))
            .failover(self.failover)
            .seed(self.seed);
        let mut service = layer.layer(server);

        let mut calls: Vec<Call> = Vec::new();
        let mut bodies: Vec<(BalanceBody<Body>, Option<Source>)> = Vec::new();
        let mut sources: Vec<(usize, Source)> = Vec::new();
        let mut tried: Vec<Vec<String>> = Vec::new();
        for operation in &self.operations {
            match *operation {
                Operation::Call { idempotent } => {
                    let method = if idempotent { Method::GET } else { Method::POST };
                    let request = Request::builder().method(method).uri("http://h0/x");
                    let number = tried.len();
                    let request = request.extension(number).body(Body::empty()).unwrap();
                    let future = Box::pin(service.ready().await.unwrap().call(request));
                    calls.push(Call { number, future });
                    tried.push(Vec::new());
                }
                Operation::Answer { which, failure, has_body } => {
                    if let Some((number, _, back)) = take(&mut waiting.lock().unwrap(), which) {
                        let mut response = Response::new(Body::empty());
                        if has_body {
                            let (source, body) = Channel::new(1);
                            sources.push((number, source));
                            *response.body_mut() = Body::new(body);
                        }
                        if failure {
                            *response.status_mut() = StatusCode::BAD_GATEWAY;
                        }
                        // The call may have been given up.
                        let _ = back.send(Ok(response));
                    }
                }
                Operation::Fail { which, sent } => {
                    if let Some((.., back)) = take(&mut waiting.lock().unwrap(), which) {
                        let error = Error::new(ErrorKind::Transport, "broken");
                        let _ = back.send(Err(if sent { error } else { error.not_sent() }));
                    }
                }
                Operation::Cancel { which } => drop(take(&mut calls, which)),
                Operation::EndBody { which, broken } => {
                    if let Some((mut body, source)) = take(&mut bodies, which) {
                        match source {
                            Some(source) if broken => source.abort(Error::new(ErrorKind::Body, "cut")),
                            source => drop(source),
                        }
                        let frame = body.frame().await;
                        assert_eq!(frame.is_some(), broken && frame.as_ref().is_some_and(Result::is_err));
                    }
                }
                Operation::DropBody { which } => drop(take(&mut bodies, which)),
                Operation::Wait { hundredths } => {
                    advance(HALF_LIFE * u32::from(hundredths) / 100).await;
                }
            }
            let mut still = Vec::new();
            for mut call in calls.drain(..) {
                match (&mut call.future).now_or_never() {
                    None => still.push(call),
                    Some(Ok(response)) => {
                        let index = sources.iter().position(|(number, _)| *number == call.number);
                        let source = index.map(|index| sources.remove(index).1);
                        if source.is_some() {
                            bodies.push((response.into_body(), source));
                        }
                    }
                    Some(Err(error)) => assert_eq!(error.kind(), ErrorKind::Transport),
                }
            }
            calls = still;
            for (number, host, _) in waiting.lock().unwrap().iter() {
                assert!(hosts.contains(host), "{host}");
                let tried = &mut tried[*number];
                if tried.last() != Some(host) {
                    assert!(!tried.contains(host), "a call comes to {host} twice");
                    tried.push(host.clone());
                }
            }
            let active: usize = service.upstreams().map(|upstream| upstream.active()).sum();
            assert_eq!(active, calls.len() + bodies.len(), "{operation:?}");
            assert!(service.upstreams().all(|upstream| upstream.faults() >= 0.0));
        }
        drop((calls, bodies));
        waiting.lock().unwrap().clear();
        assert!(service.upstreams().all(|upstream| upstream.active() == 0));

        for _ in 0..count {
            advance(2 * HALF_LIFE).await;
            let request = Request::get("http://h0/x").extension(0_usize).body(Body::empty()).unwrap();
            let call = tokio::spawn(service.ready().await.unwrap().call(request));
            tokio::task::yield_now().await;
            let (.., back) = waiting.lock().unwrap().pop().unwrap();
            back.send(Ok(Response::new(Body::empty()))).unwrap();
            call.await.unwrap().unwrap();
        }
        assert!(service.upstreams().all(|upstream| upstream.is_up()), "one stays banned");
    }
}

fn take<T>(all: &mut Vec<T>, which: u8) -> Option<T> {
    (!all.is_empty()).then(|| all.swap_remove(usize::from(which) % all.len()))
}
