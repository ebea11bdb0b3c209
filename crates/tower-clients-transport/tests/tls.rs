//! Over loopback, with TLS.

#![cfg(any(feature = "ring", feature = "aws-lc-rs"))]
#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use http::{Request, Response, StatusCode, Version};
use http_body_util::BodyExt;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{env, process::Command, sync::Arc, time::Duration};
use testbed::Testbed;
use tokio::{net::TcpListener, time::timeout};
use tower::ServiceExt;
use tower_clients_layers::{Body, Error, ErrorKind, TimeoutError};
use tower_clients_transport::{ResponseBody, Transport, tls::Tls};

type Answer = Result<Response<ResponseBody>, Error>;

async fn get(transport: &Transport, url: &str) -> Answer {
    transport.clone().oneshot(Request::get(url).body(Body::empty()).unwrap()).await
}

async fn version(tls: Tls, server: &Testbed) -> Version {
    let transport = Transport::builder().tls(tls).build().unwrap();
    get(&transport, server.url()).await.unwrap().version()
}

const NEGOTIATED: Version =
    if cfg!(feature = "http2") { Version::HTTP_2 } else { Version::HTTP_11 };

fn trusting(server: &Testbed) -> Tls {
    Tls::roots_pem(server.ca_pem().unwrap()).unwrap()
}

/// A provider that this process has not installed.
fn given() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn config(server: &Testbed) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(server.ca_pem().unwrap().as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let builder = ClientConfig::builder_with_provider(given());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    builder.with_root_certificates(roots).with_no_client_auth()
}

#[tokio::test]
async fn alpn_decides_the_version_and_connections_are_reused() {
    let server = Testbed::https().await.unwrap();
    let transport = Transport::builder().tls(trusting(&server)).build().unwrap();
    for _ in 0..3 {
        let response = get(&transport, &format!("{}get", server.url())).await.unwrap();
        assert_eq!((response.status(), response.version()), (StatusCode::OK, NEGOTIATED));
        response.into_body().collect().await.unwrap();
    }
    assert_eq!((server.requests(), server.connections()), (3, 1));
}

