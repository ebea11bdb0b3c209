//! Over loopback, without TLS.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use axum::{Router, routing::post};
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use std::{io, net::SocketAddr, sync::LazyLock, time::Duration};
use testbed::Testbed;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};
use tower::ServiceExt;
use tower_clients_layers::{Body, Error, ErrorKind, SharedService};
use tower_clients_transport::{ResponseBody, Transport, address::NotAccepted};

type Answer = Result<Response<ResponseBody>, Error>;

async fn get(transport: &Transport, url: &str) -> Answer {
    transport.clone().oneshot(Request::get(url).body(Body::empty()).unwrap()).await
}

async fn bytes(answer: Answer) -> Bytes {
    answer.unwrap().into_body().collect().await.unwrap().to_bytes()
}

/// A server for one connection, that reads a request, writes `answer` and closes.
async fn answering(answer: &str) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let answer = answer.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            seen.push(stream.read_u8().await?);
        }
        stream.write_all(answer.as_bytes()).await
    });
    (addr, task)
}

/// A route that sends the request body back as it comes.
async fn echo() -> Testbed {
    let echo = post(async |body: axum::body::Body| body);
    Testbed::serve(Router::new().route("/echo", echo)).await.unwrap()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn it_is_a_service_for_the_stack() {
    fn shared<S: SharedService<Body> + SharedService<Full<Bytes>>>(_: &S) {}
    shared(&Transport::new());
}

#[tokio::test]
async fn requests_in_sequence_share_a_connection() {
    let server = Testbed::http().await.unwrap();
    let transport = Transport::new();
    let url = format!("{}get", server.url());
    for _ in 0..10 {
        let answer = get(&transport, &url).await;
        assert_eq!(answer.as_ref().unwrap().version(), Version::HTTP_11);
        let echo: serde_json::Value = serde_json::from_slice(&bytes(answer).await).unwrap();
        assert_eq!(echo["url"], url);
    }
    assert_eq!((server.requests(), server.connections()), (10, 1));
}

#[tokio::test]
async fn an_empty_pool_keeps_no_connection() {
    let server = Testbed::http().await.unwrap();
    let transport = Transport::builder().pool_max_idle_per_host(0).build().unwrap();
    for _ in 0..3 {
        bytes(get(&transport, &format!("{}get", server.url())).await).await;
    }
    assert_eq!((server.requests(), server.connections()), (3, 3));
}

#[tokio::test]
async fn the_version_of_the_request_does_not_matter() {
    let server = Testbed::http().await.unwrap();
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_2, Version::HTTP_3] {
        let request = Request::get(server.url()).version(version).body(Body::empty()).unwrap();
        let response = Transport::new().oneshot(request).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_11, "{version:?}");
    }
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn wish_for_trailers_is_sent_over_http_2_without_its_connection_option() {
    let echo = axum::routing::get(async |mut headers: http::HeaderMap| {
        assert!(!headers.contains_key("connection"));
        headers.remove("te").map_or_else(Vec::new, |value| value.as_bytes().to_vec())
    });
    let server = Testbed::serve(Router::new().route("/te", echo)).await.unwrap();
    let transport = Transport::builder().http2_prior_knowledge().build().unwrap();
    let request = Request::get(format!("{}te", server.url()))
        .header("te", "trailers")
        .header("connection", "te")
        .body(Body::empty())
        .unwrap();
    assert_eq!(bytes(transport.oneshot(request).await).await, "trailers");
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn prior_knowledge_carries_requests_together_on_one_connection() {
    use std::sync::Arc;
    use tokio::sync::Barrier;

    const TOGETHER: usize = 8;
    // No answer before all requests are there.
    let barrier = Arc::new(Barrier::new(TOGETHER));
    let meet = async move || {
        barrier.wait().await;
    };
    let server = Testbed::serve(Router::new().route("/meet", axum::routing::get(meet))).await;
    let server = server.unwrap();
    let transport = Transport::builder().http2_prior_knowledge().build().unwrap();
    let url = format!("{}meet", server.url());
    let answers = futures_util::future::join_all((0..TOGETHER).map(|_| get(&transport, &url)));
    for answer in answers.await {
        let response = answer.unwrap();
        assert_eq!(
            (response.status(), response.version()),
            (http::StatusCode::OK, Version::HTTP_2)
        );
    }
    assert_eq!((server.requests(), server.connections()), (TOGETHER, 1));
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn trailers_come_last() {
    use http::{HeaderMap, HeaderValue};
    use http_body::Frame;
    use http_body_util::StreamBody;

    let answer = async || {
        let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from(7))]);
        let frames = [Frame::data(Bytes::from("data")), Frame::trailers(trailers)];
        axum::body::Body::new(StreamBody::new(stream::iter(frames.map(Ok::<_, io::Error>))))
    };
    let server = Testbed::serve(Router::new().fallback(answer)).await.unwrap();
    let transport = Transport::builder().http2_prior_knowledge().build().unwrap();
    let body = get(&transport, server.url()).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["x-sum"], "7");
    assert_eq!(body.to_bytes(), "data");
}

