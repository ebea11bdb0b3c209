//! What connections are told apart by.

use crate::uri::is_https;
use http::{Uri, uri::Authority};
use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
};
use tokio::runtime;

/// One server on one runtime: a connection is driven by the runtime that opened it, and by no other.
/// Two spellings of an authority are two servers, which costs less than to take them apart for each
/// request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    runtime: runtime::Id,
    is_https: bool,
    authority: Box<str>,
}

impl Key {
    /// Scheme and authority, without the runtime.
    pub(super) fn origin(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }
}

/// A [`Key`] whose host is borrowed from a request, so that looking it up allocates nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyRef<'a> {
    runtime: runtime::Id,
    is_https: bool,
    authority: &'a str,
}

impl<'a> KeyRef<'a> {
    /// The server of an absolute `http` or `https` URI.
    pub(crate) fn new(uri: &'a Uri, runtime: runtime::Id) -> Self {
        let is_https = is_https(uri);
        let authority = uri.authority().map_or("", Authority::as_str);
        Self { runtime, is_https, authority }
    }

    /// Whether it is the same server, on any runtime.
    pub(super) fn is_server_of(self, key: &Key) -> bool {
        Self { runtime: key.runtime, ..self } == key.as_key()
    }

    pub(super) fn to_key(self) -> Key {
        let Self { runtime, is_https, authority } = self;
        Key { runtime, is_https, authority: authority.into() }
    }
}

/// Either form of a key. It is what a map of [`Key`]s is asked with.
pub(super) trait AsKey {
    fn as_key(&self) -> KeyRef<'_>;
}

impl AsKey for Key {
    fn as_key(&self) -> KeyRef<'_> {
        let Self { runtime, is_https, ref authority } = *self;
        KeyRef { runtime, is_https, authority }
    }
}

impl AsKey for KeyRef<'_> {
    fn as_key(&self) -> KeyRef<'_> {
        *self
    }
}

impl<'a> Borrow<dyn AsKey + 'a> for Key {
    fn borrow(&self) -> &(dyn AsKey + 'a) {
        self
    }
}

/// One server is rarely asked both with and without TLS, so that is not hashed.
impl Hash for dyn AsKey + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let KeyRef { runtime, authority, .. } = self.as_key();
        runtime.hash(state);
        authority.hash(state);
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self as &dyn AsKey).hash(state);
    }
}

impl PartialEq for dyn AsKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.as_key() == other.as_key()
    }
}

impl Eq for dyn AsKey + '_ {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tokio::runtime::Handle;

    #[tokio::test]
    async fn borrowed_key_finds_what_an_owned_one_put() {
        let runtime = Handle::current().id();
        let uri = Uri::from_static("http://h/a");
        let map = HashMap::from([(KeyRef::new(&uri, runtime).to_key(), ())]);
        let has = |other| {
            let uri = Uri::from_static(other);
            map.contains_key(&KeyRef::new(&uri, runtime) as &dyn AsKey)
        };
        assert!(has("http://h/b"));
        for other in ["http://h:81/a", "https://h/a", "http://i/a"] {
            assert!(!has(other), "{other}");
        }
    }
}
