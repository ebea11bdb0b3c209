//! Sets and makes a transport.
//!
//! A setting is a field of [`Settings`] with its default, and a method here, in the file of its topic.

mod pool;
mod protocol;
mod route;

use crate::{Transport, connect::Connector, settings::Settings};
use tower_clients_layers::Error;

/// Makes a [`Transport`]; from [`Transport::builder`].
///
/// ```
/// use std::time::Duration;
/// use tower_clients_transport::Transport;
///
/// let transport = Transport::builder()
///     .connect_timeout(Duration::from_secs(3))
///     .pool_idle_timeout(Duration::from_secs(20))
///     .build()?;
/// # Ok::<(), tower_clients_layers::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct TransportBuilder {
    settings: Settings,
}

impl TransportBuilder {
    pub(crate) fn new() -> Self {
        Self { settings: Settings::default() }
    }

    /// Has every response tell how long the parts of its exchange took, by [`Timings`](crate::Timings) among
    /// its extensions. Off by default; then a request pays nothing for it.
    pub fn timings(mut self) -> Self {
        self.settings.timings = true;
        self
    }

    /// Makes the transport. Needs no runtime, and opens no connection.
    ///
    /// # Errors
    ///
    /// Only with TLS settings that contradict each other or that the cryptography provider refuses, or with
    /// an address filter beside proxies, which find the addresses themselves: an error of the kind
    /// [`Config`](tower_clients_layers::ErrorKind::Config).
    pub fn build(self) -> Result<Transport, Error> {
        Connector::now(self.settings).map(Transport::over)
    }
}