#[tokio::test]
async fn bodies_stream_both_ways_at_once() {
    let server = echo().await;
    let (sender, receiver) = mpsc::channel::<Bytes>(1);
    let chunks = stream::unfold(receiver, async |mut receiver| {
        let chunk = receiver.recv().await?;
        Some((Ok::<_, io::Error>(chunk), receiver))
    });
    let request = Request::post(format!("{}echo", server.url()));
    let request = request.body(Body::from_stream(chunks)).unwrap();
    sender.send("one".into()).await.unwrap();
    let mut body = Transport::new().oneshot(request).await.unwrap().into_body();

    for (arrived, next) in [("one", "two"), ("two", "three")] {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), arrived);
        sender.send(next.into()).await.unwrap();
    }
    drop(sender);
    assert_eq!(body.collect().await.unwrap().to_bytes(), "three");
}

#[tokio::test]
async fn any_body_can_be_sent_and_hints_are_kept() {
    let server = echo().await;
    let request = Request::post(format!("{}echo", server.url()));
    let request = request.body(Full::new(Bytes::from("full"))).unwrap();
    let response = Transport::new().oneshot(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "full");

    let server = Testbed::http().await.unwrap();
    let response = get(&Transport::new(), &format!("{}bytes/10", server.url())).await.unwrap();
    assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(10));
    let response = get(&Transport::new(), &format!("{}status/204", server.url())).await.unwrap();
    assert!(http_body::Body::is_end_stream(response.body()));
}

#[tokio::test]
async fn w4_a_request_body_that_fails_may_have_been_sent() {
    let server = echo().await;
    let broken = Body::from_stream(stream::iter([
        Ok(Bytes::from("some")),
        Err(Error::new(ErrorKind::Connect, "upstream")),
    ]));
    let request = Request::post(format!("{}echo", server.url())).body(broken).unwrap();
    match Transport::new().oneshot(request).await {
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Transport);
            assert!(error.may_have_been_sent(), "{error:?}");
        }
        // The head of the answer may win, and then the body of the answer tells.
        Ok(response) => {
            let error = response.into_body().collect().await.unwrap_err();
            assert!(error.is_body() && error.may_have_been_sent(), "{error:?}");
        }
    }
}

#[tokio::test]
async fn c1_a_refused_connection_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/path?key=secret", listener.local_addr().unwrap());
    drop(listener);
    let error = get(&Transport::new(), &url).await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_sent(), "{error:?}");
    let cause = error.find_source::<io::Error>().unwrap();
    assert_eq!(cause.kind(), io::ErrorKind::ConnectionRefused);
    let text = format!("{error:#}");
    assert!(text.starts_with("GET http://127.0.0.1:"), "{text}");
    assert!(text.contains(" cannot be connected to: "), "{text}");
    assert!(!text.contains("secret") && !text.contains("client error"), "{text}");
}

