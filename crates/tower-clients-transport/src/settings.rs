//! What a transport is set to.

#[cfg(feature = "http2")]
use crate::connection::KeepAlive;
#[cfg(feature = "tls")]
use crate::tls::{Tls, TlsHandle};
use crate::{address::Addresses, pool::Limits, route::Route, version::HttpVersion};
use std::time::Duration;

/// All settings, in the order of the methods of [`TransportBuilder`](crate::TransportBuilder), which say what
/// they mean. Shows no keys.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) addresses: Addresses,
    pub(crate) route: Route,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) limits: Limits,
    pub(crate) version: HttpVersion,
    #[cfg(feature = "http2")]
    pub(crate) http2_keep_alive: Option<KeepAlive>,
    #[cfg(feature = "tls")]
    pub(crate) tls: TlsHandle,
    pub(crate) timings: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            addresses: Addresses::of_the_system(),
            route: Route::Direct,
            connect_timeout: Some(Duration::from_secs(10)),
            limits: Limits {
                idle_timeout: Duration::from_secs(90),
                max_age: None,
                max_idle_per_host: 32,
                max_open_per_host: None,
                max_open: None,
            },
            version: HttpVersion::Negotiated,
            #[cfg(feature = "http2")]
            http2_keep_alive: None,
            #[cfg(feature = "tls")]
            tls: Tls::platform().into(),
            timings: false,
        }
    }
}
