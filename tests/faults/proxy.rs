//! Proxies: who is asked what, and who sees which credentials.

use integration_tests::{ForwardProxy, Peer, Speaks, Step, without_leaks};
use std::{net::SocketAddr, time::Duration};
use testbed::Testbed;
use tower_clients::{Client, Error, ProxyConfig, Resource, Transport, TransportBuilder, tls::Tls};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// `user:CANARY`.
const BASIC: &str = "Basic dXNlcjpDQU5BUlk=";

fn through(scheme: &str, addr: SocketAddr) -> TransportBuilder {
    let url = format!("{scheme}://user:CANARY@{addr}");
    let limit = Duration::from_secs(5);
    Transport::builder().connect_timeout(limit).proxy(ProxyConfig::all(&url).unwrap())
}

fn api(url: &str, transport: TransportBuilder) -> Resource {
    Client::builder(url).build_over(transport.build().unwrap()).unwrap().into()
}

fn assert_clean(error: &Error) {
    let text = format!("{error:?} {error:#}");
    for secret in ["CANARY", "user", BASIC, "dXNl"] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// What a server got that answers one request.
async fn server() -> Peer {
    Peer::playing([vec![Step::ReadHead, Step::send(OK), Step::Hang]]).await
}

#[test]
fn c6_http_is_asked_for_in_absolute_form_and_only_the_proxy_gets_credentials() {
    without_leaks(async || {
        let server = server().await;
        let proxy = ForwardProxy::before(server.addr(), Speaks::Http).await;
        let api = api("http://named.example:81/", through("http", proxy.addr()));
        assert_eq!(api.get("a?b=c").text().await.unwrap(), "ok");
        let asked = proxy.asked().concat();
        assert!(asked.starts_with("GET http://named.example:81/a?b=c HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("host: named.example:81\r\n"), "{asked}");
        assert!(asked.contains(&format!("proxy-authorization: {BASIC}\r\n")), "{asked}");
    });
}

#[test]
fn c6_https_goes_through_a_tunnel_and_the_server_sees_no_credentials() {
    without_leaks(async || {
        let server = Testbed::https().await.unwrap();
        let url = server.url();
        let tls = Tls::roots_pem(server.ca_pem().unwrap()).unwrap();
        for (scheme, speaks) in [
            ("http", Speaks::Http),
            ("socks5", Speaks::SocksFor("user", "CANARY")),
            ("socks5h", Speaks::SocksFor("user", "CANARY")),
        ] {
            let proxy = ForwardProxy::before(server.addr(), speaks).await;
            let api = api(url, through(scheme, proxy.addr()).tls(tls.clone()));
            for _ in 0..2 {
                let seen = api.get("headers").text().await.unwrap().to_ascii_lowercase();
                assert!(!seen.contains("proxy-auth") && !seen.contains("dxnlcj"), "{seen}");
            }
            let asked = proxy.asked();
            assert_eq!(asked.len(), 1, "{asked:?}");
            let port = server.addr().port();
            if speaks == Speaks::Http {
                let line = format!("CONNECT localhost:{port} HTTP/1.1\r\n");
                assert!(asked[0].starts_with(&line) && asked[0].contains(BASIC), "{asked:?}");
            } else {
                assert_eq!(asked[0], format!("localhost:{port}"));
            }
        }
    });
}

#[test]
fn c6_socks_resolves_names_and_carries_plain_http_as_it_is() {
    without_leaks(async || {
        let server = server().await;
        let proxy = ForwardProxy::before(server.addr(), Speaks::Socks).await;
        let url = format!("socks5://{}", proxy.addr());
        let transport = Transport::builder().proxy(ProxyConfig::all(&url).unwrap());
        let api = api("http://named.example/", transport);
        assert_eq!(api.get("a").text().await.unwrap(), "ok");
        assert_eq!(proxy.asked(), ["named.example:80"]);
        let received = String::from_utf8(server.received().concat()).unwrap();
        assert!(received.starts_with("GET /a HTTP/1.1\r\n"), "{received}");
    });
}

#[test]
fn c6_hosts_without_a_proxy_get_neither_its_form_nor_its_credentials() {
    without_leaks(async || {
        let server = server().await;
        let proxy = ForwardProxy::before(server.addr(), Speaks::Http).await;
        let proxies = ProxyConfig::all(&format!("http://user:CANARY@{}", proxy.addr())).unwrap();
        let transport = Transport::builder().proxy(proxies.no_proxy("localhost,127.0.0.0/8"));
        assert_eq!(api(&server.url(), transport).get("a").text().await.unwrap(), "ok");
        assert!(proxy.asked().is_empty());
        let received = String::from_utf8(server.received().concat()).unwrap();
        assert!(received.starts_with("GET /a HTTP/1.1\r\n"), "{received}");
        assert!(!received.contains("proxy-authorization"), "{received}");
    });
}

#[test]
fn c6_proxy_that_refuses_or_is_not_there_is_an_error_without_credentials() {
    without_leaks(async || {
        let server = server().await;
        for (answer, reason) in [
            ("HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n", "proxy authorization required"),
            ("HTTP/1.1 502 user:CANARY\r\n\r\n", "unsuccessful"),
            ("HTTP/1.1 CANARY\r\n\r\n", "unsuccessful"),
            ("", "unexpected end of file"),
        ] {
            let proxy = ForwardProxy::before(server.addr(), Speaks::Answer(answer)).await;
            let api = api("https://named.example/", through("http", proxy.addr()));
            let error = api.post("x").await.unwrap_err();
            assert!(error.is_connect() && !error.may_have_been_sent(), "{error:?}");
            assert!(format!("{error:#}").contains(reason), "{error:#}");
            assert_clean(&error);
        }
        let socks = ForwardProxy::before(server.addr(), Speaks::SocksFor("other", "one")).await;
        let gone = ForwardProxy::before(server.addr(), Speaks::Http).await.addr();
        tokio::task::yield_now().await;
        for (scheme, addr) in [("socks5", socks.addr()), ("http", gone), ("socks5", gone)] {
            let error = api("http://named.example/", through(scheme, addr)).post("x").await;
            let error = error.unwrap_err();
            assert!(error.is_connect() && !error.may_have_been_sent(), "{error:?}");
            assert_clean(&error);
        }
        assert!(server.received().concat().is_empty());
    });
}

#[test]
fn c6_filter_of_addresses_beside_a_proxy_is_refused() {
    let proxies = ProxyConfig::all("http://p:1").unwrap();
    let builder = Transport::builder().public_only().proxy(proxies);
    assert!(builder.build().unwrap_err().is_config());
    let none = ProxyConfig::default();
    assert!(Transport::builder().public_only().proxy(none).build().is_ok());
}

#[test]
fn c6_http_2_without_tls_is_not_sent_to_a_proxy() {
    without_leaks(async || {
        let server = server().await;
        for (scheme, speaks) in [("http", Speaks::Http), ("socks5", Speaks::Socks)] {
            let proxy = ForwardProxy::before(server.addr(), speaks).await;
            let transport = through(scheme, proxy.addr()).http2_prior_knowledge();
            let error = api("http://named.example/", transport).get("x").await.unwrap_err();
            assert!(error.is_connect() && !error.may_have_been_sent(), "{error:?}");
            assert!(proxy.asked().is_empty());
        }
    });
}
