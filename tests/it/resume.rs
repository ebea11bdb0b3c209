//! Bodies that break off and go on, in downloads and elsewhere.

use crate::download::Folder;
use axum::Router;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, header::RANGE};
use http_body_util::BodyExt;
use std::{
    collections::VecDeque,
    convert::Infallible,
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Instant,
};
use tower::{ServiceExt, service_fn};
use tower_clients::{
    Body, BoxError, Client, Error, Resource, ResumeLayer, SharedService,
    request::download::FramingError,
    resume::{NotResumed, ResumeError},
};

/// The document that is downloaded.
const PATH: &str = "range/30";
const LEN: usize = 30;

/// The testbed, whose answers break off: each behind so many bytes of its own, and one that is not
/// listed not at all.
#[derive(Clone, Default)]
struct Cutting {
    cuts: Arc<Mutex<VecDeque<usize>>>,
    /// The ranges that were asked for.
    asked: Arc<Mutex<Vec<String>>>,
    /// By an end in place of an error.
    quietly: bool,
}

impl Cutting {
    fn at(cuts: impl IntoIterator<Item = usize>) -> Self {
        let cuts = Arc::new(Mutex::new(cuts.into_iter().collect()));
        Self { cuts, ..Self::default() }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn client(&self) -> Client<impl SharedService<Body, ResBody = Body> + use<>> {
        let (this, router) = (self.clone(), testbed::router());
        let service = service_fn(move |request| this.clone().answer(router.clone(), request));
        Client::with_service("http://in.process", service).unwrap()
    }

    fn api(&self) -> Resource<impl SharedService<Body> + use<>> {
        self.client().into()
    }

    async fn answer(
        self,
        router: Router,
        request: Request<Body>,
    ) -> Result<Response<Body>, Infallible> {
        let range = request.headers().get(RANGE).map_or("", |range| range.to_str().unwrap());
        self.asked.lock().unwrap().push(range.to_owned());
        let (head, body) = router.oneshot(request).await?.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = match self.cuts.lock().unwrap().pop_front() {
            None => body.into(),
            Some(cut) => {
                let mut frames: Vec<Result<Bytes, BoxError>> = vec![Ok(body.slice(..cut))];
                if !self.quietly {
                    frames.push(Err("reset".into()));
                }
                Body::from_stream(stream::iter(frames))
            }
        };
        Ok(Response::from_parts(head, body))
    }
}

fn document() -> Vec<u8> {
    (b'a'..=b'z').cycle().take(LEN).collect()
}

fn reason(error: &Error) -> NotResumed {
    assert!(error.is_body() && error.url().is_some(), "{error:#}");
    error.find_source::<ResumeError>().unwrap().reason()
}

#[tokio::test]
async fn w1_w2_download_cut_at_every_byte_is_complete() {
    for cut in 0..LEN {
        for quietly in [false, true] {
            let folder = Folder::with_old();
            let server = Cutting { quietly, ..Cutting::at([cut]) };
            let mut seen = Vec::new();
            let api = server.api();
            let download = api.get(PATH).download().resume(1).on_progress(|at| seen.push(at));
            assert_eq!(download.to_path(folder.target()).await.unwrap(), LEN as u64);
            assert_eq!(folder.only(), document());
            assert_eq!(server.asked(), ["".to_owned(), format!("bytes={cut}-")]);
            assert!(seen.is_sorted_by(|a, b| a.received < b.received), "{seen:?}");
            assert!(seen.iter().all(|at| at.total == Some(LEN as u64)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn download_goes_on_as_often_as_it_may() {
    let folder = Folder::with_old();
    let server = Cutting::at([1, 2, 3]);
    let download = server.api().get(PATH).download().resume(3).to_path(folder.target());
    assert_eq!(tokio::spawn(download).await.unwrap().unwrap(), LEN as u64);
    assert_eq!(folder.only(), document());
    assert_eq!(server.asked(), ["", "bytes=1-", "bytes=3-", "bytes=6-"]);

    fs::write(folder.target(), "old").unwrap();
    let server = Cutting::at([1, 2, 3]);
    let download = server.api().get(PATH).download().resume(2).to_path(folder.target());
    assert!(format!("{:#}", download.await.unwrap_err()).ends_with(": reset"));
    assert_eq!((folder.only(), server.asked().len()), (b"old".to_vec(), 3));

    let server = Cutting { quietly: true, ..Cutting::at([1]) };
    let error = server.api().get(PATH).download().to_path(folder.target()).await.unwrap_err();
    let short = FramingError::Short { received: 1, total: LEN as u64 };
    assert_eq!((error.find_source(), server.asked().len()), (Some(&short), 1));
}

#[tokio::test]
async fn writer_gets_every_byte_once() {
    for cut in 0..LEN {
        let mut written = Vec::new();
        let api = Cutting::at([cut]).api();
        let download = api.get(PATH).download().resume(1);
        assert_eq!(download.to_writer(&mut written).await.unwrap(), LEN as u64);
        assert_eq!(written, document());
    }
}

#[tokio::test]
async fn w2_document_that_changed_leaves_the_old_file() {
    for cut in 0..LEN {
        let folder = Folder::with_old();
        let server = Cutting::at([cut]);
        let service = server.client().into_inner();
        // Another document lies there when it is asked for again, whose tag is another one.
        let changing = service_fn(move |mut request: Request<Body>| {
            if request.headers().contains_key(RANGE) {
                *request.uri_mut() = "http://in.process/range/31".parse().unwrap();
            }
            service.clone().oneshot(request)
        });
        let api = Resource::with_service("http://in.process", changing).unwrap();
        let download = api.get(PATH).download().resume(9).to_path(folder.target());
        assert_eq!(reason(&download.await.unwrap_err()), NotResumed::Changed);
        assert_eq!((folder.only(), server.asked().len()), (b"old".to_vec(), 2));
    }
}

#[tokio::test]
async fn streams_and_values_go_on_over_the_layer() {
    let whole = String::from_utf8(document()).unwrap();
    let api = |cut| Resource::from(Cutting::at([cut]).client().layer(ResumeLayer::new(1)));
    for cut in 0..LEN {
        assert_eq!(api(cut).get(PATH).text().await.unwrap(), whole);
        let mut lines = api(cut).get(PATH).lines().await.unwrap();
        assert_eq!(lines.next().await.unwrap().unwrap(), whole);
        assert!(lines.next().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_covers_attempts_and_waits() {
    let folder = Folder::with_old();
    let timeout = Duration::from_secs(3);
    let start = Instant::now();
    let api = Cutting::at([0; 100]).api();
    let download = api.get(PATH).timeout(timeout).download().resume(99);
    assert!(download.to_path(folder.target()).await.unwrap_err().is_timeout());
    assert_eq!((start.elapsed(), folder.only()), (timeout, b"old".to_vec()));
}

/// Sends `begun` up to a cut, which is one byte further each time, and the rest of `abcdef` to
/// those who ask for it. Each connection ends behind its answer.
async fn listen(begun: &'static [u8], first_cut: usize) -> Resource {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut cut = first_cut;
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(connection.read_u8().await.unwrap());
            }
            let request = String::from_utf8_lossy(&request);
            let range = request.split_once("bytes=").and_then(|(_, range)| range.split_once('-'));
            let Some((first, _)) = range else {
                connection.write_all(&begun[..cut]).await.unwrap();
                cut += 1;
                continue;
            };
            let first: usize = first.parse().unwrap();
            let answer = match &"abcdef"[first..] {
                "" => "416 Range Not Satisfiable\r\nContent-Range: bytes */6\r\n\r\n".to_owned(),
                rest => format!(
                    "206 Partial Content\r\nETag: \"1\"\r\nContent-Range: bytes {first}-5/6\r\n\
                     Content-Length: {}\r\n\r\n{rest}",
                    rest.len()
                ),
            };
            connection.write_all(format!("HTTP/1.1 {answer}").as_bytes()).await.unwrap();
        }
    });
    Resource::new(&*url).unwrap()
}

#[tokio::test]
async fn w1_w2_answer_cut_at_every_byte_of_the_wire_is_complete() {
    let folder = Folder::with_old();
    let length = b"HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 6\r\n\r\nabcdef";
    let chunks = b"HTTP/1.1 200 OK\r\nETag: \"1\"\r\nTransfer-Encoding: chunked\r\n\r\n\
                   2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n";
    for (whole, end_of_data) in [(&length[..], length.len()), (chunks, chunks.len() - 7)] {
        let body = whole.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let api = listen(whole, body).await;
        for cut in body..=whole.len() {
            let download = api.get("x").download().resume(1).to_path(folder.target()).await;
            if cut < end_of_data || cut == whole.len() {
                assert_eq!((download.unwrap(), folder.only()), (6, b"abcdef".to_vec()), "{cut}");
            } else {
                // Whether more was to come, nobody can tell.
                let reason = reason(&download.unwrap_err());
                assert_eq!(reason, NotResumed::Status(http::StatusCode::RANGE_NOT_SATISFIABLE));
                assert_eq!(folder.only(), b"old");
            }
            fs::write(folder.target(), "old").unwrap();
        }
    }
}
