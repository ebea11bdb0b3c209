//! Makes one connection: a socket, then TLS for `https`, then HTTP, within one limit of time.

#[cfg(feature = "http2")]
use crate::connection::KeepAlive;
#[cfg(feature = "tls")]
use crate::tls::Configured;
use crate::{
    connection::Connection,
    driver::Task,
    error::no_connection,
    pool::{Attention, Opening},
    route::Dialer,
    socket::Socket,
    timings::Setup,
    version::HttpVersion,
};
use http::{HeaderValue, Request, Uri, uri::Scheme};
#[cfg(feature = "tls")]
use hyper_rustls::HttpsConnector;
#[cfg(feature = "http2")]
use hyper_util::client::legacy::connect::Connection as _;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tower_clients_layers::{BoxError, Error, TimeoutError};
#[cfg(feature = "tls")]
use tower_service::Service as _;

#[cfg(feature = "tls")]
type Stream = hyper_rustls::MaybeHttpsStream<Socket>;
#[cfg(not(feature = "tls"))]
type Stream = Socket;

/// Makes connections for the pool.
pub(crate) struct Connector {
    pub(crate) dialer: Dialer,
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

    /// Gives a request what goes with a connection of its own to a URI.
    pub(crate) fn address<B>(
        &self,
        connection: &Connection,
        request: &mut Request<B>,
        uri: &Uri,
        name: &HeaderValue,
    ) {
        connection.address(request, uri, name);
        #[cfg(feature = "proxy")]
        self.dialer.address(request, uri);
    }

    async fn connection(
        &self,
        uri: &Uri,
        pool: Attention,
    ) -> Result<(Connection, Option<Task>), BoxError> {
        let (start, dialer) = (Instant::now(), self.dialer.for_one());
        let stream = self.stream(&dialer, uri).await?;
        let socket = dialer.tcp.setup();
        let reached = socket.map_or(Duration::ZERO, |socket| socket.dns + socket.tcp);
        let is_secure = uri.scheme() == Some(&Scheme::HTTPS);
        let tls = is_secure.then(|| start.elapsed().saturating_sub(reached));
        let setup = Box::new(Setup { socket, tls });
        #[cfg(feature = "http2")]
        if self.version == HttpVersion::Http2 || stream.connected().is_negotiated_h2() {
            let (mut connection, task) = Connection::http2(stream, self.keep_alive).await?;
            *connection.setup() = Some(setup);
            return Ok((connection, Some(task)));
        }
        let mut connection = Connection::http1(stream, pool).await?;
        *connection.setup() = Some(setup);
        Ok((connection, None))
    }

    async fn stream(&self, dialer: &Dialer, uri: &Uri) -> Result<Stream, BoxError> {
        if uri.scheme() == Some(&Scheme::HTTPS) {
            return self.secure_stream(dialer, uri).await;
        }
        #[cfg(all(feature = "http2", feature = "proxy"))]
        if self.version == HttpVersion::Http2 && self.dialer.is_proxied(uri) {
            return Err("HTTP/2 goes through a proxy with TLS only: use `https`".into());
        }
        let socket = dialer.connect(uri).await?;
        #[cfg(feature = "tls")]
        let socket = Stream::Http(socket);
        Ok(socket)
    }

    #[cfg(feature = "tls")]
    async fn secure_stream(&self, dialer: &Dialer, uri: &Uri) -> Result<Stream, BoxError> {
        let config = self.tls.config().await?;
        HttpsConnector::from((dialer.clone(), config)).call(uri.clone()).await
    }

    #[cfg(not(feature = "tls"))]
    async fn secure_stream(&self, _: &Dialer, _: &Uri) -> Result<Stream, BoxError> {
        Err("`https` needs the feature `ring` (or `aws-lc-rs`) of `tower-clients-transport`".into())
    }
}
