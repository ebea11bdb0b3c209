//! Makes one connection: TCP, then TLS for `https`, within one limit of time.

#[cfg(feature = "tls")]
use crate::tls::Configured;
use http::{Uri, uri::Scheme};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};
use tower_clients_layers::{BoxError, TimeoutError};
use tower_service::Service;

type Tcp = TokioIo<TcpStream>;

#[cfg(feature = "tls")]
type Connection = hyper_rustls::MaybeHttpsStream<Tcp>;
#[cfg(not(feature = "tls"))]
type Connection = Tcp;

/// Makes connections for the pool, which clones it for every request.
#[derive(Clone)]
pub(crate) struct Connector {
    shared: Arc<Shared>,
}

struct Shared {
    tcp: HttpConnector,
    limit: Option<Duration>,
    #[cfg(feature = "tls")]
    tls: Configured,
}

impl Connector {
    pub(crate) fn new(
        tcp: HttpConnector,
        limit: Option<Duration>,
        #[cfg(feature = "tls")] tls: Configured,
    ) -> Self {
        let shared = Shared {
            tcp,
            limit,
            #[cfg(feature = "tls")]
            tls,
        };
        Self { shared: Arc::new(shared) }
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = BoxError;
    /// The pool wants it to be `Unpin`, which no timer is.
    type Future = Pin<Box<dyn Future<Output = Result<Connection, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let Some(limit) = shared.limit else {
                return shared.connect(uri).await;
            };
            match timeout(limit, shared.connect(uri)).await {
                Ok(connected) => connected,
                Err(_) => Err(TimeoutError::connect(limit).into()),
            }
        })
    }
}

impl Shared {
    async fn connect(&self, uri: Uri) -> Result<Connection, BoxError> {
        if uri.scheme() == Some(&Scheme::HTTPS) {
            return self.connect_securely(uri).await;
        }
        let tcp = self.tcp.clone().call(uri).await?;
        #[cfg(feature = "tls")]
        let tcp = Connection::Http(tcp);
        Ok(tcp)
    }

    #[cfg(feature = "tls")]
    async fn connect_securely(&self, uri: Uri) -> Result<Connection, BoxError> {
        let config = self.tls.config().await?;
        hyper_rustls::HttpsConnector::from((self.tcp.clone(), config)).call(uri).await
    }

    #[cfg(not(feature = "tls"))]
    async fn connect_securely(&self, _: Uri) -> Result<Connection, BoxError> {
        Err("`https` needs the feature `ring` (or `aws-lc-rs`) of `tower-clients-transport`".into())
    }
}
