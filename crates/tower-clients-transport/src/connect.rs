//! Makes one connection: TCP, then TLS for `https`, then HTTP, within one limit of time.

#[cfg(feature = "http2")]
use crate::connection::KeepAlive;
#[cfg(feature = "tls")]
use crate::tls::Configured;
use crate::{
    connection::Connection,
    driver::Task,
    error::no_connection,
    pool::{Attention, Opening},
    tcp::Tcp,
    version::HttpVersion,
};
use http::{Uri, uri::Scheme};
#[cfg(feature = "tls")]
use hyper_rustls::HttpsConnector;
#[cfg(feature = "http2")]
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tower_clients_layers::{BoxError, Error, TimeoutError};
#[cfg(feature = "tls")]
use tower_service::Service as _;

#[cfg(feature = "tls")]
type Stream = hyper_rustls::MaybeHttpsStream<TokioIo<TcpStream>>;
#[cfg(not(feature = "tls"))]
type Stream = TokioIo<TcpStream>;

/// Makes connections for the pool.
pub(crate) struct Connector {
    pub(crate) tcp: Tcp,
    pub(crate) limit: Option<Duration>,
    pub(crate) version: HttpVersion,
    #[cfg(feature = "http2")]
    pub(crate) keep_alive: Option<KeepAlive>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Configured,
}

impl Connector {
    /// Whether a new connection could carry many requests at once.
    pub(crate) fn may_multiplex(&self, uri: &Uri) -> bool {
        match self.version {
            HttpVersion::Http1 => false,
            #[cfg(feature = "http2")]
            HttpVersion::Http2 => true,
            HttpVersion::Negotiated => {
                cfg!(feature = "http2") && uri.scheme() == Some(&Scheme::HTTPS)
            }
        }
    }

    /// Makes a connection for an attempt.
    pub(crate) async fn connect(
        &self,
        uri: &Uri,
        attempt: u32,
        mut opening: Opening<Connection>,
    ) -> Result<Connection, Error> {
        let connecting = self.connection(uri, opening.attention());
        let result = match self.limit {
            None => connecting.await,
            Some(limit) => match timeout(limit, connecting).await {
                Ok(result) => result,
                Err(_) => Err(TimeoutError::connect(limit).in_attempt(attempt).into()),
            },
        };
        match result {
            Ok((mut connection, task)) => {
                connection.hold(opening.permits());
                opening.made(&connection);
                if let Some(task) = task {
                    tokio::spawn(task);
                }
                Ok(connection)
            }
            Err(error) => {
                opening.failed();
                Err(no_connection(error))
            }
        }
    }

    async fn connection(
        &self,
        uri: &Uri,
        pool: Attention,
    ) -> Result<(Connection, Option<Task>), BoxError> {
        let stream = self.stream(uri).await?;
        #[cfg(feature = "http2")]
        if self.version == HttpVersion::Http2 || stream.connected().is_negotiated_h2() {
            let (connection, task) = Connection::http2(stream, self.keep_alive).await?;
            return Ok((connection, Some(task)));
        }
        Ok((Connection::http1(stream, pool).await?, None))
    }

    async fn stream(&self, uri: &Uri) -> Result<Stream, BoxError> {
        if uri.scheme() == Some(&Scheme::HTTPS) {
            return self.secure_stream(uri).await;
        }
        let tcp = self.tcp.connect(uri).await?;
        #[cfg(feature = "tls")]
        let tcp = Stream::Http(tcp);
        Ok(tcp)
    }

    #[cfg(feature = "tls")]
    async fn secure_stream(&self, uri: &Uri) -> Result<Stream, BoxError> {
        let config = self.tls.config().await?;
        HttpsConnector::from((self.tcp.clone(), config)).call(uri.clone()).await
    }

    #[cfg(not(feature = "tls"))]
    async fn secure_stream(&self, _: &Uri) -> Result<Stream, BoxError> {
        Err("`https` needs the feature `ring` (or `aws-lc-rs`) of `tower-clients-transport`".into())
    }
}
