//! JSON bodies, both ways.

use super::{ContentError, FromBody, IntoBody, JsonError, check_coding};
use crate::{Body, BoxError, Error, ErrorKind, MediaType};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE, response};
use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer, value},
};

/// JSON: as a response, a `T` decoded from it; as a request body, a value encoded as it.
///
/// A response must have a [JSON type](MediaType::is_json) or none. An empty body decodes where `T`
/// can be nothing, as `Option` and `()` can.
///
/// # Errors
///
/// Decoding fails with a [`ContentError`] or a [`JsonError`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> Json<T> {
    /// Decodes a document, whatever its content type. A byte order mark is ignored (RFC 8259 §8.1).
    ///
    /// # Errors
    ///
    /// The bytes are not the JSON of a `T`.
    pub fn from_slice(document: &[u8]) -> Result<T, JsonError> {
        decode(document)
    }

    /// Decodes a value that is already parsed. The error has the path and no place.
    ///
    /// # Errors
    ///
    /// The value is not that of a `T`.
    pub fn from_value(value: serde_json::Value) -> Result<T, JsonError> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            let message = error.into_inner().to_string();
            let summary = summary(&message);
            JsonError { path, line: 0, column: 0, message, summary, snippet: String::new() }
        })
    }
}

impl<T: DeserializeOwned> FromBody for Json<T> {
    type Output = T;

    fn from_body(head: &response::Parts, body: Bytes) -> Result<T, BoxError> {
        if body.is_empty() {
            let nothing = IntoDeserializer::<value::Error>::into_deserializer(());
            return T::deserialize(nothing).map_err(|_| ContentError::Empty.into());
        }
        check_coding(&head.headers)?;
        check_content_type(&head.headers)?;
        Ok(decode(&body)?)
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), ContentError> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let Some(value) = values.next() else {
        return Ok(());
    };
    // What nearly all servers send; parsing allocates.
    if value == "application/json" && values.next().is_none() {
        return Ok(());
    }
    match MediaType::of(headers) {
        Some(media_type) if media_type.is_json() => Ok(()),
        Some(media_type) => Err(ContentError::NotJson { content_type: media_type.to_string() }),
        None => Err(ContentError::NotJson {
            content_type: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        }),
    }
}

/// Decodes a document. A byte order mark is ignored, as RFC 8259 §8.1 allows.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).map_err(|error| explain::<T>(body, &error))
}

/// Decodes again, this time with the path.
#[cold]
fn explain<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> JsonError {
    let mut track = serde_path_to_error::Track::new();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let failed_again =
        T::deserialize(serde_path_to_error::Deserializer::new(&mut deserializer, &mut track))
            .is_err();
    let path = if failed_again { track.path().to_string() } else { ".".into() };
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let summary = if error.is_data() { summary(message) } else { message.into() };
    JsonError {
        path,
        line,
        column,
        message: message.into(),
        summary,
        snippet: snippet(body, line, column),
    }
}

/// What a message about a value says without naming the value: that may be a secret. A message that
/// is not one of serde's own may say anything, so nothing of it is left.
fn summary(message: &str) -> String {
    for kind in ["missing field", "duplicate field", "invalid length"] {
        if message.starts_with(kind) {
            return message.into();
        }
    }
    for kind in ["invalid type", "invalid value", "unknown variant", "unknown field"] {
        let Some(rest) = message.strip_prefix(kind) else { continue };
        let none = rest.ends_with("there are no fields") || rest.ends_with("there are no variants");
        let Some((found, expected)) = rest.rsplit_once(", expected ").filter(|_| !none) else {
            return kind.into();
        };
        let found = found.trim_start_matches(": ");
        let found = found.split(['"', '`']).next().unwrap_or("").trim_end();
        let colon = if found.is_empty() { "" } else { ": " };
        return format!("{kind}{colon}{found}, expected {expected}");
    }
    "the type refuses the value".into()
}

fn snippet(body: &[u8], line: usize, column: usize) -> String {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(newline) => {
            let mut newlines = body.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            newlines.nth(newline).map_or(0, |(at, _)| at + 1)
        }
    };
    let at = (start + column).min(body.len());
    let around = at.saturating_sub(48)..(at + 16).min(body.len());
    String::from_utf8_lossy(&body[around]).into_owned()
}

impl<T: Serialize> IntoBody for Json<T> {
    const CONTENT_TYPE: Option<HeaderValue> = Some(HeaderValue::from_static("application/json"));

