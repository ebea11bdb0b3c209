//! A client as a gateway, between two servers of axum, over loopback.

use axum::{
    Router,
    body::Body as AxumBody,
    extract::Request,
    http::{HeaderMap, StatusCode},
    routing::{any, get, post},
};
use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper_util::rt::TokioIo;
use integration_tests::{answer_to, answer_to_expecting};
use std::{
    convert::Infallible,
    future::ready,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, split},
    net::TcpListener,
    sync::mpsc,
};
use tower::ServiceExt;
use tower_clients::{Body, Client, ForwardLayer, Transport};

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// A gateway below `/api` to a server of such routes.
async fn gateway(server: Router) -> String {
    let client = Client::new(&*serve(server).await).unwrap();
    serve(Router::new().nest_service("/api", client.into_gateway(ForwardLayer::new()))).await
}

async fn send(request: http::Request<Body>) -> Response<tower_clients_layers::Body> {
    Transport::new().oneshot(request).await.unwrap().map(tower_clients_layers::Body::new)
}

/// Changes to a protocol that says everything twice.
async fn echo(request: Request) -> Response<AxumBody> {
    assert_eq!(request.headers()["upgrade"], "echo");
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let (mut read, mut write) = split(TokioIo::new(upgraded));
        copy(&mut read, &mut write).await.unwrap();
        write.shutdown().await.unwrap();
    });
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    let response = response.header("connection", "upgrade").header("upgrade", "echo");
    response.body(AxumBody::empty()).unwrap()
}

#[tokio::test]
async fn change_of_the_protocol_is_passed_on_and_bytes_go_both_ways() {
    let url = gateway(Router::new().route("/echo", any(echo))).await;
    let request = http::Request::get(format!("{url}/api/echo"))
        .header("connection", "keep-alive, Upgrade")
        .header("upgrade", "echo");
    let response = send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (response.status(), &response.headers()["upgrade"]),
        (StatusCode::SWITCHING_PROTOCOLS, &"echo".parse().unwrap())
    );

    let mut stream = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    for word in ["hello", "again"] {
        stream.write_all(word.as_bytes()).await.unwrap();
        let mut bytes = [0; 5];
        stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(bytes, word.as_bytes());
    }
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the end comes back, too");
}

#[tokio::test]
async fn body_is_passed_on_as_it_comes() {
    let (sender, receiver) = mpsc::channel::<&str>(1);
    let receiver = Arc::new(Mutex::new(Some(receiver)));
    let events = get(move || {
        let receiver = receiver.lock().unwrap().take().unwrap();
        let events = stream::unfold(receiver, async |mut receiver| {
            let event = receiver.recv().await?;
            Some((Ok::<_, Infallible>(event), receiver))
        });
        ready(AxumBody::from_stream(events))
    });
    let url = gateway(Router::new().route("/events", events)).await;
    let request = http::Request::get(format!("{url}/api/events")).body(Body::empty()).unwrap();
    let mut body = send(request).await.into_body();
    for event in ["one", "two"] {
        sender.send(event).await.unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), event);
    }
    drop(sender);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn trailers_are_passed_on_in_both_directions() {
    let echo = post(async |request: Request| {
        let body = request.into_body().collect().await.unwrap();
        let trailers = body.trailers().cloned().unwrap();
        let frames =
            [Ok::<_, Infallible>(Frame::data(body.to_bytes())), Ok(Frame::trailers(trailers))];
        let response = Response::builder().header("trailer", "x-sum");
        response.body(AxumBody::new(StreamBody::new(stream::iter(frames)))).unwrap()
    });
    let url = gateway(Router::new().route("/", echo)).await;
    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "7".parse().unwrap())]);
    let frames =
        [Ok::<_, Infallible>(Frame::data(Bytes::from("abc"))), Ok(Frame::trailers(trailers))];
    let request = http::Request::post(format!("{url}/api/"))
        .header("te", "trailers")
        .header("trailer", "x-sum")
        .body(Body::new(StreamBody::new(stream::iter(frames))))
        .unwrap();
    let body = send(request).await.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["x-sum"], "7");
    assert_eq!(body.to_bytes(), "abc");
}

#[tokio::test]
async fn caller_that_expects_a_word_before_its_body_gets_it() {
    let url = gateway(Router::new().route("/", post(async |body: String| body))).await;
    let address = url.strip_prefix("http://").unwrap();
    let rest = answer_to_expecting(address, "/api/", "abc").await.unwrap();
    assert!(rest.starts_with("HTTP/1.1 200 OK") && rest.ends_with("\r\n\r\nabc"), "{rest}");
}

#[tokio::test]
async fn what_would_pass_by_the_gateway_does_not_pass_it() {
    let seen = any(async |headers: HeaderMap| {
        for name in ["upgrade", "http2-settings"] {
            assert!(!headers.contains_key(name), "{name}");
        }
    });
    let client = Client::new(&*serve(Router::new().fallback(seen)).await).unwrap();
    let gateway = client.into_gateway(ForwardLayer::new());
    let url = serve(Router::new().fallback_service(gateway)).await;
    for (head, status) in [
        ("GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\nhttp2-settings: AAM", 200),
        ("OPTIONS * HTTP/1.1", 400),
        ("TRACE / HTTP/1.1", 501),
        ("OPTIONS / HTTP/1.1\r\nmax-forwards: 0", 501),
        ("GET /../secret HTTP/1.1", 400),
        ("GET /%2e%2e/secret HTTP/1.1", 400),
        ("CONNECT 127.0.0.1:80 HTTP/1.1", 501),
    ] {
        let answer = answer_to(url.strip_prefix("http://").unwrap(), head).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
    }
}

#[tokio::test]
async fn server_that_is_not_there_is_a_bad_gateway() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gateway = Client::new(&*url).unwrap().into_gateway(ForwardLayer::new());
    let Ok(response) = gateway.oneshot(http::Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(!String::from_utf8_lossy(&body).contains("127.0.0.1"));
}

#[tokio::test]
async fn redirect_and_status_are_passed_on() {
    let server =
        Router::new().route("/", get(async || (StatusCode::FOUND, [("location", "/else")])));
    let url = gateway(server).await;
    for (path, status) in [("", StatusCode::FOUND), ("none", StatusCode::NOT_FOUND)] {
        let request = http::Request::get(format!("{url}/api/{path}")).body(Body::empty()).unwrap();
        assert_eq!(send(request).await.status(), status);
    }
}
