//! Lines do not depend on how a body is cut into frames.
//!
//! Input: the limit of a line, 0 for the default; then frames, with the byte 0xFF between them.

use crate::paused;
use bytes::Bytes;
use futures_util::stream;
use http_body::{Body, Frame};
use http_body_util::{Full, StreamBody};
use serde_json::Value;
use std::convert::Infallible;
use tower_clients_layers::stream::{DEFAULT_LINE_LIMIT, JsonLines, Lines};

/// A byte order mark, which RFC 8259 §8.1 lets a parser pass over.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Lines or values, and whether the stream ended without an error.
type Read<T> = (Vec<T>, bool);

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let Some((limit, rest)) = input.split_first() else { return };
    let limit = if *limit == 0 { DEFAULT_LINE_LIMIT } else { usize::from(*limit) };
    let frames: Vec<_> = rest.split(|byte| *byte == 0xff).map(Bytes::copy_from_slice).collect();
    let whole = Bytes::from(frames.concat());
    let cut = || {
        let frames = frames.iter().cloned().map(|frame| Ok::<_, Infallible>(Frame::data(frame)));
        StreamBody::new(stream::iter(frames.collect::<Vec<_>>()))
    };
    let expected = reference(&whole, limit);
    assert_eq!(lines(Full::new(whole.clone()), limit), expected, "in one frame");
    assert_eq!(lines(cut(), limit), expected, "cut");

    let values = values(cut(), limit);
    let mut parsed = Vec::new();
    let complete = byte_lines(&whole, limit).all(|line| {
        let Some(line) = line else { return false };
        let is_blank = line.iter().all(|byte| b" \t\r".contains(byte));
        if is_blank {
            return true;
        }
        let value = serde_json::from_slice(line.strip_prefix(MARK).unwrap_or(line));
        parsed.extend(value.as_ref().ok().cloned());
        value.is_ok()
    });
    assert_eq!(values, (parsed, complete));
}

fn lines<B: Body<Data = Bytes, Error = Infallible> + Unpin>(body: B, limit: usize) -> Read<String> {
    paused::run(async {
        let (mut stream, mut found) = (Lines::new(body).limit(limit), Vec::new());
        while let Some(line) = stream.next().await {
            match line {
                Ok(line) => found.push(line.to_string()),
                Err(_) => {
                    assert!(stream.next().await.is_none(), "there is no item after an error");
                    return (found, false);
                }
            }
        }
        assert!(stream.next().await.is_none(), "the end is the end");
        (found, true)
    })
}

fn values<B: Body<Data = Bytes, Error = Infallible> + Unpin>(body: B, limit: usize) -> Read<Value> {
    paused::run(async {
        let (mut stream, mut found) = (JsonLines::new(body).limit(limit), Vec::new());
        while let Some(value) = stream.next().await {
            match value {
                Ok(value) => found.push(value),
                Err(_) => return (found, false),
            }
        }
        (found, true)
    })
}

fn reference(whole: &[u8], limit: usize) -> Read<String> {
    let mut found = Vec::new();
    for line in byte_lines(whole, limit) {
        match line.map(str::from_utf8) {
            Some(Ok(line)) => found.push(line.to_owned()),
            _ => return (found, false),
        }
    }
    (found, true)
}

/// The lines, and `None` where one is too long.
fn byte_lines(whole: &[u8], limit: usize) -> impl Iterator<Item = Option<&[u8]>> {
    let count = whole.split(|byte| *byte == b'\n').count();
    whole.split(|byte| *byte == b'\n').enumerate().filter_map(move |(i, line)| {
        let is_last = i + 1 == count;
        let line = if is_last { line } else { line.strip_suffix(b"\r").unwrap_or(line) };
        if is_last && line.is_empty() {
            return None;
        }
        let is_short = line.len() <= limit;
        let mark = if i == 0 { MARK } else { b"" };
        Some(is_short.then(|| line.strip_prefix(mark).unwrap_or(line)))
    })
}
