//! The short answer to a request that a route cannot serve.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use std::borrow::Cow;

#[derive(Debug)]
pub(super) struct Refused(StatusCode, Cow<'static, str>);

impl Refused {
    pub(super) fn bad_request(why: impl Into<Cow<'static, str>>) -> Self {
        Self(StatusCode::BAD_REQUEST, why.into())
    }

    pub(super) fn not_found(why: impl Into<Cow<'static, str>>) -> Self {
        Self(StatusCode::NOT_FOUND, why.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}