#[tokio::test]
async fn http1_only_is_offered_alone() {
    let server = Testbed::https().await.unwrap();
    let transport = Transport::builder().http1_only().tls(trusting(&server)).build().unwrap();
    assert_eq!(get(&transport, server.url()).await.unwrap().version(), Version::HTTP_11);
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn http2_only_is_offered_alone() {
    let server = Testbed::https().await.unwrap();
    let builder = Transport::builder().http2_prior_knowledge();
    let transport = builder.tls(trusting(&server)).build().unwrap();
    assert_eq!(get(&transport, server.url()).await.unwrap().version(), Version::HTTP_2);
}

#[tokio::test]
async fn a_config_is_used_with_the_transports_alpn() {
    let server = Testbed::https().await.unwrap();
    assert_eq!(version(Tls::config(config(&server)), &server).await, NEGOTIATED);
    assert_eq!(version(trusting(&server).crypto_provider(given()), &server).await, NEGOTIATED);
}

#[tokio::test]
async fn a_config_with_other_settings_is_refused() {
    let server = Testbed::https().await.unwrap();
    let config = Tls::config(config(&server));
    let both = config.clone().crypto_provider(given());
    let error = Transport::builder().tls(both).build().unwrap_err();
    assert!(format!("{error:#}").contains("`Tls::config` decides everything"), "{error:#}");
    assert!(config.add_roots_pem(server.ca_pem().unwrap()).is_err());
}

#[tokio::test]
async fn c3_only_trusted_servers_get_the_request() {
    let server = Testbed::https().await.unwrap();
    let other = Testbed::https().await.unwrap();
    for tls in [Tls::platform(), trusting(&other)] {
        let transport = Transport::builder().tls(tls).build().unwrap();
        let error = get(&transport, server.url()).await.unwrap_err();
        assert!(error.is_connect() && !error.may_have_been_sent(), "{error:?}");
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn added_roots_are_trusted_too() {
    let server = Testbed::https().await.unwrap();
    let other = Testbed::https().await.unwrap();
    for tls in [Tls::platform(), trusting(&other)] {
        let tls = tls.add_roots_pem(server.ca_pem().unwrap()).unwrap();
        assert_eq!(version(tls, &server).await, NEGOTIATED);
    }
}

#[tokio::test]
async fn an_identity_is_accepted() {
    let server = Testbed::https_with_client_auth().await.unwrap();
    let (chain, key) = server.client_identity_pem().unwrap();
    let one_file = format!("{key}{chain}");
    for (chain, key) in [(chain, key), (&one_file, &one_file)] {
        let tls = trusting(&server).client_identity_pem(chain, key).unwrap();
        assert_eq!(version(tls, &server).await, NEGOTIATED);
    }
}

#[tokio::test]
async fn a_missing_identity_is_an_error() {
    let server = Testbed::https_with_client_auth().await.unwrap();
    let transport = Transport::builder().tls(trusting(&server)).build().unwrap();
    let answer = timeout(Duration::from_secs(10), get(&transport, server.url())).await;
    let error = answer.unwrap().unwrap_err();
    // The server may look at the certificate after the handshake, when the request is on its way.
    assert!(matches!(error.kind(), ErrorKind::Connect | ErrorKind::Transport), "{error:?}");
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn an_identity_is_checked_before_it_is_used() {
    let [one, two] = [
        Testbed::https_with_client_auth().await.unwrap(),
        Testbed::https_with_client_auth().await.unwrap(),
    ];
    let (chain, _) = one.client_identity_pem().unwrap();
    let (_, key) = two.client_identity_pem().unwrap();
    for tls in [Tls::platform(), trusting(&one)] {
        let tls = tls.client_identity_pem(chain, key).unwrap();
        let error = Transport::builder().tls(tls).build().unwrap_err();
        assert!(error.is_config() && format!("{error:#}").contains("identity"), "{error:#}");
    }
}

#[tokio::test]
async fn s1_no_debug_output_shows_keys() {
    let server = Testbed::https_with_client_auth().await.unwrap();
    let (chain, key) = server.client_identity_pem().unwrap();
    let tls = trusting(&server).client_identity_pem(chain, key).unwrap();
    let builder = Transport::builder().tls(tls.clone());
    let transport = builder.clone().build().unwrap();
    let debug = format!("{tls:?} {builder:?} {transport:?}");
    assert!(debug.contains("client_identity: true"), "{debug}");
    for line in key.lines().chain(chain.lines()) {
        assert!(!debug.contains(line), "{debug}");
    }
}

#[tokio::test]
async fn c3_a_handshake_without_an_answer_runs_into_the_connect_timeout() {
    // The operating system accepts for it, and nothing ever speaks.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let limit = Duration::from_millis(50);
    let trusted = Testbed::https().await.unwrap();
    for tls in [trusting(&trusted), Tls::platform()] {
        let transport = Transport::builder().connect_timeout(limit).tls(tls).build().unwrap();
        let error = get(&transport, &url).await.unwrap_err();
        if error.is_connect() {
            continue; // There is no trust store on this machine.
        }
        assert!(error.is_timeout() && !error.may_have_been_sent(), "{error:?}");
        assert_eq!(error.timeout(), Some(&TimeoutError::connect(limit)));
    }
}

#[tokio::test]
async fn name_that_no_certificate_can_have_is_not_connected_to() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let address = server.local_addr().unwrap();
    for name in ["-bad", "a..b"] {
        let transport = Transport::builder().resolve(name, [address]).build().unwrap();
        let url = format!("https://{name}:{}", address.port());
        let error = get(&transport, &url).await.unwrap_err();
        assert!(error.is_connect() && !error.may_have_been_sent(), "{error:#}");
        assert!(format!("{error:#}").contains("invalid dns name"), "{error:#}");
        assert_eq!(server.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[tokio::test]
async fn a_platform_without_roots_says_what_to_do() {
    const NOWHERE: &str = "/nowhere";
    const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
    if cfg!(any(windows, target_vendor = "apple", target_os = "android")) {
        return;
    }
    // The variables that hide the store can only be set safely for another process.
    if VARIABLES.iter().any(|name| env::var_os(name).is_none_or(|value| value != NOWHERE)) {
        let status = Command::new(env::current_exe().unwrap())
            .args(["--exact", "a_platform_without_roots_says_what_to_do"])
            .envs(VARIABLES.map(|name| (name, NOWHERE)))
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let plain = Testbed::http().await.unwrap();
    let secure = Testbed::https().await.unwrap();
    let transport = Transport::new();
    assert_eq!(get(&transport, plain.url()).await.unwrap().version(), Version::HTTP_11);
    let error = get(&transport, secure.url()).await.unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_sent(), "{error:?}");
    let text = format!("{error:#}");
    assert!(text.contains("`ca-certificates`") && text.contains("`Tls::roots_pem`"), "{text}");
}
