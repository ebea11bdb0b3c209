//! Query parameters, serialized once.
//!
//! Tuples, maps and structs serialize as `application/x-www-form-urlencoded`: `None` is left out,
//! a sequence repeats its key.
//!
//! ```
//! use http::Uri;
//! use tower_clients_layers::Query;
//!
//! #[derive(serde::Serialize)]
//! struct Search<'a> {
//!     q: &'a str,
//!     tag: Vec<&'a str>,
//!     page: Option<u32>,
//! }
//!
//! let query = Query::new(&Search { q: "a b", tag: vec!["x", "y"], page: None })?;
//! assert_eq!(query.as_str(), "q=a+b&tag=x&tag=y");
//! assert_eq!(query.append_to(&Uri::from_static("/find?limit=5"))?, "/find?limit=5&q=a+b&tag=x&tag=y");
//! # Ok::<(), tower_clients_layers::Error>(())
//! ```

use crate::{Error, error::ErrorKind};
use bytes::Bytes;
use http::{Uri, uri::PathAndQuery};
use serde::Serialize;
use std::{borrow::Cow, fmt};
use url::form_urlencoded;

/// Serialized query parameters. See the [module docs](self).
///
/// `Debug` shows the keys, not the values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Query {
    encoded: Cow<'static, str>,
}

impl Query {
    /// No parameters.
    pub const EMPTY: Self = Self { encoded: Cow::Borrowed("") };

    /// Serializes pairs, a map or a struct.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] for values that have no flat form, such as nested maps.
    pub fn new<T: Serialize + ?Sized>(parameters: &T) -> Result<Self, Error> {
        let encoded = serde_html_form::to_string(parameters)
            .map_err(|error| Error::new(ErrorKind::Request, error))?;
        Ok(Self { encoded: encoded.into() })
    }

    /// The serialized parameters, without a question mark.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.encoded
    }

    /// Whether there are no parameters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.encoded.is_empty()
    }

    /// Adds parameters behind these.
    pub fn extend(&mut self, other: &Self) {
        if !self.is_empty() && !other.is_empty() {
            self.encoded.to_mut().push('&');
        }
        self.encoded.to_mut().push_str(&other.encoded);
    }

    /// The URI with these parameters after those that it has.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`] when the URI becomes longer than 65,534 bytes, or has `*` in place of a path.
    pub fn append_to(&self, uri: &Uri) -> Result<Uri, Error> {
        append(uri, [self.as_str()].into_iter())
    }

    /// The URI with those of these parameters whose keys it lacks.
    pub(crate) fn complete(&self, uri: &Uri) -> Result<Option<Uri>, Error> {
        let present = uri.query().unwrap_or("");
        let has = |key: &str| pairs(present).any(|pair| decoded_key(pair) == decoded_key(key));
        let missing = pairs(&self.encoded).filter(|pair| !has(pair));
        if missing.clone().next().is_none() {
            return Ok(None);
        }
        append(uri, missing).map(Some)
    }
}

fn pairs(query: &str) -> impl Iterator<Item = &str> + Clone {
    query.split('&').filter(|pair| !pair.is_empty())
}

fn key_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(key, _)| key)
}

/// The same key can be encoded in several ways.
fn decoded_key(pair: &str) -> Cow<'_, str> {
    form_urlencoded::parse(pair.as_bytes()).next().map_or(Cow::Borrowed(""), |(key, _)| key)
}

fn append<'a>(uri: &'a Uri, added: impl Iterator<Item = &'a str> + Clone) -> Result<Uri, Error> {
    let present = uri.query().unwrap_or("");
    let parts = [present].into_iter().chain(added).filter(|part| !part.is_empty());
    // Exactly: excess capacity would cost another allocation.
    let length = uri.path().len() + parts.clone().map(|part| part.len() + 1).sum::<usize>();
    let mut text = String::with_capacity(length);
    text.push_str(uri.path());
    for (i, part) in parts.enumerate() {
        text.push(if i == 0 { '?' } else { '&' });
        text.push_str(part);
    }
    let build = |text: String| -> Result<Uri, http::Error> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = uri.scheme().cloned();
        parts.authority = uri.authority().cloned();
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(text))?);
        Ok(Uri::from_parts(parts)?)
    };
    build(text).map_err(|error| crate::UrlError::from(error).into())
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(pairs(&self.encoded).map(key_of)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn tuples_and_maps_serialize() {
        for (query, encoded) in [
            (Query::new(&[("a", 1), ("b", 2)]), "a=1&b=2"),
            (Query::new(&(("a", 1), ("b", "x"))), "a=1&b=x"),
            (Query::new(&BTreeMap::from([("a", vec![1, 2])])), "a=1&a=2"),
            (Query::new(&[("é", Some("&=")), ("none", None)]), "%C3%A9=%26%3D"),
            (Query::new(&()), ""),
        ] {
            assert_eq!(query.unwrap().as_str(), encoded);
        }
    }

    #[test]
    fn nested_values_are_refused() {
        let nested = BTreeMap::from([("a", BTreeMap::from([("b", 1)]))]);
        assert!(Query::new(&nested).unwrap_err().is_request());
    }

    #[test]
    fn only_missing_keys_complete_a_uri() {
        let defaults = Query::new(&[("a", "1"), ("b", "2"), ("b", "3")]).unwrap();
        let complete =
            |uri| defaults.complete(&Uri::from_static(uri)).unwrap().map(|uri| uri.to_string());
        assert_eq!(complete("http://h/x"), Some("http://h/x?a=1&b=2&b=3".into()));
        assert_eq!(complete("http://h/x?b=9"), Some("http://h/x?b=9&a=1".into()));
        assert_eq!(complete("http://h/x?"), Some("http://h/x?a=1&b=2&b=3".into()));
        assert_eq!(complete("http://h/x?b&a"), None);
        assert_eq!(complete("http://h/x?%61&%62"), None);
    }

    #[test]
    fn values_do_not_print() {
        let query = Query::new(&[("key", "CANARY")]).unwrap();
        assert_eq!(format!("{query:?}"), r#"{"key"}"#);
    }
}
