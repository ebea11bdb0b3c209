//! Exact allocation counts over a connection, on the thread of the client, beside bare hyper.

use allocation_counter::measure;
use axum::{Json, Router, routing::get};
use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use std::{future::pending, net::SocketAddr, sync::mpsc, thread};
use testbed::Testbed;
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
};
use tower_clients::{Client, Resource};

#[derive(Serialize, Deserialize)]
struct User {
    name: String,
    id: u32,
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Serves on a thread of its own, whose allocations do not count.
fn start() -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        runtime().block_on(async {
            let user = get(async || Json(User { name: "Ada".into(), id: 7 }));
            let server = Testbed::serve(Router::new().route("/v1/user", user)).await.unwrap();
            sender.send(server.addr()).unwrap();
            pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

/// Allocations of one request of many.
fn each(runtime: &Runtime, mut exchange: impl AsyncFnMut() -> User) -> u64 {
    let mut run = |times: u64| {
        let run = || {
            runtime.block_on(async {
                for _ in 0..times {
                    assert_eq!(exchange().await.id, 7);
                }
            });
        };
        measure(run).count_total
    };
    run(100);
    let (once, twice) = (run(50), run(100));
    assert_eq!((twice - once) % 50, 0, "no steady state");
    (twice - once) / 50
}

fn of_hyper(addr: SocketAddr) -> u64 {
    let runtime = runtime();
    let mut sender = runtime.block_on(async {
        let stream = TcpStream::connect(addr).await.unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    });
    each(&runtime, async || {
        sender.ready().await.unwrap();
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = Uri::from_static("/v1/user");
        request.headers_mut().reserve(4);
        for (name, value) in [
            (header::HOST, "localhost"),
            (header::USER_AGENT, "test/1"),
            (header::ACCEPT, "application/json"),
            (header::AUTHORIZATION, "Bearer t0ken"),
        ] {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let response = sender.send_request(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    })
}

#[test]
fn typed_get_makes_two_more_than_bare_hyper() {
    let addr = start();
    let client = Client::builder(format!("http://{addr}/v1"))
        .header("user-agent", "test/1")
        .header("accept", "application/json")
        .bearer_auth("t0ken");
    let api = Resource::from(client.build().unwrap());
    // The joined URL, its first copy, which names the request in errors, and the exchange are three; one
    // less is that a body of one frame is decoded where it lies.
    let ours = each(&runtime(), async || api.get("user").json().await.unwrap());
    assert_eq!(ours, of_hyper(addr) - 1 + 3);
}
