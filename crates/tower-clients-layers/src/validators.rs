//! Validators: what a conditional request is made of (RFC 9110 §8.8, §13.1).
//!
//! A change that must not undo the change of another is sent with a condition: that the resource is
//! still what was read. Only a strong validator can say so.
//!
//! ```
//! use http::{HeaderMap, HeaderValue, header::{ETAG, IF_MATCH}};
//! use tower_clients_layers::validators::{NoValidator, Validator};
//!
//! let mut headers = HeaderMap::new();
//! assert_eq!(Validator::of(&headers), Err(NoValidator::Missing));
//! headers.insert(ETAG, HeaderValue::from_static("W/\"1\""));
//! assert_eq!(Validator::of(&headers), Err(NoValidator::WeakTag));
//! headers.insert(ETAG, HeaderValue::from_static("\"1\""));
//! let validator = Validator::of(&headers)?;
//! assert_eq!((validator.name(), validator.value().as_bytes()), (IF_MATCH, &b"\"1\""[..]));
//! # Ok::<(), NoValidator>(())
//! ```

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{DATE, ETAG, IF_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED},
};
use std::{fmt, time::Duration};

/// The least age that makes a modification date strong (RFC 9110 §8.8.2.2).
const STRONG_AGE: Duration = Duration::from_secs(1);

/// An entity tag, RFC 9110 §8.8.3.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntityTag {
    value: HeaderValue,
}

impl EntityTag {
    /// The tag that a field value spells; `None` when it spells none, as `*`, a tag without quotes
    /// and a list do.
    #[must_use]
    pub fn parse(value: &HeaderValue) -> Option<Self> {
        let bytes = value.as_bytes();
        let quoted = bytes.strip_prefix(b"W/").unwrap_or(bytes);
        let opaque = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let is_tag = opaque.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..));
        is_tag.then(|| Self { value: value.clone() })
    }

    /// Whether it is weak: it may stay the same when the bytes change.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.value.as_bytes().starts_with(b"W/")
    }

    /// The strong comparison (RFC 9110 §8.8.3.2): equal, and neither is weak.
    #[must_use]
    pub fn matches_strongly(&self, other: &Self) -> bool {
        !self.is_weak() && self.value == other.value
    }

    /// The tag as it was spelled.
    #[must_use]
    pub fn value(&self) -> &HeaderValue {
        &self.value
    }
}

/// The condition that a resource is still what was read: `If-Match` with a strong entity tag, or
/// `If-Unmodified-Since`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validator {
    name: HeaderName,
    value: HeaderValue,
}

impl Validator {
    /// The condition that the headers of a response allow: by a strong `ETag`; else by a
    /// `Last-Modified` that is at least one second older than `Date`.
    ///
    /// # Errors
    ///
    /// There is neither. When there are an entity tag and a date, the reason is about the tag.
    pub fn of(headers: &HeaderMap) -> Result<Self, NoValidator> {
        let tag = strong_tag(headers);
        if let Ok(Some(tag)) = tag {
            return Ok(Self { name: IF_MATCH, value: tag.value });
        }
        match (strong_date(headers), tag) {
            (Ok(Some(value)), _) => Ok(Self { name: IF_UNMODIFIED_SINCE, value: value.clone() }),
            (_, Err(reason)) | (Err(reason), Ok(_)) => Err(reason),
            (Ok(None), Ok(_)) => Err(NoValidator::Missing),
        }
    }

    /// The name of the field to send: `if-match` or `if-unmodified-since`.
    #[must_use]
    pub fn name(&self) -> HeaderName {
        self.name.clone()
    }

    /// The value of the field to send, as the server spelled it.
    #[must_use]
    pub fn value(&self) -> &HeaderValue {
        &self.value
    }
}

fn strong_tag(headers: &HeaderMap) -> Result<Option<EntityTag>, NoValidator> {
    let Some(value) = single(headers, &ETAG).map_err(|()| NoValidator::MalformedTag)? else {
        return Ok(None);
    };
    match EntityTag::parse(value) {
        None => Err(NoValidator::MalformedTag),
        Some(tag) if tag.is_weak() => Err(NoValidator::WeakTag),
        tag => Ok(tag),
    }
}

fn strong_date(headers: &HeaderMap) -> Result<Option<&HeaderValue>, NoValidator> {
    let date = |name| -> Result<_, NoValidator> {
        let Some(value) = single(headers, name).map_err(|()| NoValidator::MalformedDate)? else {
            return Ok(None);
        };
        let time = value.to_str().ok().and_then(|text| httpdate::parse_http_date(text).ok());
        Ok(Some((value, time.ok_or(NoValidator::MalformedDate)?)))
    };
    let Some((value, modified)) = date(&LAST_MODIFIED)? else {
        return Ok(None);
    };
    // Without the time of the server there is nothing to tell the age by.
    let age = date(&DATE)?.and_then(|(_, now)| now.duration_since(modified).ok());
    if age.is_some_and(|age| age >= STRONG_AGE) { Ok(Some(value)) } else { Err(NoValidator::Young) }
}

