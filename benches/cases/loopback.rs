//! A typed JSON GET over loopback HTTP/1.1: the whole client beside what it is made of.

use super::configured;
use crate::{
    Meter,
    payload::User,
    server::{self, BASE, USER},
};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Body, client::conn::http1};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use std::{cell::RefCell, fmt::Debug, net::SocketAddr};
use tokio::net::TcpStream;
use tower::ServiceExt;
use tower_clients::{Resource, Transport};

/// Measures `concurrency` requests at once, as one run.
pub fn loopback(meter: &mut impl Meter, concurrency: usize) {
    let address = server::start();
    let url: Uri = format!("http://{address}{BASE}/{USER}").parse().expect("the URL is valid");
    meter.group(&format!("How fast is a typed GET over loopback, {concurrency} at once?"));

    let path = format!("{BASE}/{USER}").parse().expect("the path is valid");
    let connections = Connections { address, path, idle: RefCell::default() };
    run(meter, concurrency, "hyper SendRequest", async || connections.get().await);

    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    run(meter, concurrency, "hyper_util legacy::Client", async || {
        decoded(client.request(request(url.clone())).await.expect("the server answers")).await
    });

    let transport = Transport::new();
    run(meter, concurrency, "Transport", async || {
        let response = transport.clone().oneshot(request(url.clone())).await;
        decoded(response.expect("the server answers")).await
    });

    let client = configured(&format!("http://{address}{BASE}")).build();
    let resource = Resource::from(client.expect("the settings are valid"));
    run(meter, concurrency, "Resource", async || {
        resource.get(USER).json::<User>().await.expect("the server answers")
    });
}

fn run(meter: &mut impl Meter, concurrency: usize, name: &str, exchange: impl AsyncFn() -> User) {
    match concurrency {
        1 => meter.case(name, || exchange()),
        _ => meter.case(name, || join_all((0..concurrency).map(|_| exchange()))),
    }
}

/// Connections of bare hyper: nothing between the request and its socket.
struct Connections {
    address: SocketAddr,
    /// Without the authority, as HTTP/1.1 has it.
    path: Uri,
    idle: RefCell<Vec<http1::SendRequest<Empty<Bytes>>>>,
}

impl Connections {
    async fn get(&self) -> User {
        let idle = self.idle.borrow_mut().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().await,
        };
        connection.ready().await.expect("the connection is open");

        let mut request = request(self.path.clone());
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        let response = connection.send_request(request).await.expect("the server answers");
        let user = decoded(response).await;
        self.idle.borrow_mut().push(connection);
        user
    }

    async fn connect(&self) -> http1::SendRequest<Empty<Bytes>> {
        let stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.set_nodelay(true).expect("the socket is open");
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.expect("the server speaks HTTP");
        tokio::spawn(connection);
        sender
    }
}

/// What a configured client sends.
fn request(uri: Uri) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.reserve(4);
    headers.insert(header::USER_AGENT, HeaderValue::from_static("bench/1"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer t0ken"));
    request
}

async fn decoded<B: Body<Error: Debug>>(response: Response<B>) -> User {
    let bytes = response.into_body().collect().await.expect("the body is whole").to_bytes();
    serde_json::from_slice(&bytes).expect("the document is valid")
}
