//! Bodies as they stand in a file.

use super::Redact;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::str::from_utf8;
use tower_clients_layers::BoxError;

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Content {
    #[default]
    Empty,
    Json(Value),
    Text(String),
    Base64(String),
}

impl Content {
    pub(super) fn new(headers: &HeaderMap, bytes: &Bytes, redact: &Redact) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        if let Ok(mut value) = serde_json::from_slice::<Value>(bytes) {
            let is_whole = letters(bytes) == letters(value.to_string().as_bytes());
            let before = value.clone();
            redact.json(&mut value);
            if is_whole || value != before {
                value.sort_all_objects();
                return Self::Json(value);
            }
        }
        match from_utf8(bytes) {
            Ok(text) if is_form(headers) => Self::Text(redact.parameters(text)),
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(BASE64_STANDARD.encode(bytes)),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    pub(super) fn to_bytes(&self) -> Result<Bytes, BoxError> {
        Ok(match self {
            Self::Empty => Bytes::new(),
            Self::Json(value) => value.to_string().into(),
            Self::Text(text) => text.clone().into(),
            Self::Base64(text) => BASE64_STANDARD.decode(text)?.into(),
        })
    }
}

/// What is the same, whatever the spaces and the order of keys. Numbers that a [`Value`] cannot hold, or a
/// key that is there twice, make it differ: such JSON stays text.
fn letters(json: &[u8]) -> Vec<u8> {
    let mut letters: Vec<_> =
        json.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    letters.sort_unstable();
    letters
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}
