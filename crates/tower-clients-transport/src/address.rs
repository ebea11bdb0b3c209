//! Which addresses may be connected to.
//!
//! A service that requests URLs of its users can be asked for what only the machine itself or its
//! network should reach. [`TransportBuilder::public_only`](crate::TransportBuilder::public_only) and
//! [`filter_addresses`](crate::TransportBuilder::filter_addresses) judge the addresses that a name
//! really has, each time a connection is made: after a redirect, and when a name has other addresses
//! than before, too. Addresses that are refused are left out; when none is left, the request fails with
//! a [`Connect`](tower_clients_layers::ErrorKind::Connect) error and was not sent.
//!
//! ```
//! use tower_clients_transport::address::is_public;
//!
//! assert!(is_public("93.184.215.14".parse()?));
//! assert!(!is_public("169.254.169.254".parse()?));
//! assert!(!is_public("::ffff:127.0.0.1".parse()?));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use std::{
    fmt,
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec,
};
use tower_clients_layers::BoxError;
use tower_service::Service;

/// Whether an address is one of the public internet, by the registries of special-purpose addresses of
/// IANA (RFC 6890).
///
/// Not public are what is private, shared, loopback, link-local, multicast, reserved, for documentation
/// or for benchmarks. An IPv6 address that holds one of IPv4 (mapped, or of NAT64) is judged by that one.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224.., ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let bits = u32::from(high) << 16 | u32::from(low);
            is_public_v4(Ipv4Addr::from_bits(bits))
        }
        // Protocol assignments, documentation, 6to4.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Judges addresses.
#[derive(Clone)]
pub(crate) struct Filter(Arc<dyn Fn(IpAddr) -> bool + Send + Sync>);

impl Filter {
    pub(crate) fn new(accepts: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(accepts))
    }

    /// Refuses a host that is written as an address, which is not resolved.
    pub(crate) fn check(&self, host: &str) -> Result<(), Refused> {
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match address.unwrap_or(host).parse() {
            Ok(address) if !(self.0)(address) => Err(Refused),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter")
    }
}

/// No address may be connected to.
#[derive(Debug)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the filter of the transport refuses every address of the host")
    }
}

impl std::error::Error for Refused {}

/// Resolves names by the system, and leaves out what the filter refuses.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    pub(crate) system: GaiResolver,
    pub(crate) filter: Option<Filter>,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.system.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (resolving, filter) = (self.system.call(name), self.filter.clone());
        Box::pin(async move { Ok(accepted(resolving.await?, filter.as_ref())?.into_iter()) })
    }
}

fn accepted(
    addresses: impl Iterator<Item = SocketAddr>,
    filter: Option<&Filter>,
) -> Result<Vec<SocketAddr>, Refused> {
    let accepts = |address: &SocketAddr| filter.is_none_or(|Filter(accepts)| accepts(address.ip()));
    let mut addresses = addresses.peekable();
    let is_known = addresses.peek().is_some();
    let accepted: Vec<_> = addresses.filter(accepts).collect();
    if is_known && accepted.is_empty() { Err(Refused) } else { Ok(accepted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff:fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn all_other_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "198.17.255.255",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2606:4700:4700::1111",
            "3fff:1000::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn c4_addresses_are_left_out_and_none_left_is_an_error() {
        let filter = Filter::new(is_public);
        let of = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|address| address.parse().unwrap());
            accepted(addresses.collect::<Vec<SocketAddr>>().into_iter(), Some(&filter))
        };
        assert_eq!(of(&["10.0.0.1:80", "1.1.1.1:80"]).unwrap(), ["1.1.1.1:80".parse().unwrap()]);
        assert!(of(&["10.0.0.1:80", "[::1]:80"]).is_err());
        assert!(of(&[]).unwrap().is_empty());
        assert!(filter.check("[::1]").is_err() && filter.check("127.0.0.1").is_err());
        assert!(filter.check("1.1.1.1").is_ok() && filter.check("localhost").is_ok());
    }
}