    fn into_body(self) -> Result<Body, Error> {
        let bytes =
            serde_json::to_vec(&self.0).map_err(|error| Error::new(ErrorKind::Request, error))?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::Value;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Item {
        id: u64,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Page {
        items: Vec<Item>,
    }

    fn error<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> JsonError {
        decode::<T>(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn error_tells_path_line_and_column() {
        let error = error::<Page>("{\"items\": [{\"id\": 1},\n {\"id\": \"CANARY\"}]}");
        assert_eq!(error.path(), "items[1].id");
        assert_eq!((error.line(), error.column()), (2, 16));
        assert!(error.snippet().ends_with(" {\"id\": \"CANARY\"}]}"));
        assert_eq!(
            error.to_string(),
            "at `items[1].id`, line 2, column 16: invalid type: string, expected u64"
        );
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }

    #[test]
    fn error_about_a_parsed_value_has_no_place() {
        let value = serde_json::json!({"items": [{"id": "CANARY"}]});
        let error = Json::<Page>::from_value(value).unwrap_err();
        assert_eq!(error.to_string(), "at `items[0].id`: invalid type: string, expected u64");
        assert_eq!((error.line(), error.column(), error.snippet()), (0, 0, ""));
        assert!(error.message().contains("CANARY") && !format!("{error:?}").contains("CANARY"));
    }

    #[test]
    fn values_do_not_show_in_messages() {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "lowercase", deny_unknown_fields)]
        enum Kind {
            A,
            B,
        }
        #[derive(Debug, Deserialize)]
        #[serde(try_from = "String")]
        struct Picky;
        impl TryFrom<String> for Picky {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                Err(format!("no {text}"))
            }
        }
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        let errors = [
            error::<Kind>("\"CANARY\""),
            error::<u8>("\"CANARY, expected `x\""),
            error::<char>("\"CANARY\""),
            error::<Item>("{\"id\": \"CANARY"),
            error::<Picky>("\"CANARY\""),
            error::<Nothing>("{\"a, expected CANARY\": 1}"),
        ];
        assert_eq!(errors[4].message(), "no CANARY");
        for error in errors {
            let text = format!("{error} {error:?}").replace(error.path(), "");
            assert!(!text.contains("CANARY"), "{error}");
        }
        assert!(
            error::<Kind>("\"x\"").to_string().ends_with("unknown variant, expected `a` or `b`")
        );
    }

    #[test]
    fn e2_odd_documents() {
        for body in
            ["", " ", "NaN", "{} x", "[1,]", "{\"a\"", "\"\\ud800\"", "1e400", &"[".repeat(100_000)]
        {
            let error = error::<Value>(body);
            assert!(error.snippet().chars().count() <= 64, "{body}");
            assert!(error.line() == 1 && error.column() <= body.len(), "{error}");
        }
        assert_eq!(decode::<Value>(b"\xef\xbb\xbf1").unwrap(), 1);
        assert_eq!(decode::<Value>(b"{\"a\":1,\"a\":2}").unwrap()["a"], 2);
        assert_eq!(decode::<u64>(b"9007199254740993").unwrap(), 9_007_199_254_740_993);
    }

    #[test]
    fn e2_document_with_more_behind_it_fails_as_a_whole() {
        let error = error::<Item>("{\"id\": 1} {\"id\": 2}");
        assert_eq!((error.path(), error.column()), (".", 11));
    }

    fn from_body<T: DeserializeOwned>(
        content_type: Option<&'static str>,
        body: &'static str,
    ) -> Result<T, BoxError> {
        let mut head = http::Response::new(()).into_parts().0;
        if let Some(content_type) = content_type {
            head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        Json::<T>::from_body(&head, body.into())
    }

    #[test]
    fn e1_content_type_must_be_json_or_absent() {
        for content_type in
            [None, Some("application/json"), Some("Application/JSON;v=1"), Some("a/b+json")]
        {
            assert_eq!(from_body::<u8>(content_type, "1").unwrap(), 1);
        }
        for content_type in ["text/html", "json", "application/x-ndjson"] {
            let error = from_body::<u8>(Some(content_type), "1").unwrap_err();
            let expected = ContentError::NotJson { content_type: content_type.into() };
            assert_eq!(error.downcast_ref(), Some(&expected));
        }
    }

    #[test]
    fn e2_empty_body_decodes_to_what_can_be_nothing() {
        assert_eq!(from_body::<Option<u8>>(Some("application/json"), "").unwrap(), None);
        from_body::<()>(None, "").unwrap();
        let error = from_body::<u8>(Some("application/json"), "").unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&ContentError::Empty));
    }
}
