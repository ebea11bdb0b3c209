//! What a transport is doing.

/// The connections of a transport at one moment, from [`Transport::stats`](crate::Transport::stats).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportStats {
    /// How many exchanges are under way; see [`Transport::in_flight`](crate::Transport::in_flight).
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

impl HostStats {
    pub(crate) fn new(origin: String) -> Self {
        Self { origin, open: 0, idle: 0, in_use: 0, waiting: 0 }
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
