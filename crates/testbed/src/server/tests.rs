use super::*;
use axum::{extract::ConnectInfo, routing::get};
use http::{Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use serde_json::Value;
use std::net::IpAddr;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::mpsc,
};
use tokio_rustls::TlsConnector;

type Body = Empty<Bytes>;

async fn connect(server: &Testbed) -> TcpStream {
    TcpStream::connect(server.addr()).await.unwrap()
}

async fn http1<I>(stream: I) -> http1::SendRequest<Body>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn http2<I>(stream: I) -> http2::SendRequest<Body>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(url: &str) -> Request<Body> {
    Request::get(url).body(Empty::new()).unwrap()
}

/// HTTP/1.1 has the path in the request line, and the rest in the host header.
fn request1(server: &Testbed, path: &str) -> Request<Body> {
    let request = Request::get(path).header("host", server.addr().to_string());
    request.body(Empty::new()).unwrap()
}

async fn json(response: Response<Incoming>) -> Value {
    let body = response.into_body().collect().await.unwrap();
    serde_json::from_slice(&body.to_bytes()).unwrap()
}

fn trusting(ca_pem: &str) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap();
    roots.add(ca).unwrap();
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
}

async fn over_tls(
    server: &Testbed,
    config: ClientConfig,
    name: &'static str,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let name = ServerName::try_from(name).unwrap();
    let stream = connect(server).await;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[tokio::test]
async fn connections_and_requests_are_counted() {
    let server = Testbed::http().await.unwrap();
    let mut sender = http1(connect(&server).await).await;
    for requests in 1..=3 {
        let response = sender.send_request(request1(&server, "/get")).await;
        let echo = json(response.unwrap()).await;
        assert_eq!(echo["url"], format!("{}get", server.url()));
        assert_eq!((server.connections(), server.requests()), (1, requests));
    }
    let mut other = http1(connect(&server).await).await;
    let missing = other.send_request(request1(&server, "/nowhere")).await;
    assert_eq!(missing.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!((server.connections(), server.requests()), (2, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_needs_no_upgrade() {
    let server = Testbed::http().await.unwrap();
    let mut sender = http2(connect(&server).await).await;
    let url = format!("{}get", server.url());
    let response = sender.send_request(request(&url)).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    let echo = json(response).await;
    assert_eq!(echo["url"], url);
    assert_eq!(echo["headers"]["Host"], server.addr().to_string());
    assert_eq!(echo["origin"], "127.0.0.1");
}

#[tokio::test]
async fn tls_offers_both_versions() {
    let server = Testbed::https().await.unwrap();
    let ca_pem = server.ca_pem().unwrap();
    assert_eq!(server.client_identity_pem(), None);

    let mut config = trusting(ca_pem).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = over_tls(&server, config.clone(), "localhost");
    let stream = stream.await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let url = format!("{}get", server.url());
    let response = http2(stream).await.send_request(request(&url)).await;
    assert_eq!(json(response.unwrap()).await["url"], url);

    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let stream = over_tls(&server, config, "localhost").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let mut sender = http1(stream).await;
    let response = sender.send_request(request1(&server, "/get")).await;
    let url = format!("https://{}/get", server.addr());
    assert_eq!(json(response.unwrap()).await["url"], url);
    assert_eq!((server.connections(), server.requests()), (2, 2));
}

#[tokio::test]
async fn the_certificate_names_the_loopback_host() {
    let server = Testbed::https().await.unwrap();
    let config = trusting(server.ca_pem().unwrap()).with_no_client_auth();
    for name in ["localhost", "127.0.0.1", "::1"] {
        let stream = over_tls(&server, config.clone(), name).await;
        assert!(stream.is_ok(), "{name}: {stream:?}");
    }
    assert!(over_tls(&server, config, "example.com").await.is_err());
}

#[tokio::test]
async fn the_authority_is_that_of_one_server() {
    let server = Testbed::https().await.unwrap();
    let other = Testbed::https().await.unwrap();
    let config = trusting(other.ca_pem().unwrap()).with_no_client_auth();
    assert!(over_tls(&server, config, "localhost").await.is_err());
}

#[tokio::test]
async fn clients_may_have_to_identify_themselves() {
    let server = Testbed::https_with_client_auth().await.unwrap();
    let ca_pem = server.ca_pem().unwrap();
    let (chain, key) = server.client_identity_pem().unwrap();
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let known = trusting(ca_pem).with_client_auth_cert(chain, key).unwrap();
    let stream = over_tls(&server, known, "localhost").await.unwrap();
    let mut sender = http1(stream).await;
    let response = sender.send_request(request1(&server, "/get")).await;
    assert_eq!(response.unwrap().status(), StatusCode::OK);

    // With TLS 1.3 the client's handshake ends before the server looks at its certificate.
    let unknown = trusting(ca_pem).with_no_client_auth();
    let stream = over_tls(&server, unknown, "localhost").await.unwrap();
    let mut sender = http1(stream).await;
    let response = sender.send_request(request1(&server, "/get")).await;
    assert!(response.is_err());
    assert_eq!((server.connections(), server.requests()), (2, 1));
}

#[tokio::test]
async fn own_routes_know_their_peer() {
    let peer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string();
    let server = Testbed::serve(Router::new().route("/peer", get(peer))).await;
    let server = server.unwrap();
    let mut sender = http1(connect(&server).await).await;
    let response = sender.send_request(request1(&server, "/peer")).await;
    let body = response.unwrap().into_body().collect().await.unwrap();
    let loopback = IpAddr::from(Ipv4Addr::LOCALHOST).to_string();
    assert_eq!(body.to_bytes(), loopback);
    assert_eq!((server.connections(), server.requests()), (1, 1));
    assert_eq!((server.ca_pem(), server.client_identity_pem()), (None, None));
}

#[tokio::test]
async fn dropping_ends_connections_and_the_listener() {
    let server = Testbed::http().await.unwrap();
    let addr = server.addr();
    let stream = TokioIo::new(connect(&server).await);
    let (mut sender, connection) = http1::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request1(&server, "/get")).await;
    assert_eq!(response.unwrap().status(), StatusCode::OK);

    let pending = sender.send_request(request1(&server, "/drip?delay=3600"));
    drop(server);
    assert!(pending.await.is_err());
    // The client's side of the connection ends because the server's has.
    let _ = connection.await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn dropping_cancels_requests_under_way() {
    let (started, mut starts) = mpsc::channel(1);
    let hang = async move || {
        // The sender lives as long as the handler, which never ends by itself.
        started.send(()).await.unwrap();
        std::future::pending::<()>().await;
    };
    let server = Testbed::serve(Router::new().route("/hang", get(hang))).await;
    let server = server.unwrap();
    let mut sender = http2(connect(&server).await).await;
    let pending = sender.send_request(request(&format!("{}hang", server.url())));
    let pending = tokio::spawn(pending);
    assert!(starts.recv().await.is_some());

    drop(server);
    assert!(pending.await.unwrap().is_err());
    assert!(starts.recv().await.is_none());
}
