//! A cookie goes only where its server may send it.
//!
//! Input: URLs and `Set-Cookie` lines by turns, a line each.

use crate::paused;
use http::{HeaderMap, Request, Response, Uri, header::COOKIE};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    net::IpAddr,
    time::SystemTime,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_clients_layers::{CookieJar, CookieLayer};
use url::Url;

/// Where cookies are asked for, besides the URLs of the input.
const ELSEWHERE: [&str; 8] = [
    "https://a.example.com/",
    "http://example.com/a/b",
    "https://example.co.uk/",
    "https://other.co.uk/",
    "https://user.github.io/",
    "https://127.0.0.1/",
    "http://localhost/",
    "https://com/",
];

const SUFFIXES: [&str; 4] = ["com", "co.uk", "uk", "github.io"];

struct Source {
    url: Url,
    line: String,
}

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let jar = CookieJar::new();
    let mut lines = text.split('\n');
    let mut sources = Vec::new();
    let mut asked: Vec<Uri> = ELSEWHERE.map(Uri::from_static).to_vec();
    while let Some(Ok(uri)) = lines.next().map(str::parse::<Uri>) {
        if let Some(line) = lines.next()
            && jar.insert_at(&uri, line, SystemTime::now()).is_ok()
        {
            let url = Url::parse(&uri.to_string()).unwrap();
            sources.push(Source { url, line: line.to_owned() });
        }
        asked.push(uri);
    }
    let saved = CookieJar::from_json(&jar.to_json().unwrap()).unwrap();
    for uri in &asked {
        let Ok(url) = Url::parse(&uri.to_string()) else {
            assert!(jar.pairs(uri).is_empty());
            continue;
        };
        let pairs = jar.pairs(uri);
        for (name, value) in &pairs {
            assert!(
                sources.iter().any(|source| source.may_send(name, value, &url)),
                "{name}={value} is sent to {url}"
            );
        }
        let pairs: BTreeSet<_> = pairs.into_iter().collect();
        let others: BTreeSet<_> = saved.pairs(uri).into_iter().collect();
        let may_end = ["age", "expires"].iter().any(|name| text.to_ascii_lowercase().contains(name));
        assert!(if may_end { others.is_subset(&pairs) } else { others == pairs });
        header_is_within_limits(&jar, uri);
    }
}

fn header_is_within_limits(jar: &CookieJar, uri: &Uri) {
    let echo = service_fn(async |request: Request<()>| {
        Ok::<_, Infallible>(Response::new(request.into_parts().0.headers))
    });
    let request = Request::get(uri).body(()).unwrap();
    let service = CookieLayer::new(jar.clone()).layer(echo);
    let headers: HeaderMap = paused::run(service.oneshot(request)).unwrap().into_body();
    let sent: Vec<_> = headers.get_all(COOKIE).iter().collect();
    assert!(sent.len() <= 1);
    for value in sent {
        assert!(value.is_sensitive() && value.len() <= 8190);
        let pairs = jar.pairs(uri).into_iter().take(150);
        let all: Vec<_> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
        assert!(all.join("; ").as_bytes().starts_with(value.as_bytes()));
    }
}

impl Source {
    fn may_send(&self, name: &str, value: &str, to: &Url) -> bool {
        let (pair, attributes) = self.line.split_once(';').unwrap_or((&self.line, ""));
        let Some((own_name, own_value)) = pair.split_once('=') else { return false };
        let attribute = |wanted: &str| {
            let parts = attributes.split(';').map(|part| part.split_once('=').unwrap_or((part, "")));
            let named = parts.filter(|(name, _)| trim(name).eq_ignore_ascii_case(wanted));
            named.map(|(_, value)| trim(value)).rfind(|value| value.len() <= 1024)
        };
        let is_secure = attribute("secure").is_some();
        let prefix = |text: &str| {
            own_name.trim_matches([' ', '\t']).to_ascii_lowercase().starts_with(text)
        };
        (trim(own_name), trim(own_value)) == (name, value)
            && (!is_secure || to.scheme() == "https" || is_loopback(to))
            && (!is_secure || self.url.scheme() == "https" || is_loopback(&self.url))
            && (is_secure || !prefix("__secure-"))
            && (!prefix("__host-") || is_secure && self.url.host_str() == to.host_str())
            && attribute("path").filter(|path| path.starts_with('/')).is_none_or(|path| {
                to.path() == path
                    || to.path().strip_prefix(path).is_some_and(|rest| path.ends_with('/') || rest.starts_with('/'))
            })
            && self.host_matches(attribute("domain"), to)
    }

    fn host_matches(&self, domain: Option<&str>, to: &Url) -> bool {
        let (from, to) = (self.url.host_str().unwrap_or(""), to.host_str().unwrap_or(""));
        let domain = domain.map(|domain| domain.strip_prefix('.').unwrap_or(domain));
        let is_below = |host: &str, domain: &str| {
            host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
        };
        if from == to {
            return true;
        }
        let Some(domain) = domain.filter(|domain| !domain.is_empty()) else { return false };
        // As the host of a URL is written.
        let domain = Url::parse(&format!("http://{domain}/"));
        let Some(domain) = domain.ok().and_then(|url| url.host_str().map(str::to_owned)) else {
            return false;
        };
        let within = |host: &str| host == domain || is_below(host, &domain);
        within(from) && within(to) && !SUFFIXES.contains(&&*domain) && domain.parse::<IpAddr>().is_err()
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
