//! What a token endpoint refuses with.

use serde_json::{Map, Value};
use std::fmt;

/// The longest code that is believed to be one.
const MAX_CODE: usize = 64;

/// An error answer of a token endpoint (RFC 6749 §5.2), of any status.
///
/// `Display` and `Debug` show the code. Other words of the server are behind methods, as they may be an
/// echo.
#[derive(Clone, PartialEq, Eq)]
pub struct OAuthError {
    code: String,
    description: Option<String>,
}

impl OAuthError {
    /// `None` for an answer that is none. A code has letters, digits, `_`, `-` and `.` only, and at
    /// most 64 of them.
    pub(super) fn read(answer: &Map<String, Value>) -> Option<Self> {
        let code = answer.get("error")?.as_str()?;
        let is_code = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        if code.is_empty() || code.len() > MAX_CODE || !code.bytes().all(is_code) {
            return None;
        }
        let description = answer.get("error_description").and_then(Value::as_str);
        Some(Self { code: code.to_owned(), description: description.map(str::to_owned) })
    }

    /// The code, such as `invalid_client` or `invalid_grant`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What the server says about it.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token endpoint says `{}`", self.code)
    }
}

impl fmt::Debug for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthError").field("code", &self.code).finish_non_exhaustive()
    }
}

impl std::error::Error for OAuthError {}