pub(crate) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(()),
    }
}

/// Why a response has no validator that a change can rely on: the source of an
/// [`Error`](crate::Error) of kind [`Validator`](crate::ErrorKind::Validator).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoValidator {
    /// There is neither `ETag` nor `Last-Modified`.
    Missing,
    /// The `ETag` is weak: it never matches, and where a server lets it match, changes get lost.
    WeakTag,
    /// The `ETag` is no entity tag, or there are several.
    MalformedTag,
    /// `Last-Modified` is less than a second older than `Date`, or there is no `Date`: there may be
    /// another change in the same second.
    Young,
    /// `Last-Modified` or `Date` is no HTTP date, or there are several.
    MalformedDate,
}

impl fmt::Display for NoValidator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "it has neither an entity tag nor a modification date",
            Self::WeakTag => "its entity tag is weak",
            Self::MalformedTag => "its entity tag is malformed",
            Self::Young => "its modification date is too young to tell changes apart",
            Self::MalformedDate => "its dates are malformed",
        })
    }
}

impl std::error::Error for NoValidator {}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn of(headers: &[(&HeaderName, &str)]) -> Result<(HeaderName, String), NoValidator> {
        let value = |value: &str| HeaderValue::from_bytes(value.as_bytes()).unwrap();
        let mut map = HeaderMap::new();
        for (name, text) in headers {
            map.append(*name, value(text));
        }
        let validator = Validator::of(&map)?;
        Ok((validator.name(), validator.value().to_str().unwrap().into()))
    }

    fn tag(text: &str) -> Option<EntityTag> {
        EntityTag::parse(&HeaderValue::from_bytes(text.as_bytes()).unwrap())
    }

    #[test]
    fn u1_strong_tag_goes_first() {
        let tag = Ok((IF_MATCH, "\"a\"".to_owned()));
        assert_eq!(of(&[(&ETAG, "\"a\"")]), tag);
        assert_eq!(of(&[(&ETAG, "\"a\""), (&LAST_MODIFIED, OLD), (&DATE, NOW)]), tag);
    }

    #[test]
    fn u1_old_date_stands_in_for_a_tag_that_is_no_use() {
        let date = Ok((IF_UNMODIFIED_SINCE, OLD.to_owned()));
        assert_eq!(of(&[(&LAST_MODIFIED, OLD), (&DATE, NOW)]), date);
        for tag in ["W/\"a\"", "a"] {
            assert_eq!(of(&[(&ETAG, tag), (&LAST_MODIFIED, OLD), (&DATE, NOW)]), date);
        }
    }

    #[test]
    fn u1_what_cannot_be_relied_on_is_no_validator() {
        use NoValidator::{MalformedDate, MalformedTag, Missing, WeakTag, Young};
        for (headers, reason) in [
            (&[][..], Missing),
            (&[(&DATE, NOW)], Missing),
            (&[(&ETAG, "W/\"a\"")], WeakTag),
            (&[(&ETAG, "*")], MalformedTag),
            (&[(&ETAG, "\"a\", \"b\"")], MalformedTag),
            (&[(&ETAG, "\"a\""), (&ETAG, "\"a\"")], MalformedTag),
            (&[(&LAST_MODIFIED, OLD)], Young),
            (&[(&LAST_MODIFIED, NOW), (&DATE, NOW)], Young),
            (&[(&LAST_MODIFIED, NOW), (&DATE, OLD)], Young),
            (&[(&LAST_MODIFIED, "soon"), (&DATE, NOW)], MalformedDate),
            (&[(&LAST_MODIFIED, OLD), (&DATE, "soon")], MalformedDate),
            (&[(&ETAG, "W/\"a\""), (&LAST_MODIFIED, NOW), (&DATE, NOW)], WeakTag),
        ] {
            assert_eq!(of(headers), Err(reason), "{headers:?}");
        }
    }

    #[test]
    fn u1_tags_are_quoted_and_hold_no_quote() {
        for text in ["\"\"", "\"a\"", "W/\"a\"", "\"a,b\"", "\"\u{e9}\"", "\"W/\""] {
            assert!(tag(text).is_some(), "{text}");
        }
        for text in ["", "*", "a", "\"", "\"a", "w/\"a\"", "W/a", "\"a b\"", "\"a\"b\"", "W/ \"a\""]
        {
            assert!(tag(text).is_none(), "{text}");
        }
    }

    #[test]
    fn u1_strong_comparison_needs_two_strong_tags() {
        let matches = |a, b| tag(a).unwrap().matches_strongly(&tag(b).unwrap());
        assert!(matches("\"1\"", "\"1\""));
        assert!(!matches("W/\"1\"", "W/\"1\""));
        assert!(!matches("W/\"1\"", "\"1\"") && !matches("\"1\"", "W/\"1\""));
        assert!(!matches("\"1\"", "\"2\""));
    }
}
