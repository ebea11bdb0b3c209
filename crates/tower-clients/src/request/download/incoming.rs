//! The body of a download, measured against its head.

use bytes::Bytes;
use http::{
    HeaderMap, Response, Version,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{fmt, future::poll_fn, pin::Pin};
use tower_clients_layers::{Error, ErrorKind};

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes of the body that were received.
    pub received: u64,
    /// Bytes that it will have, if the head says so.
    pub total: Option<u64>,
}

/// Why a body cannot be the whole content. The source of an [`ErrorKind::Body`] error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FramingError {
    /// `Content-Length` is no number, or several.
    Unreadable,
    /// Neither a length nor chunks say where the body ends.
    Unframed,
    /// The response is a part (206) that was not asked for.
    Part,
    /// The body ended before its length.
    Short {
        /// Bytes that came.
        received: u64,
        /// Bytes that the head says.
        total: u64,
    },
    /// The body went on behind its length.
    Long {
        /// Bytes that the head says.
        total: u64,
    },
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("the content length cannot be read"),
            Self::Unframed => f.write_str("the end of the body could not be told from a cut"),
            Self::Part => f.write_str("it is a part that was not asked for"),
            Self::Short { received, total } => {
                write!(f, "it ended after {received} of {total} bytes")
            }
            Self::Long { total } => write!(f, "it has more than its {total} bytes"),
        }
    }
}

impl std::error::Error for FramingError {}

impl From<FramingError> for Error {
    fn from(error: FramingError) -> Self {
        Self::new(ErrorKind::Body, error)
    }
}

pin_project! {
    pub(super) struct Incoming<B, P> {
        #[pin]
        body: B,
        at: Progress,
        progress: P,
    }
}

impl<B, P> Incoming<B, P>
where
    B: Body<Data = Bytes, Error = Error>,
    P: FnMut(Progress),
{
    pub(super) fn new(
        response: Response<B>,
        unframed: bool,
        mut progress: P,
    ) -> Result<Self, Error> {
        let total = match length(response.headers())? {
            None => response.body().size_hint().exact(),
            known => known,
        };
        if total.is_none() && !unframed && !ends_by_itself(&response) {
            return Err(FramingError::Unframed.into());
        }
        let at = Progress { received: 0, total };
        progress(at);
        Ok(Self { body: response.into_body(), at, progress })
    }

    pub(super) fn received(&self) -> u64 {
        self.at.received
    }

    /// The next piece, never empty; `None` at the end of a body that is complete.
    pub(super) async fn next(mut self: Pin<&mut Self>) -> Result<Option<Bytes>, Error> {
        loop {
            // A body and a writer that are always ready would let nothing else run.
            tokio::task::coop::consume_budget().await;
            let mut this = self.as_mut().project();
            let frame = poll_fn(|cx| this.body.as_mut().poll_frame(cx)).await.transpose()?;
            let Progress { received, total } = *this.at;
            let Some(frame) = frame else {
                return match total {
                    Some(total) if received < total => {
                        Err(FramingError::Short { received, total }.into())
                    }
                    _ => Ok(None),
                };
            };
            let Ok(piece) = frame.into_data() else { continue };
            if piece.is_empty() {
                continue;
            }
            let received = received + piece.len() as u64;
            if let Some(total) = total.filter(|total| received > *total) {
                return Err(FramingError::Long { total }.into());
            }
            this.at.received = received;
            (this.progress)(*this.at);
            return Ok(Some(piece));
        }
    }
}

fn length(headers: &HeaderMap) -> Result<Option<u64>, FramingError> {
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        let digits = value.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        let value = digits.and_then(|digits| digits.parse().ok());
        let value = value.ok_or(FramingError::Unreadable)?;
        if length.replace(value).is_some_and(|other: u64| other != value) {
            return Err(FramingError::Unreadable);
        }
    }
    Ok(length)
}

/// HTTP/2 ends a stream by a flag, chunks end by an empty one.
fn ends_by_itself<B>(response: &Response<B>) -> bool {
    let codings = response.headers().get_all(TRANSFER_ENCODING).iter().next_back();
    let last = codings.and_then(|codings| codings.to_str().ok()?.rsplit(',').next());
    response.version() >= Version::HTTP_2
        || last.is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(values: &[&'static str]) -> Result<Option<u64>, FramingError> {
        let value = |value: &&'static str| http::HeaderValue::from_static(value);
        length(&values.iter().map(|it| (CONTENT_LENGTH, value(it))).collect())
    }

    #[test]
    fn length_is_one_number() {
        assert_eq!(lengths(&[]), Ok(None));
        assert_eq!(lengths(&["5"]), Ok(Some(5)));
        assert_eq!(lengths(&["5", "5"]), Ok(Some(5)));
        for bad in [&["5", "6"][..], &["+5"], &["-1"], &[""], &["5, 5"], &["99999999999999999999"]]
        {
            assert_eq!(lengths(bad), Err(FramingError::Unreadable), "{bad:?}");
        }
    }

    #[test]
    fn body_ends_by_itself_in_chunks_and_over_http2() {
        let coded = |coding: &'static str| {
            ends_by_itself(&Response::builder().header(TRANSFER_ENCODING, coding).body(()).unwrap())
        };
        assert!(coded("chunked") && coded("gzip, Chunked"));
        assert!(!coded("gzip") && !ends_by_itself(&Response::new(())));
        let response = Response::builder().version(Version::HTTP_2).body(()).unwrap();
        assert!(ends_by_itself(&response));
    }
}
