//! Names that have no address, or several of which some are of no use.

use integration_tests::{Peer, Step, without_leaks};
use std::{
    convert::Infallible,
    future::{Future, pending, ready},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};
use tower::service_fn;
use tower_clients::{Client, Error, TimeoutError, Transport, TransportBuilder, address::Name};

const LIMIT: Duration = Duration::from_millis(300);
const ENOUGH: Duration = Duration::from_secs(10);

fn client(transport: TransportBuilder) -> Client {
    Client::builder("http://named.example").build_over(transport.build().unwrap()).unwrap()
}

/// The error of a request that was not sent.
async fn unsent(transport: TransportBuilder) -> Error {
    let error = client(transport.connect_timeout(LIMIT)).post("x").await.unwrap_err();
    assert!(!error.may_have_been_sent() && error.url().unwrap().contains("named.example"));
    error
}

fn resolving<F>(resolve: fn() -> F) -> TransportBuilder
where
    F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
{
    Transport::builder().resolver(service_fn(move |_: Name| resolve()))
}

/// Listens, and lets nobody in.
struct Silent {
    listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Silent {
    async fn at(ip: impl Into<IpAddr>) -> Self {
        let ip = ip.into();
        let socket = if ip.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
        socket.bind((ip, 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let addr = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = timeout(LIMIT, TcpStream::connect(addr)).await {
            queue.push(stream.unwrap());
        }
        Self { listener, _queue: queue }
    }

    fn addr(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }
}

/// An address at which nobody listens.
async fn closed() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap()
}

async fn answering() -> Peer {
    let answer = "HTTP/1.1 204 No Content\r\n\r\n";
    Peer::playing([vec![Step::ReadHead, Step::send(answer), Step::Hang]]).await
}

#[test]
fn c1_name_that_is_not_resolved_is_an_error_in_time_of_a_request_that_was_not_sent() {
    without_leaks(async || {
        let error = unsent(resolving(|| ready(Err(io::Error::other("nobody knows it"))))).await;
        assert!(error.is_connect() && format!("{error:#}").contains("nobody knows it"));
        let error = unsent(resolving(|| ready(Ok(Vec::new())))).await;
        assert!(error.is_connect() && format!("{error:#}").contains("no address"), "{error:#}");
        let error = unsent(resolving(pending)).await;
        assert_eq!(error.timeout(), Some(&TimeoutError::connect(LIMIT)));
    });
}

#[test]
fn c1_many_addresses_that_refuse_or_are_silent_share_the_time_to_connect() {
    without_leaks(async || {
        let refused = unsent(Transport::builder().resolve("named.example", [closed().await; 64]));
        let error = refused.await;
        assert!(error.is_connect() && format!("{error:#}").contains("refused"), "{error:#}");
        let silent = Silent::at(Ipv4Addr::LOCALHOST).await;
        let start = Instant::now();
        let error =
            unsent(Transport::builder().resolve("named.example", [silent.addr(); 64])).await;
        assert!(error.is_timeout() && start.elapsed() < 3 * LIMIT, "{error:#}");
    });
}

#[test]
fn c2_address_that_is_silent_holds_up_no_other_and_is_given_up() {
    without_leaks(async || {
        let peer = answering().await;
        for ip in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let silent = Silent::at(ip).await;
            let addresses = [silent.addr(), silent.addr(), peer.addr()];
            let transport = Transport::builder().resolve("named.example", addresses);
            let client = client(transport.no_connect_timeout());
            let start = Instant::now();
            assert_eq!(client.get("x").timeout(ENOUGH).await.unwrap().status(), 204, "{ip}");
            assert!(start.elapsed() < ENOUGH / 5, "{ip}: {:?}", start.elapsed());
        }
        assert_eq!(peer.connections(), 2);
    });
}

#[test]
fn c2_address_that_refuses_costs_no_time() {
    without_leaks(async || {
        let peer = answering().await;
        let addresses = [vec![closed().await; 8], vec![peer.addr()]].concat();
        let client = client(Transport::builder().resolve("Named.Example", addresses));
        let start = Instant::now();
        assert_eq!(client.get("x").await.unwrap().status(), 204);
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    });
}

#[test]
fn c4_name_that_leads_elsewhere_the_next_time_is_judged_again() {
    without_leaks(async || {
        let peer = Peer::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
        let good = peer.addr();
        let asked = Arc::new(AtomicUsize::new(0));
        let resolver = service_fn(move |_: Name| {
            let is_first = asked.fetch_add(1, Relaxed) == 0;
            let bad = SocketAddr::new(Ipv4Addr::new(127, 0, 0, 2).into(), good.port());
            ready(Ok::<_, Infallible>([if is_first { good } else { bad }]))
        });
        let transport = Transport::builder().resolver(resolver);
        let client = client(transport.filter_addresses(|ip| ip == Ipv4Addr::LOCALHOST));
        assert_eq!(client.get("x").await.unwrap().status(), 204);
        let error = client.get("x").await.unwrap_err();
        assert!(error.is_connect() && format!("{error:#}").contains("refuses"), "{error:#}");
    });
}
