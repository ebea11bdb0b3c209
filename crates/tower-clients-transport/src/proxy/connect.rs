//! The way through a proxy.

use super::ProxyConfig;
use crate::{socket::Socket, tcp::Tcp};
use http::{
    Request, Uri,
    header::PROXY_AUTHORIZATION,
    uri::{PathAndQuery, Scheme},
};
use hyper_util::client::{
    legacy::connect::proxy::{SocksV5, Tunnel},
    proxy::matcher::{Intercept, Matcher},
};
use std::{
    future::{Ready, ready},
    io,
    sync::Arc,
    task::{Context, Poll},
};
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
    pub(crate) async fn connect(&self, tcp: &Tcp, uri: &Uri) -> Result<Socket, BoxError> {
        let Some(proxy) = self.0.intercept(uri) else { return tcp.connect(uri).await };
        let socket = tcp.connect(proxy.uri()).await?;
        if forwards(&proxy, uri) {
            return Ok(socket);
        }
        let (socket, target) = (Made(Some(socket)), with_port(uri)?);
        let proxy_uri = proxy.uri().clone();
        if is_of_http(&proxy) {
            let mut tunnel = Tunnel::new(proxy_uri, socket);
            if let Some(credentials) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(credentials.clone());
            }
            Ok(tunnel.call(target).await?)
        } else {
            let mut socks = SocksV5::new(proxy_uri, socket);
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            Ok(socks.call(target).await?)
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
    is_of_http(proxy) && uri.scheme() == Some(&Scheme::HTTP)
}

/// The host of a URI, with its port, which for a proxy does not go without saying.
fn with_port(uri: &Uri) -> Result<Uri, http::Error> {
    let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(default));
    let target = Uri::builder().scheme(uri.scheme_str().unwrap_or_default());
    target
        .authority(format!("{host}:{port}"))
        .path_and_query(PathAndQuery::from_static("/"))
        .build()
}

/// Connects to the proxy: it is connected to already, so that the error says why it is not.
struct Made(Option<Socket>);

impl Service<Uri> for Made {
    type Response = Socket;
    type Error = io::Error;
    type Future = Ready<io::Result<Socket>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}
