//! The items of a body, by its content type.

use super::{Chunks, JsonLines, Lines, stream_methods};
use crate::{BoxError, Content, Error, MediaType, error::RequestLine};
use bytes::Bytes;
use futures_core::Stream;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use serde_json::Value;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

pin_project! {
    /// The items of a response as [`Content`], by its content type.
    ///
    /// | content type | stream | items |
    /// |---|---|---|
    /// | a [JSON type](MediaType::is_json), or one of newline-delimited JSON | [`JsonLines`] | `Content::Json`, one a line |
    /// | `text/*` | [`Lines`] | `Content::Text` |
    /// | any other, or none | [`Chunks`] | `Content::Bytes` |
    ///
    /// JSON that spans lines is none that can be read line by line, and an error.
    ///
    /// ```
    /// use http::Response;
    /// use http_body_util::Full;
    /// use tower_clients_layers::{Content, stream::Items};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
    /// let body = Full::from("1\n2\n");
    /// let response = Response::builder().header("content-type", "application/json").body(body)?;
    /// let mut items = Items::from_response(response)?;
    /// assert_eq!(items.next().await.transpose()?, Some(Content::Json(1.into())));
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Items<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind<B> {
        Json { #[pin] values: JsonLines<B, Value> },
        Text { #[pin] lines: Lines<B> },
        Bytes { #[pin] chunks: Chunks<B> },
    }
}

impl<B> Items<B> {
    /// The items of a response.
    ///
    /// # Errors
    ///
    /// A body of JSON or text has a content coding, such as `gzip`, that nothing below took off.
    pub fn from_response(response: Response<B>) -> Result<Self, Error> {
        let kind = match MediaType::of(response.headers()) {
            Some(media_type) if media_type.is_json() || is_json_lines(&media_type) => {
                Kind::Json { values: JsonLines::from_response(response)? }
            }
            Some(media_type) if media_type.is_text() => {
                Kind::Text { lines: Lines::from_response(response)? }
            }
            _ => Kind::Bytes { chunks: Chunks::new(response.into_body()) },
        };
        Ok(Self { kind })
    }

    /// Limits each line to `bytes`, as [`Lines::limit`] does. Chunks have no limit.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.kind = match self.kind {
            Kind::Json { values } => Kind::Json { values: values.limit(bytes) },
            Kind::Text { lines } => Kind::Text { lines: lines.limit(bytes) },
            chunks @ Kind::Bytes { .. } => chunks,
        };
        self
    }

    stream_methods!(Content, kind);
}

/// Types that are in use; none is registered.
fn is_json_lines(media_type: &MediaType) -> bool {
    let subtype = media_type.essence().strip_prefix("application/").unwrap_or("");
    let subtype = subtype.strip_prefix("x-").unwrap_or(subtype);
    matches!(subtype, "ndjson" | "jsonl" | "jsonlines" | "json-lines")
}

impl<B> Kind<B> {
    fn named(self, request: RequestLine) -> Self {
        match self {
            Self::Json { values } => Self::Json { values: values.named(request) },
            Self::Text { lines } => Self::Text { lines: lines.named(request) },
            Self::Bytes { chunks } => Self::Bytes { chunks: chunks.named(request) },
        }
    }

    fn into_inner(self) -> B {
        match self {
            Self::Json { values } => values.into_inner(),
            Self::Text { lines } => lines.into_inner(),
            Self::Bytes { chunks } => chunks.into_inner(),
        }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Stream for Items<B> {
    type Item = Result<Content, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.project().kind.project() {
            KindProjection::Json { values } => {
                values.poll_next(cx).map(|item| item.map(|value| value.map(Content::Json)))
            }
            KindProjection::Text { lines } => lines
                .poll_next(cx)
                .map(|item| item.map(|line| line.map(|line| Content::Text(line.into())))),
            KindProjection::Bytes { chunks } => {
                chunks.poll_next(cx).map(|item| item.map(|chunk| chunk.map(Content::Bytes)))
            }
        }
    }
}
