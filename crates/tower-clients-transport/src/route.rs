//! Where the connections to a host lead: to the host itself, to a Unix socket or to a proxy.

#[cfg(feature = "proxy")]
use crate::proxy::Proxies;
use crate::{socket::Socket, tcp::Tcp};
use http::Uri;
#[cfg(feature = "tls")]
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
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

/// Connects to hosts by a route.
#[derive(Clone)]
pub(crate) struct Dialer {
    pub(crate) tcp: Tcp,
    pub(crate) route: Route,
}

impl Dialer {
    /// A copy for one connection.
    pub(crate) fn for_one(&self) -> Self {
        Self { tcp: self.tcp.for_one(), route: self.route.clone() }
    }

    pub(crate) async fn connect(&self, uri: &Uri) -> Result<Socket, BoxError> {
        match &self.route {
            Route::Direct => self.tcp.connect(uri).await,
            #[cfg(unix)]
            Route::Unix(path) => Ok(Socket::at(path).await?),
            #[cfg(feature = "proxy")]
            Route::Proxied(proxies) => proxies.connect(&self.tcp, uri).await,
        }
    }
}

/// What forwards requests has to be told so.
#[cfg(feature = "proxy")]
impl Dialer {
    /// Whether a proxy takes requests for such a URI.
    #[cfg(feature = "http2")]
    pub(crate) fn is_proxied(&self, uri: &Uri) -> bool {
        matches!(&self.route, Route::Proxied(proxies) if proxies.take(uri))
    }

    /// Addresses a request to the proxy that forwards it, if one does.
    pub(crate) fn address<B>(&self, request: &mut http::Request<B>, uri: &Uri) {
        if let Route::Proxied(proxies) = &self.route {
            proxies.address(request, uri);
        }
    }
}

#[cfg(feature = "tls")]
impl tower_service::Service<Uri> for Dialer {
    type Response = Socket;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Socket, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move { dialer.connect(&uri).await })
    }
}
