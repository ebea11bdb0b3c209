//! What a transport is doing.

use crate::{Transport, pool::Counts};

/// The connections of a [`Transport`] at one moment, from [`Transport::stats`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportStats {
    /// How many exchanges are under way; see [`Transport::in_flight`].
    pub in_flight: usize,
    /// Of each server that there are connections or requests to, by origin.
    pub hosts: Vec<HostStats>,
}

/// The connections to one server at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostStats {
    /// Its scheme and authority, such as `https://api.example.com`, as they are in the URLs of requests.
    pub origin: String,
    /// How many connections are open or being made.
    pub open: usize,
    /// How many of them are in the pool without a request on them.
    pub idle: usize,
    /// How many of them have requests on them, or are being made.
    pub in_use: usize,
    /// How many requests wait for a connection: to be made, to come back, or to be allowed by a limit.
    pub waiting: usize,
}

impl Transport {
    /// What the transport is doing now, for a gauge or a page of health. It takes the lock of each server in
    /// turn, so that servers are not counted at quite the same moment.
    ///
    /// ```
    /// use http::Request;
    /// use http_body_util::BodyExt;
    /// use tower::ServiceExt;
    /// use tower_clients_layers::Body;
    /// use tower_clients_transport::Transport;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
    /// let server = testbed::Testbed::http().await?;
    /// let transport = Transport::new();
    /// let request = Request::get(format!("{}bytes/10", server.url())).body(Body::empty())?;
    ///
    /// let response = transport.clone().oneshot(request).await?;
    /// let host = transport.stats().hosts.remove(0);
    /// assert_eq!(host.origin, format!("http://{}", server.addr()));
    /// assert_eq!((host.open, host.idle, host.in_use), (1, 0, 1));
    ///
    /// response.into_body().collect().await?;
    /// let stats = transport.stats();
    /// assert_eq!((stats.open(), stats.idle(), stats.in_flight), (1, 1, 0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stats(&self) -> TransportStats {
        let hosts = self.shared.pool.counts().into_iter().map(|(origin, counts)| {
            let Counts { open, idle, waiting } = counts;
            HostStats { origin, open, idle, in_use: open.saturating_sub(idle), waiting }
        });
        TransportStats { hosts: hosts.collect(), in_flight: self.in_flight() }
    }
}

impl TransportStats {
    /// How many connections are open or being made.
    #[must_use]
    pub fn open(&self) -> usize {
        self.hosts.iter().map(|host| host.open).sum()
    }

    /// How many of them are in the pool without a request on them.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.hosts.iter().map(|host| host.idle).sum()
    }

    /// How many of them have requests on them, or are being made.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.hosts.iter().map(|host| host.in_use).sum()
    }

    /// How many requests wait for a connection.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.hosts.iter().map(|host| host.waiting).sum()
    }
}
