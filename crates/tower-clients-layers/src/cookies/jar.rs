//! The cookies of one session.

use super::{refusal::Refusal, store};
use crate::{Error, ErrorKind};
use cookie_store::{CookieStore, serde::json};
use http::{HeaderMap, HeaderValue, Uri, header::SET_COOKIE};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};
use url::Url;

/// As in curl.
const MOST_LINES: usize = 50;

/// Cookies, shared by all clones.
///
/// What is stored and what is sent follows RFC 6265bis: host-only and `Domain` cookies, `Path`,
/// `Secure`, `Max-Age` and `Expires`, the prefixes `__Host-` and `__Secure-`. The domain of a
/// cookie is never a public suffix, by a list that is compiled in. `SameSite` is not looked at, for
/// there is no site but that of the request, and a cookie without a name is refused.
///
/// It holds up to 3000 cookies, and 180 of one domain; then the oldest makes room. Its lock is held
/// only while it is read or changed. [`Debug`](fmt::Debug) shows how many cookies there are.
///
/// ```
/// use http::Uri;
/// use tower_clients_layers::CookieJar;
///
/// let jar = CookieJar::new();
/// let login = Uri::from_static("https://www.example.com/login");
/// jar.insert(&login, "id=7; Domain=example.com; Path=/; Secure; Max-Age=3600")?;
/// assert!(jar.insert(&login, "id=7; Domain=com").is_err());
///
/// assert_eq!(jar.get(&Uri::from_static("https://api.example.com/"), "id").unwrap(), "7");
/// assert_eq!(jar.get(&Uri::from_static("http://api.example.com/"), "id"), None);
///
/// let jar = CookieJar::from_json(&jar.to_json()?)?;
/// assert_eq!(jar.pairs(&login), [("id".to_owned(), "7".to_owned())]);
/// # Ok::<(), tower_clients_layers::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct CookieJar {
    store: Arc<Mutex<CookieStore>>,
}

impl CookieJar {
    /// A jar without cookies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No code of others runs under the lock, so a panic leaves the store whole.
    fn lock(&self) -> MutexGuard<'_, CookieStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a `Set-Cookie` line as if a response from `uri` had it. A line that expires a
    /// cookie takes it out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when `uri` may not set this cookie, the line is malformed, it is
    /// longer than 5000 bytes, or its name and value are longer than 4096. The error does not show
    /// the line.
    pub fn insert(&self, uri: &Uri, set_cookie: &str) -> Result<(), Error> {
        self.insert_at(uri, set_cookie, SystemTime::now())
    }

    /// As [`insert`](Self::insert), for a line that came at `received`: from then on it counts how
    /// long the cookie lives that has a date in `Expires`.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert).
    pub fn insert_at(
        &self,
        uri: &Uri,
        set_cookie: &str,
        received: SystemTime,
    ) -> Result<(), Error> {
        let inserted = store::url_of(uri)
            .ok_or(Refusal::NoUrl)
            .and_then(|url| store::insert(&mut self.lock(), &url, set_cookie, received));
        inserted.map_err(|refusal| Error::new(ErrorKind::Request, refusal))
    }

    /// The value of the cookie `name` that a request to `uri` would send first.
    #[must_use]
    pub fn get(&self, uri: &Uri, name: &str) -> Option<String> {
        self.pairs(uri).into_iter().find(|(of, _)| of == name).map(|(_, value)| value)
    }

    /// The names and values that a request to `uri` would send, in that order.
    #[must_use]
    pub fn pairs(&self, uri: &Uri) -> Vec<(String, String)> {
        let Some(url) = store::url_of(uri) else { return Vec::new() };
        let store = self.lock();
        let cookies = store::matching(&store, &url).into_iter();
        cookies.map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect()
    }

    /// Takes out every cookie `name` that a request to `uri` would send; whether there was one.
    pub fn remove(&self, uri: &Uri, name: &str) -> bool {
        let Some(url) = store::url_of(uri) else { return false };
        let mut store = self.lock();
        let found = store.matches(&url).into_iter().filter(|cookie| cookie.name() == name);
        let found: Vec<_> = found.cloned().collect();
        for cookie in &found {
            store::remove(&mut store, cookie);
        }
        !found.is_empty()
    }

    /// Takes out all cookies.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many cookies there are that have not expired.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().iter_unexpired().count()
    }

    /// Whether there is no cookie that has not expired.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All cookies with all that is known about them, those without a date too. The text is as
    /// secret as the cookies.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when a cookie cannot be written; none that came in by
    /// [`insert`](Self::insert) is such.
    pub fn to_json(&self) -> Result<String, Error> {
        let mut json = Vec::new();
        json::save_incl_expired_and_nonpersistent(&self.lock(), &mut json)
            .map_err(|_| Error::new(ErrorKind::Request, "a cookie cannot be written as JSON"))?;
        String::from_utf8(json).map_err(|error| Error::new(ErrorKind::Request, error.utf8_error()))
    }

    /// The jar that [`to_json`](Self::to_json) wrote, without what expired meanwhile.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`] when the text is not such JSON. The error does not show the text.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let store = json::load(text.as_bytes())
            .map_err(|_| Error::new(ErrorKind::Request, "the text is not that of a cookie jar"))?;
        Ok(Self { store: Arc::new(Mutex::new(store)) })
    }

    #[cfg(test)]
    pub(super) fn panic_under_lock(&self) {
        let _guard = self.lock();
        panic!("a test poisons the lock");
    }

    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        store::header(&self.lock(), url)
    }

    /// Takes in what a response from `url` sets, and passes over what it may not.
    pub(super) fn store(&self, url: &Url, headers: &HeaderMap) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let now = SystemTime::now();
        let mut store = self.lock();
        for line in headers.get_all(SET_COOKIE).iter().take(MOST_LINES) {
            if let Ok(line) = std::str::from_utf8(line.as_bytes()) {
                // A client has nobody to tell; RFC 6265bis has such a line ignored.
                let _ = store::insert(&mut store, url, line, now);
            }
        }
    }
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieJar").field("len", &self.len()).finish_non_exhaustive()
    }
}
