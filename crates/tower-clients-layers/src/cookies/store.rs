//! What goes into a store, and what comes out of it: the rules of RFC 6265bis that the store itself
//! does not have.

use super::{refusal::Refusal, set_cookie::SetCookie};
use cookie_store::{Cookie, CookieDomain, CookieError, CookieExpiration, CookieStore, RawCookie};
use http::{HeaderValue, Uri};
use psl::Psl as _;
use std::{cmp::Reverse, time::SystemTime};
use url::{Host, Url};

/// As in browsers.
const MOST_OF_A_DOMAIN: usize = 180;
const MOST_IN_ALL: usize = 3000;
/// As in curl.
const MOST_PAIRS: usize = 150;
const LONGEST_HEADER: usize = 8190;

/// The URL for which cookies are stored or sent; `None` when there cannot be any.
pub(super) fn url_of(uri: &Uri) -> Option<Url> {
    uri.authority()?;
    let url = Url::parse(&uri.to_string()).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Takes in a `Set-Cookie` line that came from `url`, or takes out the cookie that it ends.
pub(super) fn insert(
    store: &mut CookieStore,
    url: &Url,
    line: &str,
    now: SystemTime,
) -> Result<(), Refusal> {
    let cookie = cookie(&SetCookie::parse(line)?, url, now)?;
    let domain = cookie.domain.as_cow().ok_or(Refusal::Domain)?.into_owned();
    if overlays_secure(store, &cookie, &domain, url) {
        return Err(Refusal::Insecure);
    }
    if cookie.is_expired() {
        store.remove(&domain, &cookie.path, cookie.name());
        return Ok(());
    }
    if !store.contains_any(&domain, &cookie.path, cookie.name()) {
        make_room(store, MOST_OF_A_DOMAIN, |cookie| is_of(cookie, &domain));
        make_room(store, MOST_IN_ALL, |_| true);
    }
    store.insert(cookie, url).map(|_| ()).map_err(|_| Refusal::Domain)
}

fn cookie(set: &SetCookie<'_>, url: &Url, now: SystemTime) -> Result<Cookie<'static>, Refusal> {
    let mut raw = RawCookie::new(set.name.to_owned(), set.value.to_owned());
    raw.set_secure(set.secure);
    raw.set_http_only(set.http_only);
    if let Some(domain) = set.domain {
        // The store would trim what is behind a leading dot.
        if domain.contains([' ', '\t']) {
            return Err(Refusal::Domain);
        }
        raw.set_domain(domain.to_owned());
    }
    if let Some(path) = set.path {
        raw.set_path(path.to_owned());
    }
    let mut cookie = Cookie::try_from_raw_cookie(&raw, url).map_err(|error| match error {
        CookieError::Parse => Refusal::Malformed,
        _ => Refusal::Domain,
    })?;
    if let Some(life) = set.life(now) {
        cookie.expires =
            CookieExpiration::from(life.as_secs() + u64::from(life.subsec_nanos() > 0));
    }
    if let CookieDomain::Suffix(domain) = &cookie.domain
        && is_public_suffix(domain)
    {
        if !cookie.domain.host_is_identical(url) {
            return Err(Refusal::PublicSuffix);
        }
        cookie.domain = CookieDomain::host_only(url).map_err(|_| Refusal::Domain)?;
    }
    if set.secure && !is_secure(url) {
        return Err(Refusal::Insecure);
    }
    if has_what_its_prefix_demands(&cookie) { Ok(cookie) } else { Err(Refusal::Prefix) }
}

fn is_public_suffix(domain: &str) -> bool {
    psl::List.suffix(domain.as_bytes()).is_some_and(|suffix| suffix == domain.as_bytes())
}

/// A loopback host counts as secure, as in browsers.
fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn has_what_its_prefix_demands(cookie: &Cookie<'_>) -> bool {
    let has_prefix = |prefix: &str| {
        let start = cookie.name().get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let secure = cookie.secure() == Some(true);
    if has_prefix("__Host-") {
        // A host-only cookie may have named its host, which the prefix forbids.
        let whole_host = cookie.path() == Some("/") && cookie.domain().is_none_or(str::is_empty);
        return secure && whole_host;
    }
    secure || !has_prefix("__Secure-")
}

/// Whether a cookie that came in the clear would take the place of a secure one.
fn overlays_secure(store: &CookieStore, new: &Cookie<'_>, domain: &str, url: &Url) -> bool {
    let is_within = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || outer.ends_with('/') || rest.starts_with('/'))
    };
    let is_below = |inner: &str, outer: &str| {
        inner.strip_suffix(outer).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    !is_secure(url)
        && store.iter_any().any(|old| {
            let old_domain = old.domain.as_cow().unwrap_or_default();
            old.secure() == Some(true)
                && old.name() == new.name()
                && !old.is_expired()
                && (is_below(&old_domain, domain) || is_below(domain, &old_domain))
                && is_within(&new.path, &old.path)
        })
}

fn is_of(cookie: &Cookie<'_>, domain: &str) -> bool {
    cookie.domain.as_cow().is_some_and(|of| of == domain)
}

/// Takes out one cookie when there are `most` of a kind: an expired one, else the oldest.
fn make_room(store: &mut CookieStore, most: usize, of_kind: impl Fn(&Cookie<'_>) -> bool) {
    if store.iter_any().filter(|cookie| of_kind(cookie)).count() < most {
        return;
    }
    let oldest = store.iter_any().filter(|cookie| of_kind(cookie));
    if let Some(cookie) = oldest.min_by_key(|cookie| !cookie.is_expired()).cloned() {
        remove(store, &cookie);
    }
}

pub(super) fn remove(store: &mut CookieStore, cookie: &Cookie<'_>) {
    if let Some(domain) = cookie.domain.as_cow() {
        store.remove(&domain, &cookie.path, cookie.name());
    }
}

/// The cookies for `url` in the order in which they are sent: longer paths first, then by age.
pub(super) fn matching<'a>(store: &'a CookieStore, url: &Url) -> Vec<&'a Cookie<'static>> {
    let mut cookies = store.matches(url);
    cookies.sort_by_key(|cookie| Reverse(cookie.path.len()));
    cookies
}

/// The value of the `Cookie` header, marked sensitive. What is beyond its limits is left out.
pub(super) fn header(store: &CookieStore, url: &Url) -> Option<HeaderValue> {
    let mut text = String::new();
    for cookie in matching(store, url).into_iter().take(MOST_PAIRS) {
        let (name, value) = cookie.name_value();
        let separator = if text.is_empty() { "" } else { "; " };
        if text.len() + separator.len() + name.len() + 1 + value.len() > LONGEST_HEADER {
            break;
        }
        text.extend([separator, name, "=", value]);
    }
    if text.is_empty() {
        return None;
    }
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
