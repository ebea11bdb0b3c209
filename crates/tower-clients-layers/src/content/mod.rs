//! What a response body becomes.
//!
//! [`FromBody`] turns the head and the bytes of a response into a value. Ready ones are
//! [`Json<T>`](Json), [`String`] by charset, [`Bytes`], `()`, `Option` of any of them (`None` for
//! an empty body), and [`Content`], which goes by the content type.
//!
//! ```
//! use bytes::Bytes;
//! use http::response;
//! use tower_clients_layers::{BoxError, FromBody};
//!
//! /// Lines of comma-separated numbers.
//! struct Csv;
//!
//! impl FromBody for Csv {
//!     type Output = Vec<Vec<i64>>;
//!
//!     fn from_body(_: &response::Parts, body: Bytes) -> Result<Self::Output, BoxError> {
//!         let text = str::from_utf8(&body)?;
//!         text.lines().map(|line| Ok(line.split(',').map(str::parse).collect::<Result<_, _>>()?)).collect()
//!     }
//! }
//!
//! let head = http::Response::new(()).into_parts().0;
//! assert_eq!(Csv::from_body(&head, "1,2\n3".into())?, [vec![1, 2], vec![3]]);
//! # Ok::<(), BoxError>(())
//! ```

mod error;
mod form;
pub(crate) mod json;
pub(crate) mod text;

pub use self::{
    error::{ContentError, JsonError},
    form::{Form, IntoBody},
    json::Json,
};

use crate::{BoxError, MediaType};
use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_ENCODING, response};
use serde_json::Value;

/// A way to turn the body of a response into a value. See the [module docs](self).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be decoded from a response body",
    label = "no `FromBody`",
    note = "a type that implements `serde::Deserialize` is asked for as `Json<{Self}>`, or by `.json::<{Self}>()`",
    note = "anything else implements `FromBody`"
)]
pub trait FromBody {
    /// The value; often `Self`.
    type Output;

    /// Decodes a whole body. It is empty for answers to `HEAD` and for 204, 205 and 304.
    ///
    /// # Errors
    ///
    /// The body is not what this decodes. The error becomes the source of an
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) error.
    fn from_body(head: &response::Parts, body: Bytes) -> Result<Self::Output, BoxError>;
}

/// Whether the bytes of a body are the content itself, with no coding such as `gzip` around it.
///
/// # Errors
///
/// [`ContentError::Encoded`], when there is a `Content-Encoding` other than `identity` (RFC 9110,
/// section 8.4).
pub fn check_coding(headers: &HeaderMap) -> Result<(), ContentError> {
    match headers.get(CONTENT_ENCODING) {
        Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            let coding = String::from_utf8_lossy(coding.as_bytes()).into_owned();
            Err(ContentError::Encoded { coding })
        }
        _ => Ok(()),
    }
}

/// A response body by its content type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// No body.
    Empty,
    /// A [JSON type](MediaType::is_json).
    Json(Value),
    /// A `text` type, decoded by its charset.
    Text(String),
    /// Any other type, or none.
    Bytes(Bytes),
}

impl Content {
    /// The JSON value.
    #[must_use]
    pub fn as_json(&self) -> Option<&Value> {
        match self {
            Self::Json(value) => Some(value),
            _ => None,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether there was no body.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

impl FromBody for Content {
    type Output = Self;

    fn from_body(head: &response::Parts, body: Bytes) -> Result<Self, BoxError> {
        if body.is_empty() {
            return Ok(Self::Empty);
        }
        match MediaType::of(&head.headers) {
            Some(media_type) if media_type.is_json() => {
                check_coding(&head.headers)?;
                Ok(Self::Json(json::decode(&body)?))
            }
            Some(media_type) if media_type.is_text() => {
                check_coding(&head.headers)?;
                Ok(Self::Text(text::decode(Some(&media_type), &body)?))
            }
            _ => Ok(Self::Bytes(body)),
        }
    }
}

impl FromBody for Bytes {
    type Output = Self;

    fn from_body(_: &response::Parts, body: Bytes) -> Result<Self, BoxError> {
        Ok(body)
    }
}

/// Text of any content type, by its charset; UTF-8 without one. A byte order mark wins and goes.
impl FromBody for String {
    type Output = Self;

    fn from_body(head: &response::Parts, body: Bytes) -> Result<Self, BoxError> {
        check_coding(&head.headers)?;
        Ok(text::decode(MediaType::of(&head.headers).as_ref(), &body)?)
    }
}

/// Whatever the body is, it does not matter.
impl FromBody for () {
    type Output = Self;

    fn from_body(_: &response::Parts, _: Bytes) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<D: FromBody> FromBody for Option<D> {
    type Output = Option<D::Output>;

    fn from_body(head: &response::Parts, body: Bytes) -> Result<Self::Output, BoxError> {
        if body.is_empty() { Ok(None) } else { D::from_body(head, body).map(Some) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Response, header::CONTENT_TYPE};
    use serde_json::json;

    fn decode<D: FromBody>(content_type: &str, body: &'static str) -> Result<D::Output, BoxError> {
        let mut response = Response::builder();
        if !content_type.is_empty() {
            response = response.header(CONTENT_TYPE, content_type);
        }
        D::from_body(&response.body(()).unwrap().into_parts().0, body.into())
    }

    #[test]
    fn e1_content_goes_by_the_content_type() {
        for (content_type, content) in [
            ("application/json", Content::Json(json!(1))),
            ("application/problem+json; charset=utf-16", Content::Json(json!(1))),
            ("APPLICATION/JSON", Content::Json(json!(1))),
            ("text/html; charset=utf-8", Content::Text("1".into())),
            ("text/plain, application/json", Content::Json(json!(1))),
            ("image/png", Content::Bytes("1".into())),
            ("*/*", Content::Bytes("1".into())),
            ("json", Content::Bytes("1".into())),
            ("", Content::Bytes("1".into())),
        ] {
            assert_eq!(decode::<Content>(content_type, "1").unwrap(), content, "{content_type}");
        }
    }

    #[test]
    fn content_that_is_still_encoded_is_named_as_such() {
        let mut head = http::Response::new(()).into_parts().0;
        head.headers.insert("content-encoding", http::HeaderValue::from_static("gzip"));
        head.headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        let encoded = ContentError::Encoded { coding: "gzip".into() };
        let body = || Bytes::from_static(b"\x1f\x8b");
        for error in [
            Content::from_body(&head, body()).unwrap_err(),
            Json::<u8>::from_body(&head, body()).unwrap_err(),
            String::from_body(&head, body()).unwrap_err(),
        ] {
            assert_eq!(error.downcast_ref(), Some(&encoded));
        }
        assert_eq!(Bytes::from_body(&head, body()).unwrap(), body());
    }

    #[test]
    fn empty_body_is_empty_whatever_its_type() {
        assert_eq!(decode::<Content>("application/json", "").unwrap(), Content::Empty);
        assert_eq!(decode::<String>("text/plain", "").unwrap(), "");
        assert_eq!(decode::<Option<Json<i32>>>("application/json", "").unwrap(), None);
        assert_eq!(decode::<Option<Json<i32>>>("application/json", "1").unwrap(), Some(1));
    }
}
