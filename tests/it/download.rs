//! Downloads to files and writers.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use integration_tests::{Peer, Step};
use std::{
    convert::Infallible,
    fs,
    future::poll_fn,
    hash::{BuildHasher, RandomState},
    io,
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};
use testbed::Testbed;
use tokio::{runtime, time::Instant};
use tower::service_fn;
use tower_clients::{
    Body, BoxError, Client, ContentError, Error, Resource, Session, SharedService,
    request::download::{FileError, FramingError},
};
use tower_clients_mock::{Mock, Reply};

/// A folder of its own, removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("tower-clients-{:016x}", RandomState::new().hash_one(0));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// With an old file in it.
    pub(crate) fn with_old() -> Self {
        let folder = Self::new();
        fs::write(folder.target(), "old").unwrap();
        folder
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.0.join("file.bin")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The target, and that nothing is beside it.
    pub(crate) fn only(&self) -> Vec<u8> {
        assert_eq!(self.names(), ["file.bin"]);
        fs::read(self.target()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn api() -> Resource<axum::Router> {
    Resource::with_service("http://in.process", testbed::router()).unwrap()
}

/// Answers with `frames`, and with `length` as the content length.
fn sending(
    frames: Vec<Result<Bytes, BoxError>>,
    length: Option<usize>,
) -> Resource<impl SharedService<Body>> {
    let frames = Mutex::new(Some(frames));
    let service = Arc::new(move || {
        let frames = frames.lock().unwrap().take().unwrap();
        let mut response = Response::new(Body::from_stream(stream::iter(frames)));
        if let Some(length) = length {
            response.headers_mut().insert("content-length", length.into());
        }
        response
    });
    let service = service_fn(move |_: Request<Body>| {
        let response = service();
        async move { Ok::<_, Infallible>(response) }
    });
    Resource::with_service("http://in.process", service).unwrap()
}

fn letters(text: &str) -> Vec<Result<Bytes, BoxError>> {
    text.bytes().map(|byte| Ok(Bytes::copy_from_slice(&[byte]))).collect()
}

async fn get<S: SharedService<Body>>(api: &Resource<S>, path: &Path) -> Result<u64, Error> {
    api.get("x").download().to_path(path).await
}

#[tokio::test]
async fn file_is_made_or_replaced() {
    let (new, old) = (Folder::new(), Folder::with_old());
    for folder in [&new, &old] {
        let request = api().get("range/1000").download().to_path(folder.target());
        assert_eq!(tokio::spawn(request).await.unwrap().unwrap(), 1000);
        assert_eq!(folder.only(), api().get("range/1000").bytes().await.unwrap());
    }
    let empty = sending(Vec::new(), Some(0));
    assert_eq!(get(&empty, &old.target()).await.unwrap(), 0);
    assert_eq!(old.only(), b"");
}

#[tokio::test]
async fn w1_body_cut_at_every_byte_leaves_the_old_file() {
    let folder = Folder::with_old();
    for cut in 0..6 {
        let quiet = sending(letters(&"abcdef"[..cut]), Some(6));
        let error = get(&quiet, &folder.target()).await.unwrap_err();
        assert!(error.is_body() && error.method().is_some());
        let short = FramingError::Short { received: cut as u64, total: 6 };
        assert_eq!(error.find_source(), Some(&short));

        let mut frames = letters(&"abcdef"[..cut]);
        frames.push(Err("reset".into()));
        let error = get(&sending(frames, Some(6)), &folder.target()).await.unwrap_err();
        assert!(error.is_body(), "{error:#}");
        assert_eq!(folder.only(), b"old");
    }
    let long = sending(letters("abcdefg"), Some(6));
    let error = get(&long, &folder.target()).await.unwrap_err();
    assert_eq!(error.find_source(), Some(&FramingError::Long { total: 6 }));
    assert_eq!(folder.only(), b"old");
}

/// Each connection gets the next answer, and ends.
async fn listen<'a>(answers: impl IntoIterator<Item = &'a [u8]>) -> (Peer, Resource) {
    let scripts = answers.into_iter().map(|answer| vec![Step::ReadHead, Step::send(answer)]);
    let peer = Peer::playing(scripts).await;
    let api = Resource::new(peer.url()).unwrap();
    (peer, api)
}

#[tokio::test]
async fn w1_answer_cut_at_every_byte_of_the_wire_leaves_the_old_file() {
    let folder = Folder::with_old();
    for whole in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n",
    ] {
        let (_peer, api) = listen((0..=whole.len()).map(|cut| &whole[..cut])).await;
        for cut in 0..whole.len() {
            let error = get(&api, &folder.target()).await.unwrap_err();
            assert!(error.is_body() || error.is_transport(), "{cut}: {error:#}");
            assert_eq!(folder.only(), b"old", "{cut}");
        }
        assert_eq!(get(&api, &folder.target()).await.unwrap(), 6);
        assert_eq!(folder.only(), b"abcdef");
        fs::write(folder.target(), "old").unwrap();
    }
}

#[tokio::test]
async fn d9_body_whose_end_is_the_end_of_the_connection_must_be_allowed() {
    let folder = Folder::with_old();
    let (peer, api) = listen([&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"[..]]).await;
    let error = get(&api, &folder.target()).await.unwrap_err();
    assert!(error.is_body());
    assert_eq!(error.find_source(), Some(&FramingError::Unframed));
    assert_eq!(folder.only(), b"old");

    let request = api.get("x").download().allow_unframed();
    assert_eq!(request.to_path(folder.target()).await.unwrap(), 3);
    assert_eq!(folder.only(), b"abc");
    let mut written = Vec::new();
    assert_eq!(api.get("x").download().to_writer(&mut written).await.unwrap(), 3);
    assert_eq!(written, b"abc");
    assert_eq!(peer.connections(), 3);
}

#[tokio::test]
async fn bodies_over_the_network_are_framed() {
    let server = Testbed::http().await.unwrap();
    let api = Resource::new(server.url()).unwrap();
    let folder = Folder::new();
    for path in ["range/100000", "stream-bytes/100000?seed=7&chunk_size=9000"] {
        let written = api.get(path).download().to_path(folder.target()).await.unwrap();
        assert_eq!(written, 100_000);
        assert_eq!(folder.only(), api.get(path).bytes().await.unwrap());
    }
}

#[tokio::test]
async fn refused_responses_create_nothing() {
    let folder = Folder::with_old();
    let to = |path: &'static str| api().get(path).download().to_path(folder.target());
    assert_eq!(to("status/404").await.unwrap_err().status().unwrap(), 404);
    let error = to("gzip").await.unwrap_err();
    assert!(error.is_decode() && error.find_source::<ContentError>().is_some());
    assert_eq!(error.url(), Some("http://in.process/gzip"));

    let part = || Mock::new().reply(Reply::status(206).body("part"));
    let part = || Resource::with_service("http://mock", part()).unwrap();
    let error = get(&part(), &folder.target()).await.unwrap_err();
    assert_eq!(error.find_source(), Some(&FramingError::Part));
    assert_eq!(folder.only(), b"old");

    let api = part();
    let asked = api.get("x").header("range", "bytes=0-3").download();
    assert_eq!(asked.to_path(folder.target()).await.unwrap(), 4);
}

#[tokio::test]
async fn w1_target_that_cannot_be_written_is_named() {
    let folder = Folder::with_old();
    let missing = folder.0.join("missing").join("file");
    for path in [&folder.0, &missing, Path::new("/"), Path::new("")] {
        let error = api().get("range/9").download().to_path(path).await.unwrap_err();
        assert!(error.is_io(), "{error:#}");
        assert_eq!(error.find_source::<FileError>().unwrap().path(), path);
        assert!(error.find_source::<io::Error>().is_some());
        assert_eq!(error.url(), Some("http://in.process/range/9"));
    }
    assert_eq!(folder.only(), b"old");
}

#[cfg(unix)]
#[tokio::test]
async fn w1_symbolic_link_is_replaced_and_not_followed() {
    let (folder, elsewhere) = (Folder::new(), Folder::with_old());
    std::os::unix::fs::symlink(elsewhere.target(), folder.target()).unwrap();
    api().get("range/9").download().to_path(folder.target()).await.unwrap();
    assert_eq!((folder.only().len(), elsewhere.only()), (9, b"old".to_vec()));
    assert!(!folder.target().is_symlink());
}

#[test]
fn w1_download_dropped_at_any_poll_leaves_the_old_file_or_the_new_one() {
    let folder = Folder::with_old();
    let mut polls = 0;
    loop {
        polls += 1;
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let written = runtime.block_on(async {
            let frame = || Ok(Bytes::from(vec![b'x'; 200_000]));
            let api = sending((0..6).map(|_| frame()).collect(), Some(1_200_000));
            let target = folder.target();
            let mut download = pin!(get(&api, &target));
            let mut left = polls;
            let cut = poll_fn(|cx| {
                left -= 1;
                match download.as_mut().poll(cx) {
                    Poll::Ready(written) => Poll::Ready(Some(written)),
                    Poll::Pending if left == 0 => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            });
            cut.await
        });
        // It waits for what is under way in other threads.
        drop(runtime);
        let file = folder.only();
        assert!(file == b"old" || file.len() == 1_200_000, "{polls}: {}", file.len());
        if let Some(written) = written {
            assert_eq!((written.unwrap(), file.len()), (1_200_000, 1_200_000));
            break;
        }
        fs::write(folder.target(), "old").unwrap();
    }
    assert!(polls > 1, "it was never dropped");
}

#[tokio::test]
async fn progress_is_told_from_the_head_to_the_end() {
    for (length, total) in [(Some(3), Some(3)), (None, None)] {
        let mut seen = Vec::new();
        let api = sending(letters("abc"), length);
        let request = api.get("x").download().on_progress(|at| seen.push((at.received, at.total)));
        assert_eq!(request.to_writer(&mut tokio::io::sink()).await.unwrap(), 3);
        assert_eq!(seen, [0, 1, 2, 3].map(|received| (received, total)));
    }
}

#[tokio::test]
async fn writer_gets_what_came_before_the_error() {
    let mut written = Vec::new();
    let api = sending(letters("abc"), Some(9));
    let error = api.get("x").download().to_writer(&mut written).await.unwrap_err();
    assert!(error.is_body() && written == b"abc");

    let (mut writer, reader) = tokio::io::duplex(1);
    drop(reader);
    let error = failure_of(&mut writer).await;
    assert!(error.is_io() && error.url().is_some());
    assert_eq!(error.find_source::<io::Error>().unwrap().kind(), io::ErrorKind::BrokenPipe);
}

async fn failure_of(writer: &mut tokio::io::DuplexStream) -> Error {
    let timeout = Duration::from_secs(3);
    api().get("range/9").timeout(timeout).download().to_writer(writer).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn timeout_covers_a_slow_body_and_a_slow_writer() {
    let timeout = Duration::from_secs(3);
    let client = Client::builder("http://in.process").timeout(timeout);
    let api: Resource<Session<axum::Router>> = client.build_over(testbed::router()).unwrap().into();
    let folder = Folder::with_old();
    let start = Instant::now();
    let request = api.get("drip?duration=8&numbytes=8").download();
    assert!(request.to_path(folder.target()).await.unwrap_err().is_timeout());
    assert_eq!((start.elapsed(), folder.only()), (timeout, b"old".to_vec()));

    let (mut writer, _reader) = tokio::io::duplex(1);
    let start = Instant::now();
    assert!(failure_of(&mut writer).await.is_timeout());
    assert_eq!(start.elapsed(), timeout);
}

#[tokio::test(start_paused = true)]
async fn body_without_end_stops_at_the_deadline_and_lets_others_run() {
    let endless = service_fn(async |_: Request<Body>| {
        let frames = stream::repeat(()).map(|()| Ok::<_, Infallible>(Bytes::from_static(b"x")));
        Ok::<_, Infallible>(Response::new(Body::from_stream(frames)))
    });
    let api = Resource::with_service("http://in.process", endless).unwrap();
    let download = async {
        api.get("x")
            .timeout(Duration::from_secs(1))
            .download()
            .to_writer(&mut tokio::io::sink())
            .await
    };
    let clock = async {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        tokio::time::advance(Duration::from_secs(2)).await;
    };
    let (result, ()) = tokio::join!(download, clock);
    assert!(result.unwrap_err().is_timeout());
}

#[tokio::test]
async fn bad_request_is_the_error() {
    let folder = Folder::with_old();
    let error = api().get("//elsewhere").download().to_path(folder.target()).await.unwrap_err();
    assert!(error.is_url() && !error.may_have_been_sent());
    assert_eq!(folder.only(), b"old");
}
