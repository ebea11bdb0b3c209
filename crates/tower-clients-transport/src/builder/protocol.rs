//! What is spoken over connections.

#[cfg(feature = "http2")]
use crate::connection::KeepAlive;
#[cfg(feature = "tls")]
use crate::tls::TlsHandle;
use crate::{TransportBuilder, version::HttpVersion};
#[cfg(feature = "http2")]
use std::time::Duration;

/// What is spoken over connections: the version of HTTP, and TLS.
impl TransportBuilder {
    /// Speaks only HTTP/1.1, over TLS too.
    ///
    /// By default TLS offers HTTP/2 (with the feature `http2`) and HTTP/1.1, and the server
    /// chooses. The last call of this method and `http2_prior_knowledge` wins.
    pub fn http1_only(mut self) -> Self {
        self.settings.version = HttpVersion::Http1;
        self
    }

    /// Speaks only HTTP/2: over plain TCP without asking ("h2c"), over TLS as the only offer.
    ///
    /// A server that speaks only HTTP/1.1 cannot be reached with it.
    #[cfg(feature = "http2")]
    pub fn http2_prior_knowledge(mut self) -> Self {
        self.settings.version = HttpVersion::Http2;
        self
    }

    /// Whom to trust and how to identify, for `https`. [`Tls::platform`](crate::tls::Tls::platform) by
    /// default.
    ///
    /// Given a [`TlsHandle`], the settings can be exchanged while the transport is used.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: impl Into<TlsHandle>) -> Self {
        self.settings.tls = tls.into();
        self
    }

    /// Asks a silent HTTP/2 server after each `interval` whether it is still there, and closes the
    /// connection when it does not answer within `timeout`. Not asked by default. Only connections
    /// with a request on them are asked about.
    #[cfg(feature = "http2")]
    pub fn http2_keep_alive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.settings.http2_keep_alive = Some(KeepAlive { interval, timeout });
        self
    }
}