#[tokio::test]
async fn d1_a_server_that_closes_without_an_answer_may_have_seen_the_request() {
    let (addr, _) = answering("").await;
    let error = get(&Transport::new(), &format!("http://{addr}/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.may_have_been_sent(), "{error:?}");
    assert!(error.url().unwrap().starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn d7_a_transfer_coding_that_was_not_asked_for_is_a_transport_error() {
    for coding in ["gzip", "gzip, chunked", "chunked, other"] {
        let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {coding}\r\n\r\n0\r\n\r\n");
        let (addr, _) = answering(&answer).await;
        let error = get(&Transport::new(), &format!("http://{addr}/")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport, "{coding}");
        assert!(error.may_have_been_sent(), "{coding}: {error:?}");
    }
}

#[tokio::test]
async fn chunks_have_no_other_coding() {
    for coding in ["chunked", "Chunked", "identity, chunked"] {
        let answer =
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {coding}\r\n\r\n1\r\na\r\n0\r\n\r\n");
        let (addr, _) = answering(&answer).await;
        assert_eq!(bytes(get(&Transport::new(), &format!("http://{addr}/")).await).await, "a");
    }
}

#[tokio::test]
async fn d7_an_answer_that_is_not_http_is_a_transport_error() {
    let (addr, _) = answering("SSH-2.0-OpenSSH\r\n\r\n").await;
    let error = get(&Transport::new(), &format!("http://{addr}/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.may_have_been_sent(), "{error:?}");
}

#[tokio::test]
async fn d9_a_body_cut_short_is_a_body_error() {
    let (addr, _) = answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await;
    let response = get(&Transport::new(), &format!("http://{addr}/x")).await.unwrap();
    let mut body = response.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "abc");
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(error.is_body() && error.may_have_been_sent(), "{error:?}");
    assert_eq!(error.url().unwrap(), format!("http://{addr}/x"));
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn h1_a_reset_stream_is_a_body_error() {
    let cut = async || {
        let chunks = [Ok(Bytes::from("abc")), Err(io::Error::other("cut"))];
        axum::body::Body::from_stream(stream::iter(chunks))
    };
    let server = Testbed::serve(Router::new().fallback(cut)).await.unwrap();
    let transport = Transport::builder().http2_prior_knowledge().build().unwrap();
    match get(&transport, server.url()).await {
        Ok(response) => assert!(response.into_body().collect().await.unwrap_err().is_body()),
        // The reset may overtake the head.
        Err(error) => assert!(error.may_have_been_sent()),
    }
}

#[test]
fn a_static_made_outside_of_a_runtime_works_inside() {
    static TRANSPORT: LazyLock<Transport> = LazyLock::new(Transport::new);
    let debug = format!("{:?}", *TRANSPORT);
    assert!(
        debug.starts_with("Transport {") && debug.contains("connect_timeout: Some(10s)"),
        "{debug}"
    );
    runtime().block_on(async {
        let server = Testbed::http().await.unwrap();
        assert_eq!(get(&TRANSPORT, server.url()).await.unwrap().version(), Version::HTTP_11);
    });
}

#[test]
fn x3_a_transport_outlives_the_runtime_it_was_used_on() {
    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = servers.block_on(Testbed::http()).unwrap();
    let url = format!("{}get", server.url());
    let transports = [
        Transport::new(),
        #[cfg(feature = "http2")]
        Transport::builder().http2_prior_knowledge().build().unwrap(),
    ];
    for transport in &transports {
        let before = server.connections();
        for connections in 1..=3 {
            runtime().block_on(async {
                for _ in 0..2 {
                    let answer = timeout(Duration::from_secs(10), get(transport, &url)).await;
                    bytes(answer.unwrap()).await;
                }
            });
            assert_eq!(server.connections() - before, connections);
        }
    }
}

/// Linux does not answer who wants to connect to a listener whose queue is full.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn c1_a_connection_that_is_not_answered_runs_into_the_timeout() {
    use tokio::net::{TcpSocket, TcpStream};
    use tower_clients_layers::{RequestOptions, TimeoutError};

    let limit = Duration::from_millis(50);
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let addr = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = timeout(limit, TcpStream::connect(addr)).await {
        queue.push(stream.unwrap());
    }

    let transport = Transport::builder().connect_timeout(limit).build().unwrap();
    let error = get(&transport, &format!("http://{addr}/")).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_sent(), "{error:?}");
    assert_eq!(error.timeout(), Some(&TimeoutError::connect(limit)));
    assert_eq!(
        format!("{error:#}"),
        format!(
            "GET http://{addr}/: the request ran out of time: the connect timeout of 50ms passed"
        )
    );

    let request = Request::get(format!("http://{addr}/"));
    let request = request.extension(RequestOptions::new().attempt(2)).body(Body::empty());
    let error = transport.oneshot(request.unwrap()).await.unwrap_err();
    assert_eq!(error.timeout(), Some(&TimeoutError::connect(limit).in_attempt(2)));

    // Without the limit, only the caller's own one ends the wait.
    let transport = Transport::builder().no_connect_timeout().build().unwrap();
    assert!(timeout(limit, get(&transport, &format!("http://{addr}/"))).await.is_err());
}

#[tokio::test]
async fn c4_addresses_that_are_not_public_can_be_refused() {
    let server = Testbed::http().await.unwrap();
    let port = server.url().parse::<http::Uri>().unwrap().port_u16().unwrap();
    let transport = Transport::builder().public_only().build().unwrap();
    for host in ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "[::1]"] {
        let error = get(&transport, &format!("http://{host}:{port}/get")).await.unwrap_err();
        assert!(error.is_connect() && !error.may_have_been_sent(), "{host}: {error:?}");
        assert!(error.find_source::<NotAccepted>().is_some(), "{host}: {error:#}");
    }
    assert_eq!(server.connections(), 0);

    let own = Transport::builder().filter_addresses(|address| address.is_loopback());
    let url = format!("http://localhost:{port}/get");
    assert_eq!(get(&own.build().unwrap(), &url).await.unwrap().status(), 200);
}
