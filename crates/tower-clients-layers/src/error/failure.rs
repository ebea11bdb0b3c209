//! The response behind a status error.

use crate::{
    Body, JsonError, MediaType,
    content::{json, text},
};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt, sync::OnceLock};

/// A response whose status was not accepted: status, headers, and the body as far as it was kept.
///
/// `Debug` shows status, content type and size, no other header and no content.
pub struct Failure {
    status: StatusCode,
    headers: HeaderMap,
    body: FailureBody,
    problem: OnceLock<Option<Problem>>,
}

enum FailureBody {
    Kept { bytes: Bytes, truncated: bool },
    Open(Body),
}

impl Failure {
    /// A failure with its whole body, for layers that refuse a response of their own accord.
    #[must_use]
    pub fn new(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self::kept(head.status, head.headers, body, false)
    }

    /// The head of a response whose body was decoded and is gone.
    pub(crate) fn decoded(head: response::Parts) -> Self {
        Self::kept(head.status, head.headers, Bytes::new(), true)
    }

    pub(crate) fn kept(
        status: StatusCode,
        headers: HeaderMap,
        bytes: Bytes,
        truncated: bool,
    ) -> Self {
        Self::with(status, headers, FailureBody::Kept { bytes, truncated })
    }

    pub(crate) fn open(status: StatusCode, headers: HeaderMap, body: Body) -> Self {
        Self::with(status, headers, FailureBody::Open(body))
    }

    fn with(status: StatusCode, headers: HeaderMap, body: FailureBody) -> Self {
        Self { status, headers, body, problem: OnceLock::new() }
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the response.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The part of the body that was kept; empty when the body was left
    /// [open](crate::CheckStatusLayer::streaming).
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        static NONE: Bytes = Bytes::new();
        match &self.body {
            FailureBody::Kept { bytes, .. } => bytes,
            FailureBody::Open(_) => &NONE,
        }
    }

    /// Whether [`bytes`](Self::bytes) is less than the whole body: it was over the limit, broke
    /// off, or is open.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        match &self.body {
            FailureBody::Kept { truncated, .. } => *truncated,
            FailureBody::Open(_) => true,
        }
    }

    /// The kept part as text by its charset, damaged characters replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        text::decode_lossy(MediaType::of(&self.headers).as_ref(), self.bytes())
    }

    /// The kept part decoded from JSON, whatever its content type.
    ///
    /// # Errors
    ///
    /// The kept part is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        json::decode(self.bytes())
    }

    /// The problem details, when the response is `application/problem+json` (RFC 9457) and its
    /// whole body was kept.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.get_or_init(|| self.read_problem()).as_ref()
    }

    fn read_problem(&self) -> Option<Problem> {
        let media_type = MediaType::of(&self.headers)?;
        let is_problem = media_type.essence() == "application/problem+json";
        if is_problem { self.json().ok().map(Problem) } else { None }
    }

    /// Drops a body that was left open.
    pub(crate) fn close(&mut self) {
        if let FailureBody::Open(_) = self.body {
            self.body = FailureBody::Kept { bytes: Bytes::new(), truncated: true };
        }
    }

    /// The body, to read on: the rest of an [open](crate::CheckStatusLayer::streaming) one, or the
    /// kept part.
    #[must_use]
    pub fn into_body(self) -> Body {
        match self.body {
            FailureBody::Kept { bytes, .. } => bytes.into(),
            FailureBody::Open(body) => body,
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("status", &self.status)
            .field("content_type", &self.headers.get(http::header::CONTENT_TYPE))
            .field("bytes", &self.bytes().len())
            .field("truncated", &self.is_truncated())
            .finish()
    }
}

/// Problem details of an HTTP API, RFC 9457.
///
/// Members of the wrong type count as absent (§3.1). `Debug` shows the names of the members.
#[derive(Clone, PartialEq)]
pub struct Problem(Map<String, Value>);

impl Problem {
    /// `type`: the URI that names the kind of problem; `about:blank` when absent (§3.1.1).
    #[must_use]
    pub fn type_uri(&self) -> &str {
        self.string("type").unwrap_or("about:blank")
    }

    /// `title`: a short summary of the kind of problem.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.string("title")
    }

    /// `status`: the status code as the origin server made it.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        StatusCode::from_u16(self.0.get("status")?.as_u64()?.try_into().ok()?).ok()
    }

    /// `detail`: what happened this time.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.string("detail")
    }

    /// `instance`: the URI reference that names this occurrence.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        self.string("instance")
    }

    /// Any member, extension members included.
    #[must_use]
    pub fn get(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }

    fn string(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str()
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::CONTENT_TYPE;

    fn failure(content_type: &'static str, body: &'static str) -> Failure {
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, http::HeaderValue::from_static(content_type))]);
        Failure::kept(StatusCode::CONFLICT, headers, Bytes::from_static(body.as_bytes()), false)
    }

    #[test]
    fn problem_details_are_read_with_their_extensions() {
        let failure = failure(
            "application/problem+json; charset=utf-8",
            r#"{"type":"https://e.org/low","title":"Low","status":409,"detail":"30 < 50","instance":"/a/1","balance":30}"#,
        );
        let problem = failure.problem().unwrap();
        assert_eq!(problem.type_uri(), "https://e.org/low");
        assert_eq!(problem.title(), Some("Low"));
        assert_eq!(problem.status(), Some(StatusCode::CONFLICT));
        assert_eq!(problem.detail(), Some("30 < 50"));
        assert_eq!(problem.instance(), Some("/a/1"));
        assert_eq!(problem.get("balance").unwrap(), 30);
    }

    #[test]
    fn members_of_the_wrong_type_count_as_absent() {
        let failure =
            failure("application/problem+json", r#"{"type":1,"title":[],"status":"409"}"#);
        let problem = failure.problem().unwrap();
        assert_eq!(
            (problem.type_uri(), problem.title(), problem.status()),
            ("about:blank", None, None)
        );
    }

    #[test]
    fn other_content_is_no_problem() {
        assert!(failure("application/json", r#"{"title":"Low"}"#).problem().is_none());
        assert!(failure("application/problem+json", "[]").problem().is_none());
    }
}
