//! What heads of responses say about a document and its parts.

use super::NotResumed;
use crate::{MediaType, Validator, content::check_coding, validators::single};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_MATCH, LAST_MODIFIED},
};

/// The document that a body is of.
#[derive(Debug)]
pub(super) struct Document {
    validator: Validator,
    /// Bytes that it has, as far as that is known.
    pub(super) total: Option<u64>,
}

impl Document {
    /// `None` when a part of it could not be trusted to be one.
    pub(super) fn of<R>(response: &Response<R>) -> Option<Self> {
        let headers = response.headers();
        let is_none = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"none");
        if response.status() != StatusCode::OK
            || check_coding(headers).is_err()
            || headers.get_all(ACCEPT_RANGES).iter().any(is_none)
        {
            return None;
        }
        let validator = Validator::of(headers).ok()?;
        // Where there is a tag, no date may be sent (RFC 9110 §13.1.5).
        if validator.name() != IF_MATCH && headers.contains_key(ETAG) {
            return None;
        }
        let total = match single(headers, &CONTENT_LENGTH).ok()? {
            Some(length) => Some(number(length.to_str().ok()?)?),
            None => None,
        };
        Some(Self { validator, total })
    }

    /// What goes into `If-Range`.
    pub(super) fn condition(&self) -> &HeaderValue {
        self.validator.value()
    }

    /// Where the part ends that an answer is, when it is one of this document and begins at
    /// `first`. What it says about the length is then known.
    pub(super) fn end_of_part<R>(
        &mut self,
        response: &Response<R>,
        first: u64,
    ) -> Result<u64, NotResumed> {
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK | StatusCode::PRECONDITION_FAILED => return Err(NotResumed::Changed),
            other => return Err(NotResumed::Status(other)),
        }
        let headers = response.headers();
        if !self.is_validated_by(headers) || check_coding(headers).is_err() {
            return Err(NotResumed::Changed);
        }
        let multipart = |it: MediaType| it.essence() == "multipart/byteranges";
        let range = content_range(headers).filter(|range| range.first == first);
        let range = range.filter(|_| !MediaType::of(headers).is_some_and(multipart));
        let Range { last, total, .. } = range.ok_or(NotResumed::WrongPart)?;
        if *self.total.get_or_insert(total) != total {
            return Err(NotResumed::Changed);
        }
        Ok(last + 1)
    }

    /// Whether the validator is no other one. A part must have the tag; of a date it need not repeat
    /// what the condition said (RFC 9110 §15.3.7).
    fn is_validated_by(&self, headers: &HeaderMap) -> bool {
        let holds = |name| headers.get_all(name).iter().all(|value| value == self.condition());
        let is_tag = self.validator.name() == IF_MATCH;
        holds(ETAG) && if is_tag { headers.contains_key(ETAG) } else { holds(LAST_MODIFIED) }
    }
}

/// The first and the last byte of a part, and the length of the whole.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    first: u64,
    last: u64,
    total: u64,
}

/// One of bytes, whose length is known (RFC 9110 §14.4).
fn content_range(headers: &HeaderMap) -> Option<Range> {
    let value = single(headers, &CONTENT_RANGE).ok()??;
    let (unit, value) = value.to_str().ok()?.split_once(' ')?;
    let (range, total) = value.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, total) = (number(first)?, number(last)?, number(total)?);
    let is_readable = unit.eq_ignore_ascii_case("bytes") && first <= last && last < total;
    is_readable.then_some(Range { first, last, total })
}

fn number(digits: &str) -> Option<u64> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(value: &'static str) -> Option<Range> {
        content_range(&[(CONTENT_RANGE, HeaderValue::from_static(value))].into_iter().collect())
    }

    #[test]
    fn content_range_is_two_numbers_within_a_length() {
        for value in ["bytes 3-5/6", "Bytes 3-5/6"] {
            assert_eq!(range(value), Some(Range { first: 3, last: 5, total: 6 }));
        }
        assert_eq!(range("bytes 0-0/1"), Some(Range { first: 0, last: 0, total: 1 }));
        for value in [
            "",
            "bytes",
            "0-5/6",
            "bytes=0-5/6",
            "items 0-5/6",
            "bytes  0-5/6",
            "bytes 0-5",
            "bytes 0/6",
            "bytes 5-4/6",
            "bytes 0-6/6",
            "bytes */6",
            "bytes 0-5/*",
            "bytes -5/6",
            "bytes 0-/6",
            "bytes +0-5/6",
            "bytes 0-5/6, 0-5/6",
            "bytes 0-5/99999999999999999999",
        ] {
            assert_eq!(range(value), None, "{value:?}");
        }
    }
}
