//! Settings of TLS that can be exchanged.

use super::{Configured, Tls};
use crate::version::HttpVersion;
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};
use tower_clients_layers::Error;

/// Exchanges the [`Tls`] settings of transports while they are used, such as a client certificate that is
/// renewed.
///
/// New connections use what was set last, open ones go on with what they began with, so that the pool stays
/// warm and no request is disturbed. Old settings go out of use with their connections, by
/// [`pool_max_age`](crate::TransportBuilder::pool_max_age) at the latest. Sessions of TLS are not resumed
/// across an exchange: each new connection proves who it is, and looks at the server's certificate, by the
/// new settings.
///
/// Clones are one handle. It can be given to several transports.
///
/// ```
/// use tower_clients_transport::{Transport, tls::{Tls, TlsHandle}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
/// let server = testbed::Testbed::https_with_client_auth().await?;
/// # let (certificate, key) = server.client_identity_pem().unwrap();
/// let roots = Tls::roots_pem(server.ca_pem().unwrap())?;
/// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
///
/// let tls = TlsHandle::new(roots.clone());
/// let transport = Transport::builder().tls(&tls).build()?;
///
/// // When there is a certificate, or a newer one:
/// tls.set(roots.client_identity_pem(certificate, key)?)?;
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TlsHandle {
    tls: Arc<RwLock<Arc<Tls>>>,
}

impl TlsHandle {
    /// Begins with these settings. They are checked by [`build`](crate::TransportBuilder::build).
    #[must_use]
    pub fn new(tls: Tls) -> Self {
        Self { tls: Arc::new(RwLock::new(Arc::new(tls))) }
    }

    /// Has new connections use these settings.
    ///
    /// # Errors
    ///
    /// [`Config`](tower_clients_layers::ErrorKind::Config) when they contradict each other, or the
    /// cryptography provider refuses them, as when a certificate and a key do not belong together. What was
    /// set before stays.
    pub fn set(&self, tls: Tls) -> Result<(), Error> {
        let tls = Self::new(tls);
        Configured::now(&tls, HttpVersion::Negotiated)?;
        *self.tls.write().unwrap_or_else(PoisonError::into_inner) = tls.current();
        Ok(())
    }

    pub(super) fn current(&self) -> Arc<Tls> {
        Arc::clone(&self.tls.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Settings that stay.
impl From<Tls> for TlsHandle {
    fn from(tls: Tls) -> Self {
        Self::new(tls)
    }
}

impl From<&Self> for TlsHandle {
    fn from(handle: &Self) -> Self {
        handle.clone()
    }
}

/// Shows the present settings as they show themselves; never certificates or keys.
impl fmt::Debug for TlsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.current(), f)
    }
}
