//! What goes on on an HTTP/1.1 connection while nobody waits for it, over loopback.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tower::ServiceExt;
use tower_clients_layers::{Body, Error};
use tower_clients_transport::{ResponseBody, Transport};

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// A connection whose first request has come, but for its body.
async fn accepted(listener: TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream
}

async fn post(
    transport: &Transport,
    addr: SocketAddr,
    body: Body,
) -> Result<Response<ResponseBody>, Error> {
    let request = Request::post(format!("http://{addr}/")).body(body).unwrap();
    transport.clone().oneshot(request).await
}

#[tokio::test]
async fn x1_dropped_request_closes_its_connection_at_once() {
    let (listener, addr) = listen().await;
    let transport = Transport::new();
    let mut stream = tokio::select! {
        _ = post(&transport, addr, Body::empty()) => unreachable!("nobody answers"),
        stream = accepted(listener) => stream,
    };
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn connection_that_the_server_closes_does_not_stay_in_the_pool() {
    let (listener, addr) = listen().await;
    let server = tokio::spawn(async {
        let mut stream = accepted(listener).await;
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        // The client has its answer. Now it is idle, and is told that nothing comes any more.
        stream.shutdown().await.unwrap();
        stream.read(&mut [0]).await.unwrap()
    });
    let transport = Transport::new();
    assert_eq!(post(&transport, addr, Body::empty()).await.unwrap().status(), 204);
    assert_eq!(server.await.unwrap(), 0);
}

#[tokio::test]
async fn upload_goes_on_while_the_response_waits() {
    let (listener, addr) = listen().await;
    let server = tokio::spawn(async {
        let mut stream = accepted(listener).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").await.unwrap();
        let mut upload = Vec::new();
        while !upload.ends_with(b"0\r\n\r\n") {
            upload.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"ok").await.unwrap();
        upload
    });
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let chunks = stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let response = post(&Transport::new(), addr, Body::from_stream(chunks)).await.unwrap();
    for chunk in ["one", "two"] {
        sender.send(Ok::<_, Infallible>(Bytes::from(chunk))).unwrap();
    }
    drop(sender);
    assert_eq!(server.await.unwrap(), b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
}

#[tokio::test]
async fn connection_that_changes_its_protocol_is_handed_over() {
    let (listener, addr) = listen().await;
    tokio::spawn(async {
        let mut stream = accepted(listener).await;
        let switch =
            b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n";
        stream.write_all(switch).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
        let (mut read, mut write) = stream.split();
        tokio::io::copy(&mut read, &mut write).await.unwrap();
    });
    let request = Request::get(format!("http://{addr}/"))
        .header("connection", "upgrade")
        .header("upgrade", "echo")
        .body(Body::empty());
    let response = Transport::new().oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let mut echo = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    echo.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    echo.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
}

#[cfg(feature = "http2")]
#[tokio::test(start_paused = true)]
async fn upload_behind_a_success_goes_on_without_the_client_over_http_2() {
    let (listener, addr) = listen().await;
    let server = tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (request, mut respond) = connection.accept().await.unwrap().unwrap();
        respond.send_response(Response::new(()), true).unwrap();
        tokio::spawn(async move { while connection.accept().await.is_some() {} });
        let mut upload = request.into_body();
        upload.data().await.unwrap().unwrap()
    });
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let chunks = stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let transport = Transport::builder().http2_prior_knowledge().build().unwrap();
    drop(post(&transport, addr, Body::from_stream(chunks)).await.unwrap());
    drop(transport);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    sender.send(Ok::<_, Infallible>(Bytes::from("late"))).unwrap();
    assert_eq!(server.await.unwrap(), "late");
}
