//! Servers that follow a script, on virtual time. A name with a `w2` is a row of the catalogue of
//! faults in downloads.

use super::*;
use crate::{Body as OwnBody, Error};
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header, response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;
use tower::{ServiceExt, service_fn};

const OLD: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

type Answer = Result<Response<OwnBody>, io::Error>;

/// What came of a request, and what was asked for it.
struct Read {
    outcome: Result<Bytes, Error>,
    /// The headers of each request, and when it came.
    asked: Vec<(HeaderMap, Duration)>,
}

impl Read {
    fn ranges(&self) -> Vec<&str> {
        let ranges = self.asked.iter().map(|(headers, _)| match headers.get("range") {
            None => "",
            Some(range) => range.to_str().unwrap(),
        });
        ranges.collect()
    }

    fn error(self) -> Error {
        self.outcome.unwrap_err()
    }

    fn reason(&self) -> NotResumed {
        let error = self.outcome.as_ref().unwrap_err();
        assert!(error.is_body() && error.may_have_been_sent() && error.url().is_some());
        error.find_source::<ResumeError>().unwrap().reason()
    }
}

async fn read_with(
    attempts: u32,
    request: Request<OwnBody>,
    answers: impl IntoIterator<Item = Answer>,
) -> Read {
    let start = Instant::now();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let answers: VecDeque<_> = answers.into_iter().collect();
    let answers = Arc::new(Mutex::new(answers));
    let log = Arc::clone(&asked);
    let service = ResumeLayer::new(attempts).layer(service_fn(move |request: Request<OwnBody>| {
        log.lock().unwrap().push((request.headers().clone(), start.elapsed()));
        std::future::ready(answers.lock().unwrap().pop_front().expect("no request but these"))
    }));
    let body = service.oneshot(request).await.unwrap().into_body();
    let outcome = body.collect().await.map(http_body_util::Collected::to_bytes);
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    Read { outcome, asked }
}

async fn read(attempts: u32, answers: impl IntoIterator<Item = Answer>) -> Read {
    read_with(attempts, get().body(OwnBody::empty()).unwrap(), answers).await
}

fn get() -> http::request::Builder {
    Request::get("http://h/x?key=secret")
}

/// The head of the whole document, which is `abcdef`.
fn whole() -> response::Builder {
    Response::builder().header("etag", "\"1\"").header("content-length", 6)
}

/// The head of a part of it.
fn part(first: usize, last: usize) -> response::Builder {
    let range = format!("bytes {first}-{last}/6");
    Response::builder().status(206).header("etag", "\"1\"").header("content-range", range)
}

fn answer(head: response::Builder, body: impl Into<OwnBody>) -> Answer {
    Ok(head.body(body.into()).unwrap())
}

struct Frames(VecDeque<Result<Frame<Bytes>, io::Error>>);

impl Stream for Frames {
    type Item = Result<Frame<Bytes>, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front())
    }
}

fn data(text: &'static str) -> Result<Frame<Bytes>, io::Error> {
    Ok(Frame::data(text.into()))
}

fn trailers(value: &'static str) -> Result<Frame<Bytes>, io::Error> {
    let value = HeaderValue::from_static(value);
    Ok(Frame::trailers([(header::ETAG, value)].into_iter().collect()))
}

fn frames<const N: usize>(frames: [Result<Frame<Bytes>, io::Error>; N]) -> OwnBody {
    OwnBody::new(StreamBody::new(Frames(frames.into())))
}

fn cut(text: &'static str) -> OwnBody {
    frames([data(text), Err(io::Error::other("reset"))])
}

const DOCUMENT: &str = "abcdef";

