//! The error answers of an authorization server (RFC 6749, section 5.2).

use super::UNCACHED;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::json;
use std::borrow::Cow;

#[derive(Debug)]
pub(super) struct Fault {
    error: &'static str,
    description: Cow<'static, str>,
    challenges: bool,
}

impl Fault {
    pub(super) fn new(error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self { error, description: description.into(), challenges: false }
    }

    pub(super) fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_request", description)
    }

    /// Of a client that tried the header `Authorization`, where `by_header`.
    pub(super) fn invalid_client(by_header: bool) -> Self {
        Self { challenges: by_header, ..Self::new("invalid_client", "not a client of this server") }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let answer = Json(json!({ "error": self.error, "error_description": self.description }));
        if self.challenges {
            let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"testbed\"")];
            (StatusCode::UNAUTHORIZED, UNCACHED, challenge, answer).into_response()
        } else {
            (StatusCode::BAD_REQUEST, UNCACHED, answer).into_response()
        }
    }
}
