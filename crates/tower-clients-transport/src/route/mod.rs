//! Where the connections to a host lead: to the host itself, to a Unix socket or to a proxy.

#[cfg(feature = "proxy")]
mod proxied;
mod socket;
mod tcp;

#[cfg(feature = "proxy")]
pub(crate) use self::proxied::Proxies;
#[cfg(feature = "tls")]
pub(crate) use self::socket::Preconnected;
pub(crate) use self::socket::Socket;

use crate::{address::Addresses, timings::SocketSetup};
#[cfg(feature = "proxy")]
use http::Request;
use http::Uri;
#[cfg(unix)]
use std::{path::Path, sync::Arc};
use tower_clients_layers::BoxError;

#[derive(Debug, Clone)]
pub(crate) enum Route {
    Direct,
    #[cfg(unix)]
    Unix(Arc<Path>),
    #[cfg(feature = "proxy")]
    Proxied(Proxies),
}

impl Route {
    /// A socket through which the host of a URI can be spoken to, and what it took, if it was reached by an
    /// address.
    pub(crate) async fn connect(
        &self,
        addresses: &Addresses,
        uri: &Uri,
    ) -> Result<(Socket, Option<SocketSetup>), BoxError> {
        let (socket, setup) = match self {
            Self::Direct => tcp::connect(addresses, uri).await?,
            #[cfg(unix)]
            Self::Unix(path) => return Ok((Socket::at(path).await?, None)),
            #[cfg(feature = "proxy")]
            Self::Proxied(proxies) => proxies.connect(addresses, uri).await?,
        };
        Ok((socket, Some(setup)))
    }

    /// Whether a proxy takes requests for such a URI.
    #[cfg(all(feature = "http2", feature = "proxy"))]
    pub(crate) fn is_proxied(&self, uri: &Uri) -> bool {
        matches!(self, Self::Proxied(proxies) if proxies.take(uri))
    }

    /// Addresses a request to the proxy that forwards it, if one does.
    #[cfg(feature = "proxy")]
    pub(crate) fn address<B>(&self, request: &mut Request<B>, uri: &Uri) {
        if let Self::Proxied(proxies) = self {
            proxies.address(request, uri);
        }
    }
}
