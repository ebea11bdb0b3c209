//! The gateways that a request has passed (RFC 9110 §7.6.3).

use super::hop::list;
use crate::{
    Error, ErrorKind,
    random::{Random, seed},
};
use http::{HeaderMap, HeaderName, HeaderValue, Version, header::VIA};
use std::{
    fmt,
    sync::{Arc, LazyLock},
};

/// The name of a gateway, and how it is written behind each version of HTTP.
#[derive(Clone)]
pub(super) struct Via {
    name: Arc<str>,
    http1: HeaderValue,
    http2: HeaderValue,
}

impl Via {
    /// The same one in the whole process.
    pub(super) fn random() -> Self {
        static RANDOM: LazyLock<Via> = LazyLock::new(|| {
            let name = format!("gateway-{:016x}", Random::seeded(seed()).next());
            Via::named(&name).expect("it is a token")
        });
        RANDOM.clone()
    }

    pub(super) fn named(name: &str) -> Result<Self, Error> {
        // What names a header is a token.
        if HeaderName::try_from(name).is_err() {
            return Err(Error::new(ErrorKind::Config, "the name of a gateway is a token"));
        }
        let value = |version| {
            HeaderValue::try_from(format!("{version} {name}"))
                .map_err(|error| Error::new(ErrorKind::Config, error))
        };
        Ok(Self { http1: value("1.1")?, http2: value("2")?, name: name.into() })
    }

    /// Fails when a request was here before.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Error> {
        // Behind the version, before a comment.
        let mut names = list(headers, &VIA).filter_map(|hop| hop.split_whitespace().nth(1));
        if names.any(|name| name.eq_ignore_ascii_case(&self.name)) {
            return Err(Error::new(ErrorKind::Request, LoopError(())));
        }
        Ok(())
    }

    pub(super) fn append_to(&self, headers: &mut HeaderMap, version: Version) {
        let value = if version == Version::HTTP_2 { &self.http2 } else { &self.http1 };
        headers.append(VIA, value.clone());
    }
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

/// A request has come back to a gateway that it has passed: the source of an error of the kind
/// [`Request`](ErrorKind::Request). The status for it is 508 (RFC 5842 §7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopError(());

impl fmt::Display for LoopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the request has passed this gateway before: look at what its base URL leads to",
        )
    }
}

impl std::error::Error for LoopError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateway_knows_its_name_among_others() {
        let via = Via::named("edge").unwrap();
        for (seen, is_loop) in [
            ("1.1 edge", true),
            ("1.0 a, 1.1 EDGE (comment)", true),
            ("2 edge-2, 1.1 a", false),
            ("edge", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(VIA, HeaderValue::from_static(seen))]);
            assert_eq!(via.check(&headers).is_err(), is_loop, "{seen}");
        }
    }

    #[test]
    fn name_follows_those_before() {
        let via = Via::named("edge").unwrap();
        let mut headers = HeaderMap::from_iter([(VIA, HeaderValue::from_static("1.0 a"))]);
        via.append_to(&mut headers, Version::HTTP_11);
        via.append_to(&mut headers, Version::HTTP_2);
        let hops: Vec<_> = list(&headers, &VIA).collect();
        assert_eq!(hops, ["1.0 a", "1.1 edge", "2 edge"]);
    }

    #[test]
    fn name_is_a_token() {
        for name in ["", "a b", "a,b", "é"] {
            assert!(Via::named(name).unwrap_err().is_config(), "{name}");
        }
        assert_eq!(Via::random().name, Via::random().name);
    }
}