#[tokio::test]
async fn w2_body_cut_at_every_byte_goes_on_where_it_broke_off() {
    for at in 0..6 {
        for broken in [cut(&DOCUMENT[..at]), OwnBody::from(&DOCUMENT[..at])] {
            let rest = answer(part(at, 5), &DOCUMENT[at..]);
            let read = read(1, [answer(whole(), broken), rest]).await;
            assert_eq!(read.ranges(), ["", &format!("bytes={at}-")]);
            assert_eq!(read.asked[1].0["if-range"], "\"1\"");
            assert_eq!(read.outcome.unwrap(), DOCUMENT);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn w2_part_that_breaks_off_or_is_short_is_asked_on_behind_its_end() {
    for first in 0..5 {
        for second in first + 1..6 {
            let text = &DOCUMENT[first..second];
            for (head, body) in [
                (part(first, 5), cut(text)),
                (part(first, 5), text.into()),
                (part(first, second - 1), text.into()),
            ] {
                let begun = answer(whole(), cut(&DOCUMENT[..first]));
                let rest = answer(part(second, 5), &DOCUMENT[second..]);
                let read = read(2, [begun, answer(head, body), rest]).await;
                let ranges = [format!("bytes={first}-"), format!("bytes={second}-")];
                assert_eq!(read.ranges()[1..], ranges);
                assert_eq!(read.outcome.unwrap(), DOCUMENT);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn length_is_learned_from_the_first_part() {
    let unknown = || Response::builder().header("etag", "\"1\"");
    let read =
        read(2, [answer(unknown(), cut("ab")), answer(part(2, 5), "c"), answer(part(3, 5), "def")]);
    assert_eq!(read.await.outcome.unwrap(), DOCUMENT);
    let end = self::read(1, [answer(unknown(), "ab")]).await;
    assert_eq!(end.outcome.unwrap(), "ab");
}

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded_and_the_last_error_stays() {
    for attempts in [1, 2, 5] {
        let answers = |body: fn() -> OwnBody| {
            let parts = (0..attempts).map(move |_| answer(part(0, 5), body()));
            [answer(whole(), body())].into_iter().chain(parts)
        };
        let failed = read(attempts, answers(|| cut(""))).await;
        assert_eq!(failed.asked.len(), attempts as usize + 1);
        let error = failed.error();
        assert!(error.is_body() && error.find_source::<io::Error>().is_some());
        assert_eq!(
            format!("{error:#}"),
            "GET http://h/x?key…: the response body cannot be read: reset"
        );
        let ended = read(attempts, answers(OwnBody::empty)).await;
        assert_eq!(ended.asked.len(), attempts as usize + 1);
        assert_eq!(ended.reason(), NotResumed::Short { received: 0, total: 6 });
    }
}

#[tokio::test]
async fn what_cannot_be_resumed_passes_unchanged() {
    let empty = OwnBody::empty;
    let request = |builder: http::request::Builder, body| builder.body(body).unwrap();
    let plain = || Response::builder().header("content-length", 6);
    let tagged = |tag: &str| plain().header("etag", tag);
    let dated =
        |builder: response::Builder, at| builder.header("last-modified", OLD).header("date", at);
    let asked_alone = || request(get(), empty());
    for (attempts, request, head) in [
        (0, asked_alone(), whole()),
        (9, request(Request::post("/"), empty()), whole()),
        (9, request(Request::head("/"), empty()), whole()),
        (9, request(get(), "body".into()), whole()),
        (9, request(get().header("range", "bytes=0-"), empty()), whole()),
        (9, asked_alone(), whole().status(203)),
        (9, asked_alone(), whole().status(206)),
        (9, asked_alone(), whole().status(404)),
        (9, asked_alone(), whole().header("content-encoding", "gzip")),
        (9, asked_alone(), whole().header("accept-ranges", "None")),
        (9, asked_alone(), whole().header("content-length", 6)),
        (
            9,
            asked_alone(),
            Response::builder().header("etag", "\"1\"").header("content-length", "+6"),
        ),
        (9, asked_alone(), plain()),
        (9, asked_alone(), tagged("W/\"1\"")),
        (9, asked_alone(), tagged("1")),
        (9, asked_alone(), dated(tagged("W/\"1\""), NOW)),
        (9, asked_alone(), dated(plain(), OLD)),
    ] {
        let shown = format!("{attempts} {request:?} {head:?}");
        let read = read_with(attempts, request, [answer(head, cut("abc"))]).await;
        assert_eq!(read.asked.len(), 1, "{shown}");
        assert_eq!(format!("{:#}", read.error()), "the response body cannot be read: reset");
    }
    let read = read(0, [answer(whole(), "abc")]).await;
    assert_eq!(read.outcome.unwrap(), "abc");
}

#[tokio::test]
async fn error_of_the_request_passes_unchanged() {
    let service = ResumeLayer::new(9).layer(service_fn(async |_: Request<OwnBody>| {
        Err::<Response<OwnBody>, _>(io::Error::other("refused"))
    }));
    let error = service.oneshot(get().body(OwnBody::empty()).unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "refused");
}

#[tokio::test]
async fn strong_date_stands_in_where_there_is_no_tag() {
    let head = || Response::builder().header("content-length", 6).header("last-modified", OLD);
    let begun = || answer(head().header("date", NOW), cut("ab"));
    let range = || head().status(206).header("content-range", "bytes 2-5/6");
    let read = read(1, [begun(), answer(range(), "cdef")]).await;
    assert_eq!(read.asked[1].0["if-range"], OLD);
    assert_eq!(read.outcome.unwrap(), DOCUMENT);

    for changed in [range().header("etag", "\"1\""), range().header("last-modified", NOW)] {
        let read = self::read(1, [begun(), answer(changed, "cdef")]).await;
        assert_eq!(read.reason(), NotResumed::Changed);
    }
}

#[tokio::test]
async fn w2_answer_that_is_not_the_missing_part_is_an_error_and_never_bytes() {
    use NotResumed::{Changed, Status, WrongPart};
    let status = |code: u16| whole().status(code);
    let part_of = |range: &str| status(206).header("content-range", range);
    let range = || part(3, 5);
    let status_of = |code| Status(StatusCode::from_u16(code).unwrap());
    for (head, reason) in [
        (status(200), Changed),
        (status(412), Changed),
        (
            Response::builder()
                .status(206)
                .header("content-range", "bytes 3-5/6")
                .header("etag", "\"2\""),
            Changed,
        ),
        (range().header("etag", "W/\"1\""), Changed),
        // A server that knows no `If-Range` gives the part of whatever lies there.
        (Response::builder().status(206).header("content-range", "bytes 3-5/6"), Changed),
        (range().header("content-encoding", "gzip"), Changed),
        (part_of("bytes 3-5/7"), Changed),
        (part_of("bytes 0-5/6"), WrongPart),
        (part_of("bytes 2-5/6"), WrongPart),
        (part_of("bytes 4-5/6"), WrongPart),
        (part_of("bytes 3-5/*"), WrongPart),
        (status(206), WrongPart),
        (status(206).header("content-type", "multipart/byteranges; boundary=x"), WrongPart),
        (range().header("content-type", "multipart/byteranges; boundary=x"), WrongPart),
        (range().header("content-range", "bytes 3-5/6"), WrongPart),
        (status(204), status_of(204)),
        (status(302), status_of(302)),
        (status(404), status_of(404)),
        (status(416).header("content-range", "bytes */6"), status_of(416)),
    ] {
        let shown = format!("{head:?}");
        let read = read(9, [answer(whole(), cut("abc")), answer(head, "def")]).await;
        assert_eq!((read.asked.len(), read.reason()), (2, reason), "{shown}");
        assert_eq!(read.error().find_source::<io::Error>().unwrap().to_string(), "reset");
    }
    let long = [answer(whole(), cut("abc")), answer(part(3, 4), "def")];
    assert_eq!(read(9, long).await.reason(), WrongPart);
}

#[tokio::test(start_paused = true)]
async fn waits_double_up_to_a_limit() {
    let broken = || answer(part(0, 5), cut(""));
    let read = read(11, [answer(whole(), cut(""))].into_iter().chain((0..11).map(|_| broken())));
    let at: Vec<_> = read.await.asked.iter().map(|(_, at)| at.as_millis()).collect();
    let waits: Vec<_> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The timer goes by milliseconds.
    let expected = [0, 0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000];
    assert_eq!(at[0], expected[0]);
    for (wait, expected) in waits.iter().zip(&expected[1..]) {
        assert!((*expected..expected + 2).contains(wait), "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn server_that_restarts_is_met_again() {
    let refused = || Err(io::Error::other("refused"));
    let busy = || answer(Response::builder().status(503), "busy");
    let begun = || answer(whole(), cut("ab"));
    let rest = || answer(part(2, 5), "cdef");
    let met = read(4, [begun(), refused(), busy(), refused(), rest()]).await;
    assert_eq!(met.ranges()[1..], ["bytes=2-"; 4]);
    assert_eq!(met.outcome.unwrap(), DOCUMENT);

    let gone = read(2, [begun(), busy(), refused()]).await;
    assert_eq!(gone.reason(), NotResumed::Unanswered);
    assert!(format!("{:#}", gone.error()).ends_with("any more: the exchange failed: refused"));
    let busy = read(2, [begun(), busy(), busy()]).await;
    assert_eq!(busy.reason(), NotResumed::Status(StatusCode::SERVICE_UNAVAILABLE));
    assert!(
        format!("{:#}", busy.error())
            .ends_with("got 503 Service Unavailable: the response body cannot be read: reset")
    );
}

#[tokio::test]
async fn same_request_goes_to_the_same_place_through_the_same_service() {
    // It panics when it is called before it is ready.
    let (service, mut server) = tower_test::mock::pair::<Request<OwnBody>, Response<OwnBody>>();
    let request = get().version(Version::HTTP_2).header("authorization", "t0ken").extension(7u8);
    let request = request.body(OwnBody::empty()).unwrap();
    let reading = tokio::spawn(async move {
        let response = ResumeLayer::new(1).layer(service).oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap().to_bytes()
    });
    let held = Arc::new(());
    let (first, respond) = server.next_request().await.unwrap();
    let holder = Arc::clone(&held);
    let broken = cut("ab").map_frame(move |frame| {
        let _ = &holder;
        frame
    });
    respond.send_response(whole().body(OwnBody::new(broken)).unwrap());

    let (mut second, respond) = server.next_request().await.unwrap();
    assert_eq!(Arc::strong_count(&held), 1, "the broken body is let go first");
    assert_eq!(second.headers_mut().remove("range").unwrap(), "bytes=2-");
    assert_eq!(second.headers_mut().remove("if-range").unwrap(), "\"1\"");
    assert_eq!((second.method(), second.uri()), (first.method(), first.uri()));
    assert_eq!((second.version(), second.headers()), (first.version(), first.headers()));
    assert_eq!(second.extensions().get::<u8>(), Some(&7));
    respond.send_response(part(2, 5).body("cdef".into()).unwrap());
    assert_eq!(reading.await.unwrap(), DOCUMENT);
}

/// The body of a response that is begun and resumed by these.
async fn body(
    answers: impl IntoIterator<Item = Answer>,
) -> impl Body<Data = Bytes, Error = Error> + Unpin {
    let answers = Arc::new(Mutex::new(answers.into_iter().collect::<VecDeque<_>>()));
    let service = ResumeLayer::new(1).layer(service_fn(move |_: Request<OwnBody>| {
        std::future::ready(answers.lock().unwrap().pop_front().unwrap())
    }));
    service.oneshot(get().body(OwnBody::empty()).unwrap()).await.unwrap().into_body()
}

#[tokio::test]
async fn hints_are_those_of_what_is_missing() {
    for begun in [cut("ab"), OwnBody::from("ab")] {
        let mut body = body([answer(whole(), begun), answer(part(2, 5), "cdef")]).await;
        for (missing, text) in [(6, "ab"), (4, "cdef")] {
            assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(missing), false));
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), text);
        }
        assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
        assert!(body.frame().await.is_none());
    }
}

#[tokio::test]
async fn trailers_are_those_at_the_end() {
    let begun = frames([data("ab"), trailers("early")]);
    let rest = frames([data("cdef"), trailers("last")]);
    let mut body = body([answer(whole(), begun), answer(part(2, 5), rest)]).await;
    for text in ["ab", "cdef"] {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), text);
    }
    assert_eq!(body.frame().await.unwrap().unwrap().into_trailers().unwrap()["etag"], "last");
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn error_behind_the_last_byte_passes() {
    let mut body = body([answer(whole(), cut(DOCUMENT))]).await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), DOCUMENT);
    assert!(body.frame().await.unwrap().unwrap_err().is_body());
    assert!(body.is_end_stream() && body.frame().await.is_none());
}
