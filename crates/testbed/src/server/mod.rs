//! The server on a loopback port, its counters and its end.

use crate::{
    connections::{Connections, Counters, Scheme},
    tls::{self, ClientAuth, Secured},
};
use axum::Router;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{net::TcpListener, task::AbortHandle};

/// A running server on a free loopback port. It stops when dropped.
///
/// Every request handed to the router carries the peer's address as
/// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo) in its extensions.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use testbed::Testbed;
///
/// let server = Testbed::http().await?;
/// assert_eq!(server.url(), format!("http://{}/", server.addr()));
/// assert_eq!((server.connections(), server.requests()), (0, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Testbed {
    url: String,
    addr: SocketAddr,
    ca_pem: Option<String>,
    client_identity_pem: Option<(String, String)>,
    counters: Arc<Counters>,
    accepting: AbortHandle,
}

impl Testbed {
    /// Serves the [`router`](crate::router) over plain TCP: HTTP/1.1, and HTTP/2 with prior
    /// knowledge.
    ///
    /// # Errors
    ///
    /// When no loopback port can be bound.
    pub async fn http() -> io::Result<Self> {
        Self::serve(crate::router()).await
    }

    /// Serves the [`router`](crate::router) over TLS, offering `h2` and `http/1.1` through ALPN.
    ///
    /// The certificate names `localhost`, `127.0.0.1` and `::1`; trust [`ca_pem`](Self::ca_pem),
    /// which signed it and belongs to this server alone.
    ///
    /// # Errors
    ///
    /// When no loopback port can be bound or the certificates cannot be made.
    pub async fn https() -> io::Result<Self> {
        Self::start_tls(ClientAuth::None).await
    }

    /// Like [`https`](Self::https), and turns away clients without a certificate signed by the
    /// server's CA, such as [`client_identity_pem`](Self::client_identity_pem).
    ///
    /// # Errors
    ///
    /// When no loopback port can be bound or the certificates cannot be made.
    pub async fn https_with_client_auth() -> io::Result<Self> {
        Self::start_tls(ClientAuth::Required).await
    }

    /// Serves routes of your own over plain TCP, with the same counters.
    ///
    /// # Errors
    ///
    /// When no loopback port can be bound.
    pub async fn serve(router: Router) -> io::Result<Self> {
        Self::start(router, None).await
    }

    async fn start_tls(client_auth: ClientAuth) -> io::Result<Self> {
        let secured = tls::secure(client_auth).map_err(io::Error::other)?;
        Self::start(crate::router(), Some(secured)).await
    }

    async fn start(router: Router, secured: Option<Secured>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let (url, scheme) = if secured.is_some() {
            (format!("https://localhost:{}/", addr.port()), "https")
        } else {
            (format!("http://{addr}/"), "http")
        };
        let (acceptor, ca_pem, client_identity_pem) = match secured {
            Some(secured) => {
                (Some(secured.acceptor), Some(secured.ca_pem), secured.client_identity_pem)
            }
            None => (None, None, None),
        };
        let counters = Arc::new(Counters::default());
        let connections = Connections {
            router,
            acceptor,
            scheme: Scheme(scheme),
            counters: Arc::clone(&counters),
        };
        let accepting = tokio::spawn(connections.accept(listener)).abort_handle();
        Ok(Self { url, addr, ca_pem, client_identity_pem, counters, accepting })
    }

    /// The base URL, ending in `/`: by address over plain TCP, by the name `localhost` over TLS.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The certificate authority to trust, for the servers with TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The certificate chain and the private key of a client that
    /// [`https_with_client_auth`](Self::https_with_client_auth) accepts.
    #[must_use]
    pub fn client_identity_pem(&self) -> Option<(&str, &str)> {
        let (chain, key) = self.client_identity_pem.as_ref()?;
        Some((chain, key))
    }

    /// How many TCP connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.counters.connections()
    }

    /// How many requests were answered so far, each counted before its response leaves.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.counters.requests()
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[cfg(test)]
mod tests;
