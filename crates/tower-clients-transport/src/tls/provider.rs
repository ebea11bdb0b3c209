//! Which cryptography to use.

use rustls::crypto::CryptoProvider;
use std::sync::Arc;
use tower_clients_layers::BoxError;

/// The first that exists of: the given one, that of the process, those compiled in.
///
/// rustls has a choice of its own, but it panics when two providers are compiled in, and features
/// of other crates can bring that about.
pub(super) fn choose(given: Option<&Arc<CryptoProvider>>) -> Result<Arc<CryptoProvider>, BoxError> {
    let installed = || CryptoProvider::get_default().cloned();
    given.cloned().or_else(installed).or_else(compiled_in).ok_or_else(|| {
        "TLS has no cryptography provider: turn on the feature `ring` or `aws-lc-rs` of \
         `tower-clients-transport`, or give one to `Tls::crypto_provider`"
            .into()
    })
}

#[cfg(feature = "ring")]
fn compiled_in() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
fn compiled_in() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn compiled_in() -> Option<Arc<CryptoProvider>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_provider_wins() {
        let given = Arc::new(rustls::crypto::ring::default_provider());
        assert!(Arc::ptr_eq(&choose(Some(&given)).unwrap(), &given));
    }

    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    #[test]
    fn compiled_in_provider_is_found_however_many_there_are() {
        assert!(!choose(None).unwrap().cipher_suites.is_empty());
    }

    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    #[test]
    fn without_a_provider_the_error_says_what_to_do() {
        let error = choose(None).unwrap_err().to_string();
        assert!(error.contains("`Tls::crypto_provider`"), "{error}");
    }
}
