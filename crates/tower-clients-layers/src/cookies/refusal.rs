//! Why a jar does not take a cookie.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NoUrl,
    Malformed,
    TooLong,
    Domain,
    PublicSuffix,
    Insecure,
    Prefix,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoUrl => "a cookie is set for an absolute URL of http or https",
            Self::Malformed => "a cookie is a name, `=` and a value, without control characters",
            Self::TooLong => "the cookie is too long",
            Self::Domain => "the domain of the cookie is not that of the URL",
            Self::PublicSuffix => "the domain of the cookie is a public suffix",
            Self::Insecure => "a secure cookie is set or replaced only over a secure connection",
            Self::Prefix => "the cookie does not have what the prefix of its name demands",
        })
    }
}

impl std::error::Error for Refusal {}
