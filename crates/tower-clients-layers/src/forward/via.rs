//! The gateways that a request has passed (RFC 9110 §7.6.3).

use super::{error::Reason, hop::list};
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
    http10: HeaderValue,
    http11: HeaderValue,
    http2: HeaderValue,
    http3: HeaderValue,
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
        Ok(Self {
            http10: value("1.0")?,
            http11: value("1.1")?,
            http2: value("2")?,
            http3: value("3")?,
            name: name.into(),
        })
    }

    /// Fails when a request was here before.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Error> {
        // Behind the version, before a comment.
        let mut names = list(headers, &VIA).filter_map(|hop| hop.split_whitespace().nth(1));
        if names.any(|name| name.eq_ignore_ascii_case(&self.name)) {
            return Err(Reason::Loop.into());
        }
        Ok(())
    }

    /// `version` is that in which the request came.
    pub(super) fn append_to(&self, headers: &mut HeaderMap, version: Version) {
        let value = match version {
            Version::HTTP_3 => &self.http3,
            Version::HTTP_2 => &self.http2,
            Version::HTTP_11 => &self.http11,
            _ => &self.http10,
        };
        headers.append(VIA, value.clone());
    }
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

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
