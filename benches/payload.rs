//! The documents that are sent and decoded.

use bytes::Bytes;
use serde::Deserialize;

/// A document of about 150 bytes, a [`User`].
pub const SMALL: &str = concat!(
    r#"{"id":7,"login":"ada","name":"Ada Lovelace","email":"ada@example.com","admin":false,"#,
    r#""followers":1815,"tags":["math","poetry"],"created":"1842-10-01T09:30:00Z"}"#
);

/// What [`SMALL`] holds.
#[derive(Debug, Deserialize)]
#[expect(missing_docs, reason = "only its shape matters")]
pub struct User {
    pub id: u64,
    pub login: String,
    pub name: String,
    pub email: String,
    pub admin: bool,
    pub followers: u32,
    pub tags: Vec<String>,
    pub created: String,
}

/// A document of about 64 KiB, a list of [`User`]s.
#[must_use]
pub fn large() -> Bytes {
    let users = vec![SMALL; 64 * 1024 / SMALL.len()];
    format!("[{}]", users.join(",")).into()
}
