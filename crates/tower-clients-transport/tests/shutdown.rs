//! The end of a transport, over loopback.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use axum::{Router, body::Body as ServerBody, routing::get};
use futures_util::{FutureExt, poll, stream};
use http::{Request, Response};
use http_body_util::BodyExt;
use std::{convert::Infallible, io, pin::pin, time::Duration};
use testbed::Testbed;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tower::ServiceExt;
use tower_clients_layers::{Body, Error};
use tower_clients_transport::{ResponseBody, Transport};

const SECOND: Duration = Duration::from_secs(1);

async fn get_it(transport: &Transport, url: &str) -> Result<Response<ResponseBody>, Error> {
    transport.clone().oneshot(Request::get(url).body(Body::empty()).unwrap()).await
}

/// Bodies without an end, in chunks that come when the test says so.
async fn chunks() -> (Testbed, mpsc::Sender<&'static str>) {
    let (sender, receiver) = mpsc::channel(1);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let answer = move || {
        let receiver = receiver.lock().unwrap().take();
        let chunks = stream::unfold(receiver, async |receiver| {
            let mut receiver = receiver?;
            let chunk: &str = receiver.recv().await?;
            Some((Ok::<_, Infallible>(chunk), Some(receiver)))
        });
        std::future::ready(ServerBody::from_stream(chunks))
    };
    let answer = std::sync::Arc::new(answer);
    let server = Router::new().route("/", get(move || answer()));
    (Testbed::serve(server).await.unwrap(), sender)
}

fn transports() -> Vec<Transport> {
    vec![
        Transport::new(),
        #[cfg(feature = "http2")]
        Transport::builder().http2_prior_knowledge().build().unwrap(),
    ]
}

#[tokio::test]
async fn exchange_is_in_flight_from_its_call_to_the_end_of_its_body() {
    let server = Testbed::http().await.unwrap();
    for transport in transports() {
        let url = format!("{}bytes/100000", server.url());
        let request = || Request::get(&url).body(Body::empty()).unwrap();
        let waiting = transport.clone().oneshot(request());
        assert_eq!(transport.in_flight(), 0, "it is not called yet");
        let response = waiting.await.unwrap();
        assert_eq!(transport.in_flight(), 1);
        let other = get_it(&transport, &url).await.unwrap();
        assert_eq!(transport.in_flight(), 2);
        other.into_body().collect().await.unwrap();
        assert_eq!(transport.in_flight(), 1);
        drop(response);
        assert_eq!(transport.in_flight(), 0);

        let mut called = transport.clone();
        let future = tower::Service::call(&mut called, request());
        assert_eq!(transport.in_flight(), 1);
        drop(future);
        assert_eq!(transport.in_flight(), 0);
        assert!(get_it(&transport, "http://127.0.0.1:1/").await.is_err());
        assert_eq!(transport.in_flight(), 0);
    }
}

#[tokio::test]
async fn bodies_go_on_to_their_end_and_nothing_new_begins() {
    for transport in transports() {
        let (server, sender) = chunks().await;
        let mut body = get_it(&transport, server.url()).await.unwrap().into_body();
        let mut shutdown = pin!(transport.shutdown(Duration::MAX));
        assert!(poll!(&mut shutdown).is_pending());

        let error = get_it(&transport, server.url()).await.unwrap_err();
        assert!(error.is_unavailable() && !error.may_have_been_sent(), "{error:?}");
        assert!(error.unavailable().unwrap().is_shut_down());
        let text = format!("{error:#}");
        assert!(text.ends_with("the client is shut down"), "{text}");

        for chunk in ["one", "two"] {
            sender.send(chunk).await.unwrap();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), chunk);
            assert!(poll!(&mut shutdown).is_pending());
        }
        drop(sender);
        assert!(body.collect().await.unwrap().to_bytes().is_empty());
        assert_eq!(shutdown.await, 0);
        assert_eq!((server.requests(), transport.in_flight()), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn grace_ends_and_says_how_many_are_left() {
    let (server, sender) = chunks().await;
    let transport = Transport::new();
    let mut body = get_it(&transport, server.url()).await.unwrap().into_body();
    let begun = Instant::now();
    assert_eq!(transport.shutdown(5 * SECOND).await, 1);
    // Timers are counted in milliseconds.
    assert_eq!(begun.elapsed().as_secs(), 5);

    // It is not cut off.
    sender.send("late").await.unwrap();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "late");
    drop(body);
    assert_eq!(transport.shutdown(5 * SECOND).now_or_never(), Some(0));
}

#[tokio::test]
async fn shutdown_that_is_dropped_can_be_waited_for_again() {
    let (server, sender) = chunks().await;
    let transport = Transport::new();
    let body = get_it(&transport, server.url()).await.unwrap().into_body();
    assert_eq!(transport.shutdown(SECOND).now_or_never(), None);
    assert!(get_it(&transport, server.url()).await.unwrap_err().is_unavailable());
    let other = transport.clone();
    let (one, two, read) =
        tokio::join!(transport.shutdown(Duration::MAX), other.shutdown(Duration::MAX), async {
            drop(sender);
            body.collect().await
        },);
    read.unwrap();
    assert_eq!((one, two), (0, 0));
}

/// A server for one request and the end of its connection.
async fn closing(answer: &'static [u8]) -> (String, JoinHandle<io::Result<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        stream.write_all(answer).await?;
        stream.read_u8().await
    });
    (url, server)
}

const LONG: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok";
const SHORT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async fn has_closed(server: JoinHandle<io::Result<u8>>) {
    let error = timeout(10 * SECOND, server).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn idle_connection_closes_at_once() {
    let transport = Transport::new();
    let (url, server) = closing(SHORT).await;
    get_it(&transport, &url).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(transport.shutdown(Duration::ZERO).await, 0);
    has_closed(server).await;
}

#[tokio::test]
async fn connection_closes_with_its_exchange() {
    for (answer, is_read) in [(SHORT, true), (SHORT, false), (LONG, false)] {
        let transport = Transport::new();
        let (url, server) = closing(answer).await;
        let body = get_it(&transport, &url).await.unwrap().into_body();
        assert_eq!(transport.shutdown(Duration::ZERO).await, 1);
        if is_read {
            body.collect().await.unwrap();
        } else {
            drop(body);
        }
        assert_eq!(transport.in_flight(), 0);
        has_closed(server).await;
    }
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn shared_connection_closes_with_its_last_exchange() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut connection = h2::server::handshake(listener.accept().await?.0).await.unwrap();
        while let Some(request) = connection.accept().await {
            let (_, mut answer) = request.unwrap();
            answer.send_response(Response::new(()), true).unwrap();
        }
        io::Result::Ok(())
    });
    let transport = Transport::builder().http2_prior_knowledge().build().unwrap();
    let [one, two] = [get_it(&transport, &url).await, get_it(&transport, &url).await];
    drop((one.unwrap(), two.unwrap()));
    assert_eq!(transport.shutdown(SECOND).await, 0);
    timeout(10 * SECOND, server).await.unwrap().unwrap().unwrap();
}
