//! Makes one connection: a socket, then TLS for `https`, then HTTP, within one limit of time.

#[cfg(feature = "tls")]
use crate::route::Preconnected;
#[cfg(feature = "proxy")]
use crate::route::Route;
#[cfg(feature = "tls")]
use crate::tls::Configured;
use crate::{
    connection::{Connection, Task},
    error::no_connection,
    pool::Opening,
    route::Socket,
    settings::Settings,
    timings::{Setup, SocketSetup},
    uri::is_https,
    version::HttpVersion,
};
use http::{HeaderValue, Request, Uri};
#[cfg(feature = "tls")]
use hyper_rustls::{
    DefaultServerNameResolver, HttpsConnector, MaybeHttpsStream, ResolveServerName as _,
};
#[cfg(feature = "http2")]
use hyper_util::client::legacy::connect::Connection as _;
use tokio::time::{Instant, timeout};
#[cfg(feature = "proxy")]
use tower_clients_layers::ErrorKind;
use tower_clients_layers::{BoxError, Error, TimeoutError};
#[cfg(feature = "tls")]
use tower_service::Service as _;

#[cfg(feature = "tls")]
type Stream = MaybeHttpsStream<Socket>;
#[cfg(not(feature = "tls"))]
type Stream = Socket;

/// Makes connections for the pool.
pub(crate) struct Connector {
    pub(crate) settings: Settings,
    #[cfg(feature = "tls")]
    tls: Configured,
}

impl Connector {
    /// For settings that cannot fail before there is a connection to make.
    pub(crate) fn later(settings: Settings) -> Self {
        Self {
            #[cfg(feature = "tls")]
            tls: Configured::later(&settings.tls, settings.version),
            settings,
        }
    }

    /// Fails where the settings contradict each other.
    pub(crate) fn now(settings: Settings) -> Result<Self, Error> {
        #[cfg(feature = "proxy")]
        if matches!(settings.route, Route::Proxied(_)) && settings.addresses.are_filtered() {
            let reason =
                "a proxy finds the addresses of hosts itself: filter them there, or use no proxy";
            return Err(Error::new(ErrorKind::Config, reason));
        }
        Ok(Self {
            #[cfg(feature = "tls")]
            tls: Configured::now(&settings.tls, settings.version)?,
            settings,
        })
    }

    /// Whether a new connection could carry many requests at once.
    pub(crate) fn may_multiplex(&self, uri: &Uri) -> bool {
        match self.settings.version {
            HttpVersion::Http1 => false,
            #[cfg(feature = "http2")]
            HttpVersion::Http2 => true,
            HttpVersion::Negotiated => cfg!(feature = "http2") && is_https(uri),
        }
    }

    /// Makes a connection for an attempt.
    pub(crate) async fn connect(
        &self,
        uri: &Uri,
        attempt: u32,
        mut opening: Opening<Connection>,
    ) -> Result<Connection, Error> {
        let connecting = self.connection(uri, &mut opening);
        let result = match self.settings.connect_timeout {
            None => connecting.await,
            Some(limit) => match timeout(limit, connecting).await {
                Ok(result) => result,
                Err(_) => Err(TimeoutError::connect(limit).in_attempt(attempt).into()),
            },
        };
        match result {
            Ok((connection, task)) => {
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

    /// Gives a request the form that goes with a connection for a URI.
    pub(crate) fn address<B>(
        &self,
        connection: &Connection,
        request: &mut Request<B>,
        uri: &Uri,
        name: &HeaderValue,
    ) {
        connection.address(request, uri, name);
        #[cfg(feature = "proxy")]
        self.settings.route.address(request, uri);
    }

    /// A connection, with the task that drives it, if it needs one.
    async fn connection(
        &self,
        uri: &Uri,
        opening: &mut Opening<Connection>,
    ) -> Result<(Connection, Option<Task>), BoxError> {
        #[cfg(all(feature = "http2", feature = "proxy"))]
        if self.settings.version == HttpVersion::Http2
            && !is_https(uri)
            && self.settings.route.is_proxied(uri)
        {
            return Err("HTTP/2 goes through a proxy with TLS only: use `https`".into());
        }
        let start = Instant::now();
        let (stream, reached) = self.stream(uri).await?;
        let setup = Setup::since(start, reached, is_https(uri));
        #[cfg(feature = "http2")]
        if self.settings.version == HttpVersion::Http2 || stream.connected().is_negotiated_h2() {
            let keep_alive = self.settings.http2_keep_alive;
            let (connection, task) = Connection::http2(stream, keep_alive, setup, opening).await?;
            return Ok((connection, Some(task)));
        }
        Ok((Connection::http1(stream, setup, opening).await?, None))
    }

    /// A way for bytes to the server, and what it took to get a socket.
    #[cfg(feature = "tls")]
    async fn stream(&self, uri: &Uri) -> Result<(Stream, Option<SocketSetup>), BoxError> {
        // Nobody hears anything from who cannot go on.
        let tls = if is_https(uri) {
            DefaultServerNameResolver::default().resolve(uri)?;
            Some(self.tls.config().await?)
        } else {
            None
        };
        let (socket, reached) = self.socket(uri).await?;
        let stream = match tls {
            None => Stream::Http(socket),
            Some(tls) => {
                let connected = Preconnected::new(socket);
                HttpsConnector::from((connected, tls)).call(uri.clone()).await?
            }
        };
        Ok((stream, reached))
    }

    #[cfg(not(feature = "tls"))]
    async fn stream(&self, uri: &Uri) -> Result<(Stream, Option<SocketSetup>), BoxError> {
        if is_https(uri) {
            let reason =
                "`https` needs the feature `ring` (or `aws-lc-rs`) of `tower-clients-transport`";
            return Err(reason.into());
        }
        self.socket(uri).await
    }

    async fn socket(&self, uri: &Uri) -> Result<(Socket, Option<SocketSetup>), BoxError> {
        self.settings.route.connect(&self.settings.addresses, uri).await
    }
}
