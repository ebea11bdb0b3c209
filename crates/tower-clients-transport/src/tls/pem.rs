//! Certificates and keys out of PEM.

use rustls::{
    RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use tower_clients_layers::{BoxError, Error, ErrorKind};

/// How a client identifies itself.
pub(super) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(super) fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, Error> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| refused(format!("the PEM holds no readable private key: {error}")))?;
        Ok(Self { chain, key })
    }

    pub(super) fn certified(&self, provider: &CryptoProvider) -> Result<CertifiedKey, BoxError> {
        CertifiedKey::from_der(self.chain.clone(), self.key.clone_key(), provider)
            .map_err(|error| format!("the client identity cannot be used: {error}").into())
    }
}

pub(super) fn roots(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let roots = certificates(pem)?;
    store(&roots).map_err(refused)?;
    Ok(roots)
}

pub(super) fn store(roots: &[CertificateDer<'static>]) -> Result<RootCertStore, BoxError> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store
            .add(root.clone())
            .map_err(|error| format!("a certificate is not that of an authority: {error}"))?;
    }
    Ok(store)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| refused(format!("the PEM cannot be read: {error}")))?;
    if certificates.is_empty() {
        return Err(refused("the PEM holds no certificate"));
    }
    Ok(certificates)
}

fn refused(reason: impl Into<BoxError>) -> Error {
    Error::new(ErrorKind::Config, reason)
}

#[cfg(test)]
mod tests {
    use crate::tls::Tls;

    #[test]
    fn what_is_not_a_certificate_or_a_key_is_refused() {
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (pem, reason) in [
            ("", "holds no certificate"),
            ("not PEM", "holds no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "cannot be read"),
            (empty, "not that of an authority"),
        ] {
            let error = Tls::roots_pem(pem).unwrap_err();
            assert!(error.is_config() && format!("{error:#}").contains(reason), "{error:#}");
        }
        let error = Tls::platform().client_identity_pem(empty, "no key").unwrap_err();
        assert!(format!("{error:#}").contains("no readable private key"), "{error:#}");
    }
}
