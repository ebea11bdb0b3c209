//! The head of a request as the JSON answers tell it.

use super::args::{Args, pairs};
use crate::connections::Scheme;
use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};
use serde_json::{Map, Value, json};
use std::{borrow::Cow, convert::Infallible, net::SocketAddr};

#[derive(Clone, Debug)]
pub(super) struct Echo {
    pub(super) method: Method,
    pub(super) scheme: String,
    pub(super) authority: String,
    path_and_query: String,
    args: Args,
    headers: Map<String, Value>,
    origin: String,
}

impl Echo {
    pub(super) fn url(&self) -> String {
        self.absolute(&self.path_and_query)
    }

    /// The URL of another path on this server.
    pub(super) fn absolute(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.authority)
    }

    pub(super) fn args(&self) -> Value {
        self.args.to_json()
    }

    pub(super) fn headers(&self) -> Value {
        self.headers.clone().into()
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// What `/get` answers, and the others start from.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "args": self.args(),
            "headers": self.headers(),
            "origin": self.origin(),
            "url": self.url(),
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Echo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let host = parts.headers.get(header::HOST).map(text);
        let authority = match (parts.uri.authority(), host) {
            (Some(authority), _) => authority.to_string(),
            (None, Some(host)) => host.into_owned(),
            (None, None) => "localhost".to_owned(),
        };
        let listener = parts.extensions.get::<Scheme>();
        let scheme = match (parts.uri.scheme_str(), listener) {
            (Some(scheme), _) | (None, Some(&Scheme(scheme))) => scheme,
            (None, None) => "http",
        };
        let path_and_query = match parts.uri.path_and_query() {
            Some(path_and_query) => path_and_query.as_str(),
            None => "/",
        };
        Ok(Self {
            method: parts.method.clone(),
            scheme: scheme.to_owned(),
            path_and_query: path_and_query.to_owned(),
            args: Args(pairs(parts.uri.query().unwrap_or_default().as_bytes())),
            headers: told(&parts.headers, &authority),
            origin: origin(parts),
            authority,
        })
    }
}

fn told(headers: &HeaderMap, authority: &str) -> Map<String, Value> {
    let mut told = Map::new();
    // HTTP/2 names the host in `:authority` only; its readers expect the header all the same.
    told.insert("Host".to_owned(), authority.into());
    for name in headers.keys() {
        // HTTP/2 may split cookies into several lines, which belong together with `; `.
        let separator = if name == header::COOKIE { "; " } else { "," };
        let lines: Vec<_> = headers.get_all(name).into_iter().map(text).collect();
        told.insert(title_case(name.as_str()), lines.join(separator).into());
    }
    told
}

/// The proxies' word on where a request came from, else the peer's address.
fn origin(parts: &Parts) -> String {
    const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

    if let Some(forwarded) = parts.headers.get(FORWARDED_FOR) {
        return text(forwarded).into_owned();
    }
    match parts.extensions.get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(peer)) => peer.ip().to_string(),
        None => "127.0.0.1".to_owned(),
    }
}

/// A header value as UTF-8 where it is, as ISO 8859-1 otherwise.
pub(super) fn text(value: &HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}

pub(super) fn title_case(name: &str) -> String {
    let mut starts_word = true;
    let mut cased = String::with_capacity(name.len());
    for character in name.chars() {
        cased.push(if starts_word {
            character.to_ascii_uppercase()
        } else {
            character.to_ascii_lowercase()
        });
        starts_word = character == '-';
    }
    cased
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    async fn echo(request: http::request::Builder) -> Echo {
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        Echo::from_request_parts(&mut parts, &()).await.unwrap()
    }

    #[tokio::test]
    async fn the_url_is_absolute_from_what_the_request_says() {
        let plain = echo(Request::get("/a?b=c%20d")).await;
        assert_eq!(plain.url(), "http://localhost/a?b=c%20d");

        let host = Request::get("/").header("host", "example.com:81");
        assert_eq!(echo(host).await.url(), "http://example.com:81/");

        let absolute = Request::get("https://example.org/x").header("host", "other");
        assert_eq!(echo(absolute).await.url(), "https://example.org/x");

        let listener = Request::get("/").extension(Scheme("https"));
        assert_eq!(echo(listener).await.url(), "https://localhost/");
    }

    #[tokio::test]
    async fn headers_are_title_cased_and_joined() {
        let request = Request::get("/")
            .header("x-request-id", "1")
            .header("accept", "text/html")
            .header("accept", "*/*")
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .header("x-bytes", HeaderValue::from_bytes(b"\xe9").unwrap());
        assert_eq!(
            echo(request).await.headers(),
            json!({
                "Accept": "text/html,*/*",
                "Cookie": "a=1; b=2",
                "Host": "localhost",
                "X-Bytes": "é",
                "X-Request-Id": "1",
            })
        );
    }

    #[tokio::test]
    async fn the_origin_is_the_peer_or_whom_it_forwards_for() {
        let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4000)));
        let direct = echo(Request::get("/").extension(peer)).await;
        assert_eq!(direct.origin(), "192.0.2.1");

        let forwarded = Request::get("/").header("x-forwarded-for", "198.51.100.7");
        assert_eq!(echo(forwarded).await.origin(), "198.51.100.7");
    }
}
