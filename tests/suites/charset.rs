//! How the encoding that a row names is checked.

use encoding_rs::{Encoding, UTF_8};
use http::{HeaderMap, HeaderValue, Response, header::CONTENT_TYPE};
use libtest_mimic::Failed;
use tower_clients_layers::{ContentError, FromBody, MediaType};

/// Text in many encodings, another one in each of those that the suites name, and not UTF-8.
const BODY: &[u8] = b"\xc4\xe3\xf0\xa1";

/// The `Content-Type` lines of a message; `None` when one cannot be a header value.
pub(crate) fn headers<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let latin_1: Option<Vec<u8>> = line.chars().map(|char| u8::try_from(char).ok()).collect();
        headers.append(CONTENT_TYPE, HeaderValue::from_bytes(&latin_1?).ok()?);
    }
    Some(headers)
}

/// Checks that text is decoded in `encoding`. A row without one leaves the choice to the browser;
/// here a label that is not known is an error then, and text without a label is UTF-8.
pub(crate) fn check(headers: HeaderMap, encoding: Option<&str>) -> Result<(), Failed> {
    let label = MediaType::of(&headers).and_then(|t| t.parameter("charset").map(str::to_owned));
    let expected = match (encoding, label) {
        (Some(name), _) => decode(Encoding::for_label(name.as_bytes()).ok_or("no such encoding")?),
        (None, Some(label)) => Err(ContentError::Charset { label }),
        (None, None) => decode(UTF_8),
    };
    let mut response = Response::new(());
    *response.headers_mut() = headers;
    let decoded = match String::from_body(&response.into_parts().0, BODY.into()) {
        Ok(text) => Ok(text),
        Err(error) => Err(*error.downcast::<ContentError>()?),
    };
    if decoded == expected {
        Ok(())
    } else {
        Err(format!("expected the text {expected:?}\n but is  {decoded:?}").into())
    }
}

fn decode(encoding: &'static Encoding) -> Result<String, ContentError> {
    let (text, encoding, malformed) = encoding.decode(BODY);
    if malformed {
        return Err(ContentError::Malformed { charset: encoding.name() });
    }
    Ok(text.into_owned())
}
