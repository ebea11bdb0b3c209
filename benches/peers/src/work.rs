//! What is sent and received.

use crate::Result;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{str::FromStr, sync::LazyLock};

/// The path that every reference is joined to.
pub(crate) const BASE: &str = "/v1/";

/// The path of a document below the base.
pub(crate) const USER: &str = "users/7";
/// The path of the long document, and of what echoes what is posted.
pub(crate) const USERS: &str = "users";
/// The path of the long body.
pub(crate) const ZEROS: &str = "zeros";

/// How many bytes the long body has.
pub(crate) const ZEROS_LENGTH: u64 = 1 << 30;

/// The headers of every request. The server refuses requests without them.
pub(crate) const USER_AGENT: &str = "peers/1";
pub(crate) const ACCEPT: &str = "application/json";
pub(crate) const TOKEN: &str = "t0ken";
pub(crate) const AUTHORIZATION: &str = "Bearer t0ken";

/// A document of about 150 bytes, a [`User`].
pub(crate) const SMALL: &str = concat!(
    r#"{"id":7,"login":"ada","name":"Ada Lovelace","email":"ada@example.com","admin":false,"#,
    r#""followers":1815,"tags":["math","poetry"],"created":"1842-10-01T09:30:00Z"}"#
);

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct User {
    id: u64,
    login: String,
    name: String,
    email: String,
    admin: bool,
    followers: u32,
    tags: Vec<String>,
    created: String,
}

/// What is posted.
pub(crate) static ADA: LazyLock<User> =
    LazyLock::new(|| serde_json::from_str(SMALL).expect("the document is valid"));

/// A document of about 64 KiB, a list of [`User`]s.
pub(crate) fn large() -> Bytes {
    let users = vec![SMALL; 64 * 1024 / SMALL.len()];
    format!("[{}]", users.join(",")).into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A small document, decoded.
    Get,
    /// A small document, encoded, and its echo, decoded.
    Post,
    /// A document of 64 KiB, decoded.
    Get64k,
    /// As `Get`, all streams on one connection of HTTP/2.
    H2c,
    /// As `Get`, over TLS.
    Tls,
    /// A body of 1 GiB, read and dropped.
    Download,
}

impl Work {
    /// The path below the base.
    pub(crate) fn reference(self) -> &'static str {
        match self {
            Self::Get | Self::H2c | Self::Tls => USER,
            Self::Post | Self::Get64k => USERS,
            Self::Download => ZEROS,
        }
    }

    /// Requests until connections are open, and pools and buffers have their size.
    pub(crate) fn warm_up(self, connections: usize) -> usize {
        match self {
            Self::Get | Self::Post | Self::H2c | Self::Tls => 500 + 4 * connections,
            Self::Get64k => 50 + 4 * connections,
            Self::Download => 0,
        }
    }
}

impl FromStr for Work {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "get" => Self::Get,
            "post" => Self::Post,
            "get64k" => Self::Get64k,
            "h2c" => Self::H2c,
            "tls" => Self::Tls,
            "download" => Self::Download,
            _ => return Err(format!("there is no work `{name}`").into()),
        })
    }
}
