//! What does not go into a file.

use http::{HeaderName, HeaderValue, Uri};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

const REDACTED: &str = "REDACTED";

const SECRETS: [&str; 9] = [
    "access_token",
    "authorization",
    "client_secret",
    "cookie",
    "id_token",
    "password",
    "proxy-authorization",
    "refresh_token",
    "set-cookie",
];

/// Names, in lower case, of headers, parameters and keys of JSON objects.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Redact {
    names: BTreeSet<String>,
}

impl Default for Redact {
    fn default() -> Self {
        Self { names: SECRETS.map(str::to_owned).into() }
    }
}

impl Redact {
    pub(super) fn add(&mut self, name: &str) {
        self.names.insert(name.to_ascii_lowercase());
    }

    fn hides(&self, name: &str) -> bool {
        self.names.contains(&name.to_ascii_lowercase())
    }

    pub(super) fn header(&self, name: &HeaderName, value: &HeaderValue) -> String {
        if value.is_sensitive() || self.names.contains(name.as_str()) {
            return REDACTED.to_owned();
        }
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    }

    /// Without user information too.
    pub(super) fn url(&self, uri: &Uri) -> String {
        let mut url = String::new();
        if let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) {
            url = format!("{scheme}://{host}");
            if let Some(port) = uri.port() {
                url += &format!(":{port}");
            }
        }
        url += uri.path();
        if let Some(query) = uri.query() {
            url += "?";
            url += &self.parameters(query);
        }
        url
    }

    /// All else stays as it is spelled.
    pub(super) fn parameters(&self, encoded: &str) -> String {
        let pairs = encoded.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if self.hides(&decoded(name)) => format!("{name}={REDACTED}"),
            _ => pair.to_owned(),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    pub(super) fn json(&self, value: &mut Value) {
        match value {
            Value::Object(members) => members.iter_mut().for_each(|(name, value)| {
                if self.hides(name) {
                    *value = REDACTED.into();
                } else {
                    self.json(value);
                }
            }),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            _ => {}
        }
    }
}

fn decoded(name: &str) -> String {
    form_urlencoded::parse(name.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}
