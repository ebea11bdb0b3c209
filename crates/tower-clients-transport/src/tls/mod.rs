//! TLS: whom to trust, and how to identify.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! use http::{Request, StatusCode};
//! use tower::ServiceExt;
//! use tower_clients_layers::Body;
//! use tower_clients_transport::{Transport, tls::Tls};
//!
//! let server = testbed::Testbed::https().await?;
//! let roots = server.ca_pem().unwrap();
//! # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
//!
//! let transport = Transport::builder().tls(Tls::roots_pem(roots)?).build()?;
//! let request = Request::get(format!("{}get", server.url())).body(Body::empty())?;
//! let response = transport.oneshot(request).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! # The cryptography provider
//!
//! rustls does no cryptography itself. The first of these that exists is used:
//!
//! 1. the one given to [`Tls::crypto_provider`];
//! 2. the default of the process, if one is installed
//!    ([`CryptoProvider::install_default`](rustls::crypto::CryptoProvider::install_default));
//! 3. `ring`, with the feature `ring`;
//! 4. `aws-lc-rs`, with the feature `aws-lc-rs`.
//!
//! Otherwise there is an error that says so. Nothing panics when several are compiled in.
//!
//! # Renewal
//!
//! A [`TlsHandle`] exchanges the settings of a transport while it is used.
//!
//! # Stability
//!
//! The types of rustls 0.23 in this module are exempt from the promises of semantic versioning:
//! [`Tls::config`] and [`Tls::crypto_provider`] follow the version of rustls that this crate uses.

mod configured;
mod handle;
mod pem;
mod provider;

pub(crate) use self::configured::Configured;
pub use self::handle::TlsHandle;

use self::pem::Identity;
use rustls::{ClientConfig, crypto::CryptoProvider, pki_types::CertificateDer};
use std::{fmt, sync::Arc};
use tower_clients_layers::{Error, ErrorKind};

/// Whom to trust and how to identify. See the [module docs](self).
#[derive(Clone)]
pub struct Tls {
    trust: Trust,
    identity: Option<Arc<Identity>>,
    provider: Option<Arc<CryptoProvider>>,
}

#[derive(Clone)]
enum Trust {
    Platform { and: Vec<CertificateDer<'static>> },
    Only(Vec<CertificateDer<'static>>),
    Decided(Arc<ClientConfig>),
}

impl Tls {
    /// Trusts what the operating system trusts. The default.
    ///
    /// Its trust store is read when the first `https` connection is made, which takes tens of
    /// milliseconds on a thread for blocking work. Where there is none, as in a minimal container,
    /// that connection fails with an error of the kind
    /// [`Connect`](tower_clients_layers::ErrorKind::Connect), and the next one looks again.
    #[must_use]
    pub fn platform() -> Self {
        Self::new(Trust::Platform { and: Vec::new() })
    }

    /// Trusts *only* the authorities whose certificates are in `pem`; one or more.
    ///
    /// # Errors
    ///
    /// When there is no certificate in it, or one that cannot be read.
    pub fn roots_pem(pem: impl AsRef<[u8]>) -> Result<Self, Error> {
        Ok(Self::new(Trust::Only(pem::roots(pem.as_ref())?)))
    }

    /// Uses a configuration of rustls as it is, except for ALPN, which follows the HTTP version
    /// options of the transport.
    ///
    /// It decides everything, so that [`build`](crate::TransportBuilder::build) refuses it together
    /// with another setting of `Tls`.
    #[must_use]
    pub fn config(config: ClientConfig) -> Self {
        Self::new(Trust::Decided(Arc::new(config)))
    }

    /// Trusts the authorities in `pem` too: besides those of the platform, or besides the given
    /// ones.
    ///
    /// Android's trust store takes no additions: there, with [`platform`](Self::platform),
    /// connections fail and say so.
    ///
    /// # Errors
    ///
    /// When there is no certificate in it, or one that cannot be read; or after
    /// [`config`](Self::config).
    pub fn add_roots_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, Error> {
        match &mut self.trust {
            Trust::Platform { and: roots } | Trust::Only(roots) => {
                roots.extend(pem::roots(pem.as_ref())?);
                Ok(self)
            }
            Trust::Decided(_) => Err(contradiction()),
        }
    }

    /// Identifies this client with a certificate: `chain` begins with its own, `key` is the private
    /// key of that one (PKCS#8, PKCS#1 or SEC1).
    ///
    /// Both may be the same text, where one file holds both.
    ///
    /// # Errors
    ///
    /// When there is no certificate or no key in them, or one that cannot be read. Whether they
    /// belong together is checked by [`build`](crate::TransportBuilder::build).
    pub fn client_identity_pem(
        mut self,
        chain: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, Error> {
        self.identity = Some(Arc::new(Identity::from_pem(chain.as_ref(), key.as_ref())?));
        Ok(self)
    }

    /// Uses this cryptography; the [module docs](self#the-cryptography-provider) say which one is
    /// used otherwise.
    #[must_use]
    pub fn crypto_provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    fn new(trust: Trust) -> Self {
        Self { trust, identity: None, provider: None }
    }
}

fn contradiction() -> Error {
    Error::new(
        ErrorKind::Config,
        "`Tls::config` decides everything: put roots, the client identity and the cryptography \
         provider into the `rustls::ClientConfig`",
    )
}

impl Default for Tls {
    fn default() -> Self {
        Self::platform()
    }
}

/// Shows what is trusted and whether there is an identity; never certificates or keys.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trust = match &self.trust {
            Trust::Platform { and } if and.is_empty() => "platform".to_owned(),
            Trust::Platform { and } => format!("platform and {} roots", and.len()),
            Trust::Only(roots) => format!("{} roots", roots.len()),
            Trust::Decided(_) => "config".to_owned(),
        };
        f.debug_struct("Tls")
            .field("trust", &trust)
            .field("client_identity", &self.identity.is_some())
            .finish_non_exhaustive()
    }
}
