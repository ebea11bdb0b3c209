//! The way through a proxy.

use super::{
    socket::{Preconnected, Socket},
    tcp,
};
use crate::{
    address::Addresses,
    proxy::ProxyConfig,
    timings::SocketSetup,
    uri::{default_port, is_https},
};
use http::{
    Request, Uri,
    header::PROXY_AUTHORIZATION,
    uri::{PathAndQuery, Scheme},
};
use hyper_util::client::{
    legacy::connect::proxy::{SocksV5, Tunnel},
    proxy::matcher::{Intercept, Matcher},
};
use std::sync::Arc;
use tower_clients_layers::BoxError;
use tower_service::Service;

/// Which proxy takes which request, and how it is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Proxies(Arc<Matcher>);

impl Proxies {
    pub(crate) fn new(config: ProxyConfig) -> Self {
        Self(Arc::new(config.into_matcher()))
    }

    /// Whether a proxy takes requests for such a URI.
    #[cfg(feature = "http2")]
    pub(crate) fn take(&self, uri: &Uri) -> bool {
        self.0.intercept(uri).is_some()
    }

    /// A way to the host of a URI, or to the proxy that is to be [asked](Self::address) for it.
    pub(crate) async fn connect(
        &self,
        addresses: &Addresses,
        uri: &Uri,
    ) -> Result<(Socket, SocketSetup), BoxError> {
        let Some(proxy) = self.0.intercept(uri) else { return tcp::connect(addresses, uri).await };
        let (socket, setup) = tcp::connect(addresses, proxy.uri()).await?;
        if forwards(&proxy, uri) {
            return Ok((socket, setup));
        }
        let (socket, target) = (Preconnected::new(socket), with_port(uri)?);
        let proxy_uri = proxy.uri().clone();
        if is_of_http(&proxy) {
            let mut tunnel = Tunnel::new(proxy_uri, socket);
            if let Some(credentials) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(credentials.clone());
            }
            Ok((tunnel.call(target).await?, setup))
        } else {
            let mut socks = SocksV5::new(proxy_uri, socket);
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            Ok((socks.call(target).await?, setup))
        }
    }

    /// Addresses a request to the proxy that forwards it, if one does.
    pub(crate) fn address<B>(&self, request: &mut Request<B>, uri: &Uri) {
        if let Some(proxy) = self.0.intercept(uri).filter(|proxy| forwards(proxy, uri)) {
            request.uri_mut().clone_from(uri);
            if let Some(credentials) = proxy.basic_auth() {
                request.headers_mut().insert(PROXY_AUTHORIZATION, credentials.clone());
            }
        }
    }
}

fn is_of_http(proxy: &Intercept) -> bool {
    proxy.uri().scheme() == Some(&Scheme::HTTP)
}

/// Whether the proxy reads the requests, and not only bytes.
fn forwards(proxy: &Intercept, uri: &Uri) -> bool {
    is_of_http(proxy) && !is_https(uri)
}

/// The host of a URI, with its port, which for a proxy does not go without saying.
fn with_port(uri: &Uri) -> Result<Uri, http::Error> {
    let port = uri.port_u16().unwrap_or_else(|| default_port(uri));
    let host = uri.host().unwrap_or_default();
    let target = Uri::builder().scheme(uri.scheme_str().unwrap_or_default());
    target
        .authority(format!("{host}:{port}"))
        .path_and_query(PathAndQuery::from_static("/"))
        .build()
}
