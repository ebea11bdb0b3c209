//! What becomes a request body.

use crate::{Body, Error, Query};
use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;

/// A value that becomes a request body.
///
/// Only [`Json`](super::Json) and [`Form`] bring a content type. Text and byte slices must be
/// `'static`: a borrowed one is copied by `to_owned()` first.
///
/// ```
/// use tower_clients_layers::{Form, IntoBody, Json};
///
/// assert_eq!(format!("{:?}", Json([1, 2]).into_body()?), "Body(5 bytes)");
/// assert_eq!(format!("{:?}", Form([("a", 1)]).into_body()?), "Body(3 bytes)");
/// # Ok::<(), tower_clients_layers::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a request body as it is",
    label = "no `IntoBody`",
    note = "a serializable value is sent by `.json(&value)` or `.form(&value)`, or as `Json(value)` or `Form(value)`",
    note = "text and bytes are owned (`String`, `Vec<u8>`, `Bytes`) or `'static`; a stream is a `Body`"
)]
pub trait IntoBody {
    /// The content type that the request gets when it has none.
    const CONTENT_TYPE: Option<HeaderValue> = None;

    /// The body.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Request`](crate::ErrorKind::Request) when the value does not encode.
    fn into_body(self) -> Result<Body, Error>;
}

/// An `application/x-www-form-urlencoded` request body, from what a [`Query`] serializes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Form<T>(pub T);

impl<T: Serialize> IntoBody for Form<T> {
    const CONTENT_TYPE: Option<HeaderValue> =
        Some(HeaderValue::from_static("application/x-www-form-urlencoded"));

    fn into_body(self) -> Result<Body, Error> {
        Ok(String::from(Query::new(&self.0)?.as_str()).into())
    }
}

macro_rules! into_body {
    ($($value:ty),+) => {$(
        impl IntoBody for $value {
            fn into_body(self) -> Result<Body, Error> {
                Ok(self.into())
            }
        }
    )+};
}

into_body!(Body, Bytes, Vec<u8>, String, &'static [u8], &'static str, ());
