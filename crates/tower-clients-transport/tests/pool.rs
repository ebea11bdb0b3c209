//! Which connections are used again, over loopback.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use axum::{Router, routing::get};
use bytes::Bytes;
use futures_util::{future::join_all, poll, stream};
use http::{Request, Response};
use http_body_util::BodyExt;
use std::{
    collections::HashMap,
    convert::Infallible,
    future::pending,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};
use testbed::Testbed;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};
use tower::{ServiceExt, service_fn};
use tower_clients_layers::{Body, Error};
use tower_clients_transport::{ResponseBody, Transport, address::Name};

type Answer = Result<Response<ResponseBody>, Error>;

async fn send(transport: &Transport, request: Request<Body>) -> Answer {
    transport.clone().oneshot(request).await
}

async fn get_it(transport: &Transport, url: &str) -> Answer {
    send(transport, Request::get(url).body(Body::empty()).unwrap()).await
}

async fn read(answer: Answer) -> Result<Bytes, Error> {
    Ok(answer?.into_body().collect().await?.to_bytes())
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// The path of a request without a body; none at the end of the connection.
async fn path(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    Ok(head.split(' ').nth(1).map(str::to_owned))
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers, and closes every third connection right behind an answer. Tells what it saw.
async fn closing(listener: TcpListener, seen: mpsc::UnboundedSender<String>) {
    for number in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let seen = seen.clone();
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            for answered in 0.. {
                let Ok(Some(path)) = path(&mut stream).await else { return };
                seen.send(path).unwrap();
                if stream.write_all(OK).await.is_err() || answered >= number % 3 {
                    return;
                }
            }
        });
    }
}

#[test]
fn d2_d3_request_meets_a_closing_connection_and_is_sent_once() {
    const ROUNDS: usize = 20_000;
    let server = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (sender, mut seen) = mpsc::unbounded_channel();
    let (listener, addr) = server.block_on(listen());
    server.spawn(closing(listener, sender));

    let transport = Transport::new();
    let mut outcomes = Vec::new();
    runtime().block_on(async {
        for round in 0..ROUNDS {
            let request = Request::post(format!("http://{addr}/{round}")).body(Body::empty());
            let answer = read(send(&transport, request.unwrap()).await).await;
            outcomes.push(answer.map_err(|error| error.may_have_been_sent()));
        }
    });
    drop(transport);
    drop(server);
    let mut counts = HashMap::<String, usize>::new();
    while let Ok(path) = seen.try_recv() {
        *counts.entry(path).or_default() += 1;
    }
    for (round, outcome) in outcomes.iter().enumerate() {
        let times = counts.get(&format!("/{round}")).copied().unwrap_or(0);
        match outcome {
            Ok(body) => assert_eq!((times, &body[..]), (1, &b"ok"[..]), "{round}"),
            Err(true) => assert!(times <= 1, "{round}: {times}"),
            Err(false) => panic!("{round}: what was not sent is sent again"),
        }
    }
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    // Half of them come right before the server closes, and a lost race is no failure of the rest.
    assert!(failed < ROUNDS / 4, "{failed}");
}

/// Reads `reads` bytes of a request and writes `answer`, then closes.
async fn partner(listener: &TcpListener, reads: usize, answer: &[u8]) {
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.read_exact(&mut vec![0; reads]).await.unwrap();
    stream.write_all(answer).await.unwrap();
}

#[tokio::test]
async fn d1_server_that_closes_at_any_point_may_have_seen_the_request() {
    let (listener, addr) = listen().await;
    let request = || Request::post(format!("http://{addr}/x")).body("abc".into()).unwrap();
    let head = format!("POST /x HTTP/1.1\r\nhost: {addr}\r\ncontent-length: 3\r\n\r\nabc");
    for reads in 1..=head.len() {
        let exchange = async { send(&Transport::new(), request()).await };
        let (answer, ()) = tokio::join!(exchange, partner(&listener, reads, b""));
        let error = answer.unwrap_err();
        assert!(error.is_transport() && error.may_have_been_sent(), "{reads}: {error:?}");
    }
    for written in 1..=OK.len() {
        let exchange = async { read(send(&Transport::new(), request()).await).await };
        let partner = partner(&listener, head.len(), &OK[..written]);
        let (answer, ()) = tokio::join!(exchange, partner);
        match answer {
            Ok(body) => assert_eq!((written, &body[..]), (OK.len(), &b"ok"[..])),
            Err(error) => {
                let in_head = written < OK.len() - 2;
                assert_eq!((error.is_transport(), error.is_body()), (in_head, !in_head));
                assert!(error.may_have_been_sent(), "{written}: {error:?}");
            }
        }
    }
}

/// Answers every request, reading nothing but heads; tells how many connections there were.
async fn answering(listener: TcpListener, answer: &'static [u8]) -> JoinHandle<usize> {
    tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok(Ok((stream, _))) = timeout(Duration::from_millis(200), listener.accept()).await
        {
            connections.push(tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                while let Ok(Some(_)) = path(&mut stream).await {
                    stream.write_all(answer).await.unwrap();
                }
            }));
        }
        connections.len()
    })
}

#[tokio::test]
async fn d5_answer_to_half_a_request_ends_the_connection() {
    let (listener, addr) = listen().await;
    let server = answering(listener, OK).await;
    let transport = Transport::new();
    for _ in 0..3 {
        let endless = stream::pending::<Result<Bytes, io::Error>>();
        let request = Request::post(format!("http://{addr}/")).body(Body::from_stream(endless));
        let answer = send(&transport, request.unwrap()).await;
        assert_eq!(read(answer).await.unwrap(), "ok");
    }
    assert_eq!(server.await.unwrap(), 3);
}

