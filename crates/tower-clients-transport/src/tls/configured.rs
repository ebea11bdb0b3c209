//! The configuration of rustls, made at once where that is cheap, else for the first connection.

use super::{
    Tls, TlsHandle, Trust, contradiction,
    pem::{self, Identity},
    provider,
};
use crate::version::HttpVersion;
use rustls::{
    ClientConfig, ConfigBuilder, WantsVerifier, client::WantsClientCert, crypto::CryptoProvider,
    pki_types::CertificateDer, sign::SingleCertAndKey,
};
use rustls_platform_verifier::Verifier;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{sync::OnceCell, task::spawn_blocking};
use tower_clients_layers::{BoxError, Error, ErrorKind};

/// The configuration for the connections of one transport.
pub(crate) struct Configured {
    handle: TlsHandle,
    version: HttpVersion,
    made: Mutex<Made>,
}

/// What was made of the settings that the handle had last.
#[derive(Clone)]
struct Made {
    of: Arc<Tls>,
    config: Arc<OnceCell<Arc<ClientConfig>>>,
}

impl Made {
    fn later(of: Arc<Tls>) -> Self {
        Self { of, config: Arc::default() }
    }

    /// Checks all that can be checked without the trust store of the platform.
    fn now(of: Arc<Tls>, version: HttpVersion) -> Result<Self, Error> {
        let mut made = Self::later(of);
        let tls = &*made.of;
        match (&tls.trust, &tls.identity) {
            (Trust::Platform { .. }, None) => {}
            (Trust::Platform { .. }, Some(identity)) => {
                provider::choose(tls.provider.as_ref())
                    .and_then(|provider| identity.certified(&provider))
                    .map_err(|error| Error::new(ErrorKind::Config, error))?;
            }
            (Trust::Decided(_), identity) if identity.is_some() || tls.provider.is_some() => {
                return Err(contradiction());
            }
            (Trust::Only(_) | Trust::Decided(_), _) => {
                let config =
                    build(tls, version).map_err(|error| Error::new(ErrorKind::Config, error))?;
                made.config = Arc::new(OnceCell::from(Arc::new(config)));
            }
        }
        Ok(made)
    }
}

impl Configured {
    /// Checks all that can be checked without the trust store of the platform.
    pub(crate) fn now(handle: &TlsHandle, version: HttpVersion) -> Result<Self, Error> {
        let made = Mutex::new(Made::now(handle.current(), version)?);
        Ok(Self { handle: handle.clone(), version, made })
    }

    /// Leaves everything to the first connection.
    pub(crate) fn later(handle: &TlsHandle, version: HttpVersion) -> Self {
        let made = Mutex::new(Made::later(handle.current()));
        Self { handle: handle.clone(), version, made }
    }

    /// The configuration. A failure is not kept: the next connection tries again.
    pub(crate) async fn config(&self) -> Result<Arc<ClientConfig>, BoxError> {
        let Made { of, config } = self.made();
        let version = self.version;
        let load = async || {
            // A trust store can be hundreds of files to read and parse.
            let config = spawn_blocking(move || build(&of, version)).await??;
            Ok::<_, BoxError>(Arc::new(config))
        };
        config.get_or_try_init(load).await.cloned()
    }

    /// Of the settings that the handle has now.
    fn made(&self) -> Made {
        let current = self.handle.current();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&made.of, &current) {
            *made = Made::later(current);
        }
        made.clone()
    }
}

fn build(tls: &Tls, version: HttpVersion) -> Result<ClientConfig, BoxError> {
    let mut config = match &tls.trust {
        Trust::Decided(config) => ClientConfig::clone(config),
        Trust::Platform { and } => {
            let provider = provider::choose(tls.provider.as_ref())?;
            let verifier = Arc::new(platform(and, Arc::clone(&provider))?);
            identified(tls.identity.as_deref(), &provider, |builder| {
                builder.dangerous().with_custom_certificate_verifier(verifier)
            })?
        }
        Trust::Only(roots) => {
            let provider = provider::choose(tls.provider.as_ref())?;
            let roots = pem::store(roots)?;
            identified(tls.identity.as_deref(), &provider, |builder| {
                builder.with_root_certificates(roots)
            })?
        }
    };
    config.alpn_protocols = offer(version);
    Ok(config)
}

fn identified(
    identity: Option<&Identity>,
    provider: &Arc<CryptoProvider>,
    trusting: impl FnOnce(
        ConfigBuilder<ClientConfig, WantsVerifier>,
    ) -> ConfigBuilder<ClientConfig, WantsClientCert>,
) -> Result<ClientConfig, BoxError> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?;
    let builder = trusting(builder);
    Ok(match identity {
        Some(identity) => {
            let key = identity.certified(provider)?;
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key)))
        }
        None => builder.with_no_client_auth(),
    })
}

#[cfg(not(target_os = "android"))]
fn platform(
    and: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, BoxError> {
    Verifier::new_with_extra_roots(and.iter().cloned(), provider).map_err(|error| {
        format!(
            "the platform's certificate authorities cannot be loaded: install them (the package \
             `ca-certificates`), or give some to `Tls::roots_pem`: {error}"
        )
        .into()
    })
}

#[cfg(target_os = "android")]
fn platform(
    and: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, BoxError> {
    if !and.is_empty() {
        return Err(
            "Android's certificate authorities take no additions: use `Tls::roots_pem`".into()
        );
    }
    Ok(Verifier::new(provider)?)
}

/// What ALPN offers, best first.
fn offer(version: HttpVersion) -> Vec<Vec<u8>> {
    let protocols: &[&str] = match version {
        #[cfg(feature = "http2")]
        HttpVersion::Negotiated => &["h2", "http/1.1"],
        #[cfg(feature = "http2")]
        HttpVersion::Http2 => &["h2"],
        #[cfg(not(feature = "http2"))]
        HttpVersion::Negotiated => &["http/1.1"],
        HttpVersion::Http1 => &["http/1.1"],
    };
    protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect()
}
