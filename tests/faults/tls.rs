//! Servers whose TLS is not to be trusted, or breaks off.

use integration_tests::{Peer, Step, without_leaks};
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use std::{net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use tower_clients::{Client, Error, Resource, Transport, tls::Tls};

const CANARY: &str = "CANARY";

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A server for one name, until the end of a year.
    fn acceptor(&self, name: &str, until: i32) -> TlsAcceptor {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(until, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            );
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }

    /// A client that trusts it, and has a secret.
    fn client(&self, url: &str) -> Client {
        let tls = Tls::roots_pem(self.0.pem()).unwrap();
        let transport = Transport::builder().tls(tls).build().unwrap();
        Client::builder(url).bearer_auth(CANARY).build_over(transport).unwrap()
    }
}

/// Reads a head over TLS, writes an answer, and closes without a word; tells its URL.
async fn serve(acceptor: TlsAcceptor, answer: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(stream).await else { return };
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    });
    url
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn assert_not_connected(error: &Error, word: &str) {
    assert!(error.is_connect() && !error.may_have_been_sent(), "{error:#}");
    let text = format!("{error:#} {error:?}");
    assert!(text.contains("localhost") && !text.contains(CANARY), "{text}");
    assert!(text.contains(word), "{text}");
}

#[test]
fn c3_certificate_that_proves_nothing_is_refused_and_named() {
    without_leaks(async || {
        let (own, other) = (Authority::new(), Authority::new());
        for (authority, name, until, word) in [
            (&own, "elsewhere.test", 3000, "not valid for name"),
            (&own, "localhost", 2020, "expired"),
            (&other, "localhost", 3000, "BadSignature"),
        ] {
            let url = serve(authority.acceptor(name, until), OK).await;
            assert_not_connected(&own.client(&url).get("x").await.unwrap_err(), word);
        }
        let url = serve(own.acceptor("localhost", 3000), OK).await;
        assert_eq!(Resource::from(own.client(&url)).get("x").text().await.unwrap(), "ok");
    });
}

#[test]
fn c3_server_without_tls_gets_a_handshake_and_nothing_else() {
    without_leaks(async || {
        for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "", "\x16\x03\x01"] {
            let peer = Peer::playing([vec![Step::Read(3), Step::send(answer), Step::Finish]]).await;
            let url = format!("https://localhost:{}/", peer.addr().port());
            let client = Authority::new().client(&url);
            assert_not_connected(&client.get("x").await.unwrap_err(), "");
            let received = peer.received().concat();
            assert!(received.starts_with(b"\x16\x03"), "{received:?}");
            assert!(!received.windows(4).any(|bytes| bytes == b"GET " || bytes == b"CANA"));
        }
    });
}

#[test]
fn c3_handshake_that_stalls_ends_at_the_deadline() {
    without_leaks(async || {
        let peer = Peer::evil().await;
        let url = format!("https://localhost:{}/", peer.addr().port());
        let client = Authority::new().client(&url);
        let error = client.get("x").timeout(Duration::from_millis(50)).await.unwrap_err();
        assert!(error.is_timeout(), "{error:#}");
    });
}

#[test]
fn d9_tls_that_ends_without_a_word_is_no_end_of_a_body() {
    without_leaks(async || {
        let own = Authority::new();
        for answer in [
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        ] {
            let url = serve(own.acceptor("localhost", 3000), answer).await;
            let error = Resource::from(own.client(&url)).get("x").text().await.unwrap_err();
            assert!(error.is_body() && error.may_have_been_sent(), "{answer:?}: {error:#}");
        }
    });
}