#[tokio::test]
async fn d4_bytes_that_nobody_asked_for_end_the_connection() {
    let (listener, addr) = listen().await;
    let server =
        answering(listener, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200").await;
    let transport = Transport::new();
    for _ in 0..3 {
        let answer = get_it(&transport, &format!("http://{addr}/")).await;
        assert_eq!(read(answer).await.unwrap(), "ok");
    }
    assert_eq!(server.await.unwrap(), 3);
}

#[tokio::test]
async fn x1_dropped_body_is_drained_if_it_is_small() {
    let server = Testbed::http().await.unwrap();
    for (path, is_small) in [("bytes/1000", true), ("bytes/100000", false)] {
        let transport = Transport::builder().pool_max_open_per_host(1).build().unwrap();
        let before = server.connections();
        for _ in 0..3 {
            // The limit makes the next request wait until the connection is back or closed.
            drop(get_it(&transport, &format!("{}{path}", server.url())).await.unwrap());
        }
        assert_eq!(server.connections() - before, if is_small { 1 } else { 3 }, "{path}");
    }
}

#[tokio::test]
async fn requests_wait_for_the_connections_that_there_may_be() {
    let server = Testbed::http().await.unwrap();
    let url = format!("{}get", server.url());
    for transport in
        [Transport::builder().pool_max_open_per_host(2), Transport::builder().pool_max_open(2)]
    {
        let before = server.connections();
        let transport = transport.build().unwrap();
        let exchanges = (0..20).map(async |_| read(get_it(&transport, &url).await).await.unwrap());
        assert_eq!(join_all(exchanges).await.len(), 20);
        assert_eq!(server.connections() - before, 2);
    }
}

#[tokio::test]
async fn request_that_makes_a_connection_takes_one_that_comes_back_before() {
    let server = Testbed::http().await.unwrap();
    let (addr, lookups) = (server.addr(), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&lookups);
    let resolver = service_fn(move |_: Name| {
        let is_first = count.fetch_add(1, Relaxed) == 0;
        async move { if is_first { Ok::<_, Infallible>([addr]) } else { pending().await } }
    });
    let transport = Transport::builder().resolver(resolver).build().unwrap();

    let first = get_it(&transport, "http://host/get").await;
    let mut second = pin!(get_it(&transport, "http://host/get"));
    assert!(poll!(&mut second).is_pending());
    assert_eq!(lookups.load(Relaxed), 2);
    read(first).await.unwrap();
    read(second.await).await.unwrap();
    assert_eq!((server.requests(), server.connections()), (2, 1));
}

#[tokio::test]
async fn connection_that_is_too_old_is_replaced() {
    let server = Testbed::http().await.unwrap();
    let transport = Transport::builder().pool_max_age(Duration::ZERO).build().unwrap();
    for _ in 0..3 {
        read(get_it(&transport, &format!("{}get", server.url())).await).await.unwrap();
    }
    assert_eq!(server.connections(), 3);
}

#[test]
fn x3_connection_is_used_on_the_runtime_that_drives_it() {
    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = servers.block_on(Testbed::http()).unwrap();
    let url = format!("{}get", server.url());
    let (transport, idle) = (Transport::new(), runtime());
    let exchange = async || read(get_it(&transport, &url).await).await.unwrap();
    idle.block_on(exchange());
    // Nobody drives the first connection now.
    runtime().block_on(exchange());
    idle.block_on(exchange());
    assert_eq!((server.requests(), server.connections()), (3, 2));
}

#[cfg(all(feature = "http2", any(feature = "ring", feature = "aws-lc-rs")))]
#[tokio::test]
async fn first_requests_over_tls_share_one_http_2_connection() {
    use tower_clients_transport::tls::Tls;
    let server = Testbed::https().await.unwrap();
    let tls = Tls::roots_pem(server.ca_pem().unwrap()).unwrap();
    let transport = Transport::builder().tls(tls).build().unwrap();
    let url = format!("{}get", server.url());
    let exchanges = (0..20).map(async |_| read(get_it(&transport, &url).await).await.unwrap());
    assert_eq!(join_all(exchanges).await.len(), 20);
    assert_eq!((server.requests(), server.connections()), (20, 1));
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn h1_refused_stream_was_not_sent() {
    let (listener, addr) = listen().await;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(request) = connection.accept().await {
            request.unwrap().1.send_reset(h2::Reason::REFUSED_STREAM);
        }
    });
    let transport = Transport::builder().http2_prior_knowledge().build().unwrap();
    let error = get_it(&transport, &format!("http://{addr}/")).await.unwrap_err();
    assert!(error.is_transport() && !error.may_have_been_sent(), "{error:?}");
}

#[test]
fn x6_without_a_runtime_it_is_an_error() {
    let request = Request::get("http://localhost/").body(Body::empty()).unwrap();
    let answer = futures_util::FutureExt::now_or_never(send(&Transport::new(), request));
    let error = answer.unwrap().unwrap_err();
    assert!(error.is_config() && !error.may_have_been_sent());
    assert!(format!("{error:#}").contains("tokio runtime"));
}

#[tokio::test]
async fn name_of_the_server_is_sent_as_it_is_written() {
    let echo = get(async |headers: http::HeaderMap| headers["host"].to_str().unwrap().to_owned());
    let server = Testbed::serve(Router::new().route("/", echo)).await.unwrap();
    let port = server.addr().port();
    let transport = Transport::new();
    for host in ["localhost", "127.0.0.1"] {
        let seen = read(get_it(&transport, &format!("http://{host}:{port}/")).await).await;
        assert_eq!(seen.unwrap(), format!("{host}:{port}"));
    }
    let own = Request::get(server.url()).header("host", "other").body(Body::empty()).unwrap();
    assert_eq!(read(send(&transport, own).await).await.unwrap(), "other");
}
