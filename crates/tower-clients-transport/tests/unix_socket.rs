//! Over a Unix socket.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use axum::{Router, extract::Request as ServerRequest};
use http::{Request, Response, header::HOST};
use http_body_util::BodyExt;
use std::{env, fs, io, path::PathBuf, process};
use tokio::net::UnixListener;
use tower::ServiceExt;
use tower_clients_layers::{Body, Error};
use tower_clients_transport::{ResponseBody, Transport};

/// A path for a socket, whose file is removed with it.
struct Place(PathBuf);

impl Place {
    fn new(test: &str) -> Self {
        Self(env::temp_dir().join(format!("tower-clients-{test}-{}.sock", process::id())))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A test may not have made it.
        let _ = fs::remove_file(&self.0);
    }
}

async fn get(transport: &Transport, url: &str) -> Result<Response<ResponseBody>, Error> {
    transport.clone().oneshot(Request::get(url).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn url_gives_host_and_path_and_the_socket_takes_all() {
    let place = Place::new("all");
    let seen = async |request: ServerRequest| {
        let host = request.headers()[HOST].to_str().unwrap().to_owned();
        format!("{host} {}", request.uri())
    };
    let listener = UnixListener::bind(&place.0).unwrap();
    tokio::spawn(axum::serve(listener, Router::new().fallback(seen)).into_future());
    // A name is not resolved, so no address can be refused.
    let builder = Transport::builder().unix_socket(&place.0).public_only();
    let transport = builder.build().unwrap();
    for (url, expected) in [
        ("http://daemon/a?b=c", "daemon /a?b=c"),
        ("http://no.such.name.invalid:81/", "no.such.name.invalid:81 /"),
        ("http://127.0.0.1/", "127.0.0.1 /"),
    ] {
        let body = get(&transport, url).await.unwrap().into_body();
        assert_eq!(body.collect().await.unwrap().to_bytes(), expected);
    }
}

#[tokio::test]
async fn requests_in_sequence_share_a_connection_of_a_unix_socket() {
    let place = Place::new("sequence");
    let listener = UnixListener::bind(&place.0).unwrap();
    // It takes one connection and no other.
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        let service = hyper::service::service_fn(async |_| {
            Ok::<_, io::Error>(Response::new(String::from("ok")))
        });
        let io = hyper_util::rt::TokioIo::new(stream);
        hyper::server::conn::http1::Builder::new().serve_connection(io, service).await
    };
    let client = async {
        let transport = Transport::builder().unix_socket(&place.0).build().unwrap();
        for _ in 0..3 {
            let body = get(&transport, "http://daemon/").await.unwrap().into_body();
            assert_eq!(body.collect().await.unwrap().to_bytes(), "ok");
        }
    };
    let (served, ()) = tokio::join!(server, client);
    served.unwrap();
}

#[tokio::test]
async fn c1_socket_that_is_not_there_is_not_sent_to() {
    let place = Place::new("absent");
    let transport = Transport::builder().unix_socket(&place.0).build().unwrap();
    let error = get(&transport, "http://daemon/").await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_sent(), "{error:?}");
    assert_eq!(error.find_source::<io::Error>().unwrap().kind(), io::ErrorKind::NotFound);
    assert!(format!("{error:#}").contains("absent"), "{error:#}");
}
