use super::*;
use crate::{
    Body as OwnBody, Content, ContentError, Error, ErrorKind, JsonError, error::RequestLine,
};
use bytes::Bytes;
use futures_core::Stream;
use http::{Request, Response};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

/// Gives frames that are always ready, then fails or ends.
struct Frames {
    frames: std::vec::IntoIter<Bytes>,
    cut: bool,
}

impl Stream for Frames {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let cut = self.cut.then(|| Err(io::Error::other("cut")));
        Poll::Ready(self.frames.next().map(Ok).or(cut))
    }
}

fn body(frames: Vec<Bytes>, cut: bool) -> OwnBody {
    OwnBody::from_stream(Frames { frames: frames.into_iter(), cut })
}

fn frames(frames: &[&'static str]) -> OwnBody {
    body(frames.iter().map(|frame| Bytes::from(*frame)).collect(), false)
}

async fn all(mut lines: Lines<OwnBody>) -> (Vec<String>, Option<Error>) {
    let mut given = Vec::new();
    loop {
        match lines.next().await {
            Some(Ok(line)) => given.push(line.to_string()),
            Some(Err(error)) => {
                assert!(lines.next().await.is_none(), "it ends after an error");
                return (given, Some(error));
            }
            None => {
                assert!(lines.next().await.is_none(), "it stays at its end");
                return (given, None);
            }
        }
    }
}

fn line_error(error: &Error) -> &LineError {
    error.find_source().unwrap()
}

#[tokio::test]
async fn e6_only_newlines_end_a_line() {
    for (text, lines) in [
        ("", &[][..]),
        ("\n", &[""]),
        ("\r\n\n", &["", ""]),
        ("a", &["a"]),
        ("a\n", &["a"]),
        ("a\n\nb", &["a", "", "b"]),
        ("a\r\r\nb\r", &["a\r", "b\r"]),
        (
            "a\rb\u{2028}c\u{2029}\u{85}d\u{b}\u{c}e\0f",
            &["a\rb\u{2028}c\u{2029}\u{85}d\u{b}\u{c}e\0f"],
        ),
        ("\u{feff}a\n\u{feff}b", &["a", "\u{feff}b"]),
    ] {
        let (given, error) = all(Lines::new(frames(&[text]))).await;
        assert!(error.is_none());
        assert_eq!(given, lines, "{text:?}");
    }
}

#[tokio::test]
async fn e6_ends_may_be_split_over_frames() {
    let (given, _) = all(Lines::new(frames(&["a\r", "\nb", "\n", "", "c\r", "d\r", "\n"]))).await;
    assert_eq!(given, ["a", "b", "c\rd"]);
}

#[tokio::test]
async fn e6_body_that_breaks_off_gives_no_short_line() {
    let (given, error) = all(Lines::new(body(vec!["a\nb".into()], true))).await;
    let error = error.unwrap();
    assert_eq!(given, ["a"]);
    assert_eq!(format!("{error:#}"), "the response body cannot be read: cut");
}

#[tokio::test]
async fn e6_line_over_the_limit_is_an_error_with_its_number() {
    let (given, error) = all(Lines::new(frames(&["12\r", "\n1", "2", "3"])).limit(2)).await;
    let error = error.unwrap();
    assert!(error.is_body());
    assert_eq!((given.len(), line_error(&error).line()), (1, 2));
    assert_eq!(line_error(&error).to_string(), "line 2 is longer than the limit of 2 bytes");
    for text in ["123\n", "123", "12\r\r\n"] {
        let (given, error) = all(Lines::new(frames(&[text])).limit(2)).await;
        assert!(given.is_empty() && error.unwrap().is_body(), "{text:?}");
    }
}

#[tokio::test]
async fn e6_endless_line_is_cut_at_the_default_limit() {
    let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
    let frames = vec![chunk; 17];
    let (_, error) = all(Lines::new(body(frames, true))).await;
    assert_eq!(line_error(&error.unwrap()).line(), 1);
}

#[tokio::test]
async fn malformed_line_is_an_error_with_its_number() {
    let (given, error) =
        all(Lines::new(body(vec!["ok\n".into(), Bytes::from_static(b"\xff\n")], false))).await;
    let error = error.unwrap();
    assert_eq!((given.len(), error.kind()), (1, ErrorKind::Decode));
    assert_eq!(line_error(&error).to_string(), "line 2 is not valid UTF-8");
}

#[tokio::test]
async fn character_may_be_split_over_frames() {
    let (given, _) =
        all(Lines::new(body(vec![b"\xe2\x82"[..].into(), b"\xac\n"[..].into()], false))).await;
    assert_eq!(given, ["€"]);
}

#[tokio::test]
async fn line_within_a_frame_is_a_slice_of_it() {
    let frame = Bytes::from(String::from("first\nsecond"));
    let inside = frame.as_ptr_range();
    let mut lines = Lines::new(body(vec![frame], false));
    for _ in 0..2 {
        let line = lines.next().await.unwrap().unwrap();
        assert!(inside.contains(&line.as_ptr()), "{line}");
    }
}

#[tokio::test]
async fn errors_name_the_request() {
    let request = Request::get("http://h/a?key=secret").body(()).unwrap();
    let line = || RequestLine::of(&request);
    let cut = || body(vec![], true);
    let mut chunks = Chunks::new(cut()).named(line());
    let mut lines = Lines::new(frames(&["ab"])).limit(1).named(line());
    let mut values = JsonLines::<_, u8>::new(frames(&["x"])).named(line());
    let mut items = Items::from_response(Response::new(cut())).unwrap().named(line());
    for error in [
        chunks.next().await.unwrap().unwrap_err(),
        lines.next().await.unwrap().unwrap_err(),
        values.next().await.unwrap().unwrap_err(),
        items.next().await.unwrap().unwrap_err(),
    ] {
        assert_eq!(error.url(), Some("http://h/a?key…"));
        assert!(error.may_have_been_sent());
    }
    assert!(chunks.next().await.is_none() && items.next().await.is_none());
}

#[tokio::test]
async fn json_lines_skip_blank_ones_and_count_them() {
    let mut values = JsonLines::<_, u8>::new(frames(&["1\n\n \t\r\n", "2\n", "{", "}\n3"]));
    assert_eq!(values.next().await.unwrap().unwrap(), 1);
    assert_eq!(values.next().await.unwrap().unwrap(), 2);
    let error = values.next().await.unwrap().unwrap_err();
    assert!(error.is_decode());
    assert_eq!(error.find_source::<JsonError>().unwrap().line(), 5);
    assert!(values.next().await.is_none());
}

#[tokio::test]
async fn items_go_by_the_content_type() {
    for (content_type, first) in [
        ("application/json", Content::Json(1.into())),
        ("application/x-ndjson", Content::Json(1.into())),
        ("application/jsonl; charset=utf-8", Content::Json(1.into())),
        ("text/plain", Content::Text("1".into())),
        ("image/png", Content::Bytes("1\n2".into())),
        ("", Content::Bytes("1\n2".into())),
    ] {
        let response =
            Response::builder().header("content-type", content_type).body(frames(&["1\n2"]));
        let mut items = Items::from_response(response.unwrap()).unwrap();
        assert_eq!(items.next().await.unwrap().unwrap(), first, "{content_type}");
    }
}

#[test]
fn body_that_is_still_encoded_is_no_text() {
    let response = || {
        let head = Response::builder().header("content-encoding", "gzip");
        head.header("content-type", "text/plain").body(frames(&["x"])).unwrap()
    };
    for error in [
        Lines::from_response(response()).unwrap_err(),
        JsonLines::<_, u8>::from_response(response()).unwrap_err(),
        Items::from_response(response()).unwrap_err(),
    ] {
        assert!(error.is_decode() && error.find_source::<ContentError>().is_some());
    }
}

#[tokio::test]
async fn body_can_be_taken_back() {
    let mut lines = Lines::new(frames(&["a\n", "b"]));
    lines.next().await.unwrap().unwrap();
    let mut rest = Chunks::new(lines.into_inner());
    assert_eq!(rest.next().await.unwrap().unwrap(), "b");
}

#[test]
fn frames_without_content_do_not_keep_the_thread() {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let endless = |frame: &'static str| body(vec![frame.into(); 100_000], false);
    assert!(Pin::new(&mut Chunks::new(endless(""))).poll_next(&mut cx).is_pending());
    assert!(Pin::new(&mut Lines::new(endless("x"))).poll_next(&mut cx).is_pending());
    let mut blank = JsonLines::<_, u8>::new(endless("\n"));
    assert!(Pin::new(&mut blank).poll_next(&mut cx).is_pending());
}

const _: () = {
    const fn stream_is_movable<T: Unpin + Send>() {}
    stream_is_movable::<JsonLines<OwnBody, std::marker::PhantomPinned>>();
    stream_is_movable::<Items<OwnBody>>();
};

mod properties {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn lines(text: &str, cuts: &[usize], limit: usize) -> (Vec<String>, Option<u64>) {
        let mut rest = Bytes::copy_from_slice(text.as_bytes());
        let mut frames: Vec<_> =
            cuts.iter().map(|&cut| rest.split_to(cut.min(rest.len()))).collect();
        frames.push(rest);
        let lines = all(Lines::new(body(frames, false)).limit(limit));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (given, error) = runtime.block_on(lines);
        (given, error.map(|error| line_error(&error).line()))
    }

    proptest! {
        #[test]
        fn e6_any_split_into_frames_gives_the_same_lines(
            text in "([ab\r\n]|\r\n|é|\u{2028}|\0){0,24}",
            cuts in vec(0..6usize, 0..16),
            limit in 0..12usize,
        ) {
            prop_assert_eq!(lines(&text, &cuts, limit), lines(&text, &[], limit));
            let mut whole: Vec<_> =
                text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
            let last = text.rsplit('\n').next().unwrap();
            whole.pop();
            whole.extend((!last.is_empty()).then_some(last));
            prop_assert_eq!(lines(&text, &cuts, 1000).0, whole);
        }
    }
}
