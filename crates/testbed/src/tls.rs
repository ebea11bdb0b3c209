//! Certificates made per server: a CA, and the leaves it signs.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::{
    RootCertStore, ServerConfig, crypto::ring, pki_types::PrivateKeyDer,
    server::WebPkiClientVerifier,
};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Whether clients have to identify themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAuth {
    None,
    Required,
}

/// What a listener needs to speak TLS, and its clients to trust it.
pub(crate) struct Secured {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
    pub(crate) client_identity_pem: Option<(String, String)>,
}

pub(crate) fn secure(client_auth: ClientAuth) -> Result<Secured, BoxError> {
    let ca = authority()?;
    let server_key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let server = leaf(names, "localhost", ExtendedKeyUsagePurpose::ServerAuth)?
        .signed_by(&server_key, &ca)?;

    // The provider is named, so that a test binary with several of them needs no process default.
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let (builder, client_identity_pem) = match client_auth {
        ClientAuth::None => (builder.with_no_client_auth(), None),
        ClientAuth::Required => {
            let mut roots = RootCertStore::empty();
            roots.add(ca.der().clone())?;
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            let identity = client_identity(&ca)?;
            (builder.with_client_cert_verifier(verifier), Some(identity))
        }
    };
    let key = PrivateKeyDer::try_from(server_key.serialize_der())?;
    let mut config = builder.with_single_cert(vec![server.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

    Ok(Secured {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        ca_pem: ca.pem(),
        client_identity_pem,
    })
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::new([])?;
    params.distinguished_name.push(DnType::CommonName, "testbed CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn client_identity(ca: &CertifiedIssuer<'_, KeyPair>) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let certificate =
        leaf([], "testbed client", ExtendedKeyUsagePurpose::ClientAuth)?.signed_by(&key, ca)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn leaf(
    names: impl Into<Vec<String>>,
    common_name: &str,
    usage: ExtendedKeyUsagePurpose,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
