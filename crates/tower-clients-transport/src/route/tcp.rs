//! Connects to a host by TCP: to the first of its addresses that answers.

use super::socket::{Socket, Unreachable, of_tcp};
use crate::{address::Addresses, timings::SocketSetup, uri::default_port};
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::Uri;
use std::{iter, mem, net::SocketAddr, time::Duration};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tower_clients_layers::BoxError;

/// How long an address may be silent until the next one is tried beside it (RFC 8305 §5).
const PATIENCE: Duration = Duration::from_millis(250);

/// A socket to the host of a URI, and what it took.
pub(crate) async fn connect(
    addresses: &Addresses,
    uri: &Uri,
) -> Result<(Socket, SocketSetup), BoxError> {
    let start = Instant::now();
    let mut addresses = addresses.of(uri.host().unwrap_or_default()).await?;
    let found = Instant::now();
    for address in &mut addresses {
        match uri.port_u16() {
            Some(port) => address.set_port(port),
            None if address.port() == 0 => address.set_port(default_port(uri)),
            None => {}
        }
    }
    let stream = first(by_turns(addresses)).await?;
    stream.set_nodelay(true)?;
    let setup = SocketSetup { dns: found - start, tcp: found.elapsed() };
    Ok((of_tcp(stream), setup))
}

/// The family of the first address begins (RFC 8305 §4).
fn by_turns(addresses: Vec<SocketAddr>) -> impl Iterator<Item = SocketAddr> {
    let is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == is_v6);
    let (mut last, mut next) = (second.into_iter(), first.into_iter());
    iter::from_fn(move || {
        mem::swap(&mut last, &mut next);
        last.next().or_else(|| next.next())
    })
}

/// The first connection that there is. Where there is none, the first error tells most.
async fn first(addresses: impl Iterator<Item = SocketAddr>) -> Result<TcpStream, BoxError> {
    let mut addresses = addresses.peekable();
    let mut attempts = FuturesUnordered::new();
    let mut failed = None;
    loop {
        attempts.extend(addresses.next().map(attempt));
        let ended = match addresses.peek() {
            None => attempts.next().await,
            Some(_) => match timeout(PATIENCE, attempts.next()).await {
                Ok(ended) => ended,
                Err(_) => continue,
            },
        };
        match ended {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => _ = failed.get_or_insert(error),
            None => {
                let no_address = || "the host has no address".into();
                return Err(failed.map_or_else(no_address, Unreachable::into));
            }
        }
    }
}

async fn attempt(address: SocketAddr) -> Result<TcpStream, Unreachable> {
    TcpStream::connect(address).await.map_err(|error| Unreachable::new(address, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_tried_by_turns() {
        let turns = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|address| address.parse().unwrap());
            by_turns(addresses.collect()).map(|address| address.to_string()).collect::<Vec<_>>()
        };
        let (a, b, c) = ("[::a]:1", "[::b]:1", "[::c]:1");
        let (x, y) = ("1.1.1.1:1", "1.1.1.2:1");
        assert_eq!(turns(&[a, b, c, x, y]), [a, x, b, y, c]);
        assert_eq!(turns(&[x, a, b]), [x, a, b]);
        assert_eq!(turns(&[x, y, a]), [x, a, y]);
        assert_eq!(turns(&[a, b]), [a, b]);
        assert!(turns(&[]).is_empty());
    }
}
