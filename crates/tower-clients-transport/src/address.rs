//! Which addresses are connected to.
//!
//! A name is resolved by the operating system, or by a resolver of your own
//! ([`TransportBuilder::resolver`](crate::TransportBuilder::resolver)), or it has the addresses that it was
//! given ([`TransportBuilder::resolve`](crate::TransportBuilder::resolve)). Of several addresses each is
//! tried a quarter of a second after the one before, or as soon as that has failed, by turns of IPv6 and
//! IPv4; the first one that answers is used, and the others are given up (RFC 8305 §4 and §5).
//!
//! A service that requests URLs of its users can be asked for what only the machine itself or its
//! network should reach. [`TransportBuilder::public_only`](crate::TransportBuilder::public_only) and
//! [`filter_addresses`](crate::TransportBuilder::filter_addresses) judge the addresses that a host
//! really has, wherever they are from, each time a connection is made: after a redirect, and when a name has
//! other addresses than before, too. Addresses that are refused are left out; when none is left, the request
//! fails with a [`Connect`](tower_clients_layers::ErrorKind::Connect) error and was not sent; its source is
//! [`NotAccepted`].
//!
//! ```
//! use tower_clients_transport::address::is_public;
//!
//! assert!(is_public("93.184.215.14".parse()?));
//! assert!(!is_public("169.254.169.254".parse()?));
//! assert!(!is_public("::ffff:127.0.0.1".parse()?));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

#[doc(no_inline)]
pub use hyper_util::client::legacy::connect::dns::Name;

use hyper_util::client::legacy::connect::dns::GaiResolver;
use std::{
    collections::HashMap,
    error::Error,
    fmt,
    future::{Future, poll_fn},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
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

/// No address of a host is one that the transport may connect to: the source of a
/// [`Connect`](tower_clients_layers::ErrorKind::Connect) error. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct NotAccepted(());

impl fmt::Display for NotAccepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the filter of the transport refuses every address of the host")
    }
}

impl Error for NotAccepted {}

/// Where the addresses of a host are from, and which of them count.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    resolver: Resolver,
    /// By names in lower case.
    given: HashMap<String, Vec<SocketAddr>>,
    filter: Option<Filter>,
}

#[derive(Clone)]
struct Resolver(Arc<dyn Fn(Name) -> Resolving + Send + Sync>);

type Resolving = Pin<Box<dyn Future<Output = Result<Vec<SocketAddr>, BoxError>> + Send>>;

#[derive(Clone)]
struct Filter(Arc<dyn Fn(IpAddr) -> bool + Send + Sync>);

impl Addresses {
    pub(crate) fn of_the_system() -> Self {
        let resolver = Resolver::new(GaiResolver::new());
        Self { resolver, given: HashMap::new(), filter: None }
    }

    pub(crate) fn resolve_by<R>(&mut self, resolver: R)
    where
        R: Service<Name, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
        R::Response: IntoIterator<Item = SocketAddr>,
    {
        self.resolver = Resolver::new(resolver);
    }

    pub(crate) fn give(&mut self, host: &str, addresses: Vec<SocketAddr>) {
        self.given.insert(host.to_ascii_lowercase(), addresses);
    }

    pub(crate) fn filter(&mut self, accepts: impl Fn(IpAddr) -> bool + Send + Sync + 'static) {
        self.filter = Some(Filter(Arc::new(accepts)));
    }

    #[cfg(feature = "proxy")]
    pub(crate) fn are_filtered(&self) -> bool {
        self.filter.is_some()
    }

    /// A port of 0 is any.
    pub(crate) async fn of(&self, host: &str) -> Result<Vec<SocketAddr>, BoxError> {
        let written = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let mut addresses = if let Ok(address) = written.unwrap_or(host).parse::<IpAddr>() {
            vec![(address, 0).into()]
        } else if let Some(addresses) = self.given.get(&host.to_ascii_lowercase()) {
            addresses.clone()
        } else {
            self.resolver.0(host.parse()?).await.map_err(Unresolved)?
        };
        if let Some(Filter(accepts)) = &self.filter
            && !addresses.is_empty()
        {
            addresses.retain(|address| accepts(address.ip()));
            if addresses.is_empty() {
                return Err(NotAccepted(()).into());
            }
        }
        Ok(addresses)
    }
}

impl Resolver {
    fn new<R>(resolver: R) -> Self
    where
        R: Service<Name, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
        R::Response: IntoIterator<Item = SocketAddr>,
    {
        Self(Arc::new(move |name| {
            let mut resolver = resolver.clone();
            Box::pin(async move {
                poll_fn(|cx| resolver.poll_ready(cx)).await.map_err(Into::into)?;
                let addresses = resolver.call(name).await.map_err(Into::into)?;
                Ok(addresses.into_iter().collect())
            })
        }))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter")
    }
}

#[derive(Debug)]
struct Unresolved(BoxError);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of the host cannot be resolved")
    }
}

impl Error for Unresolved {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
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

    /// What a host has that was given such addresses, of which those of the internet count.
    async fn accepted(host: &str, addresses: &[&str]) -> Result<Vec<SocketAddr>, String> {
        let mut all = Addresses::of_the_system();
        all.give("Known", addresses.iter().map(|address| address.parse().unwrap()).collect());
        all.filter(is_public);
        all.of(host).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn c4_addresses_are_left_out_and_none_left_is_an_error() {
        let public = accepted("known", &["10.0.0.1:80", "1.1.1.1:80"]).await;
        assert_eq!(public.unwrap(), ["1.1.1.1:80".parse().unwrap()]);
        let private = accepted("KNOWN", &["10.0.0.1:80", "[::1]:80"]).await;
        assert!(private.unwrap_err().contains("filter"));
        assert!(accepted("known", &[]).await.unwrap().is_empty());
        for written in ["[::1]", "127.0.0.1", "localhost"] {
            assert!(accepted(written, &[]).await.unwrap_err().contains("filter"), "{written}");
        }
        assert_eq!(accepted("1.1.1.1", &[]).await.unwrap(), ["1.1.1.1:0".parse().unwrap()]);
    }
}
