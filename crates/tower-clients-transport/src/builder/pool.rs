//! How connections are made and kept.

use crate::TransportBuilder;
use std::time::Duration;

/// How connections are made and kept.
impl TransportBuilder {
    /// Limits the time to make one connection: name resolution, TCP and TLS together. 10 seconds
    /// by default.
    ///
    /// When it passes, the request fails with an error of the kind
    /// [`Timeout`](tower_clients_layers::ErrorKind::Timeout) that was not sent, and whose
    /// [`timeout`](tower_clients_layers::Error::timeout) is the one called `connect`. Requests that were
    /// waiting for the same connection then try each for itself.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = Some(limit);
        self
    }

    /// Waits for a connection as long as the operating system does, which may be minutes.
    pub fn no_connect_timeout(mut self) -> Self {
        self.settings.connect_timeout = None;
        self
    }

    /// How long a connection is kept without a request on it. 90 seconds by default.
    ///
    /// Keep it below the limit of the servers: a request sent on a connection that the server is
    /// just closing fails as one that may have been sent.
    pub fn pool_idle_timeout(mut self, limit: Duration) -> Self {
        self.settings.limits.idle_timeout = limit;
        self
    }

    /// How many connections are kept without a request on them, per scheme, host and port. 32 by
    /// default; 0 turns the pool off, so that every request has a connection of its own.
    ///
    /// It does not limit how many connections are open:
    /// [`pool_max_open_per_host`](Self::pool_max_open_per_host) does.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.settings.limits.max_idle_per_host = connections;
        self
    }

    /// How old a connection may become, such as where the addresses of a name change. No limit by
    /// default. An exchange that is under way is not cut off.
    pub fn pool_max_age(mut self, limit: Duration) -> Self {
        self.settings.limits.max_age = Some(limit);
        self
    }

    /// How many connections may be open, per scheme, host and port, 1 at least. No limit by default.
    ///
    /// Further requests wait, in the order in which they came, for a connection that comes back, or
    /// that is given up so that another can be made. The wait is not part of the connect timeout. A
    /// connection stays with its runtime; an idle one is closed for a request of another runtime. An
    /// HTTP/1.1 connection closes at once when it is given up; one that a task drives, as for HTTP/2, has its
    /// socket until its runtime is driven again.
    pub fn pool_max_open_per_host(mut self, connections: usize) -> Self {
        self.settings.limits.max_open_per_host = Some(connections);
        self
    }

    /// How many connections may be open in total, 1 at least. No limit by default.
    ///
    /// As with [`pool_max_open_per_host`](Self::pool_max_open_per_host), further requests wait, and the
    /// connection that has been idle longest is closed for one that waits.
    pub fn pool_max_open(mut self, connections: usize) -> Self {
        self.settings.limits.max_open = Some(connections);
        self
    }
}
