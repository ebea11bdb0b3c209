//! The gateway of the examples as a program of its own, in front of the testbed, and in front of nginx before
//! that.

use crate::servers::variable;
use axum::{
    Router,
    body::Body as AxumBody,
    extract::{
        Request, WebSocketUpgrade,
        ws::{self, WebSocket},
    },
    http::HeaderMap,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
    routing::{any, get, post},
};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream};
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use integration_tests::answer_to_expecting;
use std::{
    convert::Infallible,
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
};
use testbed::Testbed;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_tungstenite::{client_async, tungstenite::Message};
use tower_clients::{Body, Client, Resource};

const CHUNK: Bytes = Bytes::from_static(&[0; 64 * 1024]);
const CHUNKS: usize = 16 * 1024;
const GIBIBYTE: usize = 1 << 30;
/// What the memory of the gateway may grow by meanwhile.
const GROWTH_KIB: u64 = 8 * 1024;

/// A program that ends with the test.
struct Program {
    process: Child,
    url: String,
}

impl Program {
    /// Tells its URL in a line of `GATEWAY=..`.
    fn gateway(upstream: &str) -> Self {
        let mut process = Command::new(variable("INTEROP_GATEWAY"))
            .arg(upstream)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("GATEWAY=").unwrap().to_owned();
        Self { process, url }
    }

    /// Passes everything on, and buffers nothing.
    async fn nginx(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("nginx-{}", address.port()));
        fs::create_dir_all(&folder).unwrap();
        let config = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr crit;
             events {{ worker_connections 256; }}
             http {{
               access_log off; client_max_body_size 0;
               client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
               uwsgi_temp_path uwsgi; scgi_temp_path scgi;
               map $http_upgrade $change {{ default upgrade; '' ''; }}
               server {{
                 listen {address};
                 location / {{
                   proxy_pass {upstream}; proxy_http_version 1.1;
                   proxy_buffering off; proxy_request_buffering off;
                   proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $change;
                 }}
               }}
             }}",
            upstream = upstream.trim_end_matches('/'),
        );
        fs::write(folder.join("nginx.conf"), config).unwrap();
        let mut nginx = Command::new(variable("INTEROP_NGINX"));
        nginx.arg("-p").arg(&folder).args(["-c", "nginx.conf", "-e", "stderr"]);
        let process = nginx.spawn().unwrap();
        while TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
        Self { process, url: format!("http://{address}/") }
    }

    /// The most memory that it has had.
    fn peak_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        // It closes of its own accord.
        if let ws::Message::Text(_) = message {
            socket.send(message).await.unwrap();
        }
    }
}

/// The first event at once, the second when the first was seen.
fn events(
    seen: &Arc<Notify>,
) -> impl futures_util::Stream<Item = Result<Event, Infallible>> + use<> {
    let seen = Arc::clone(seen);
    stream::iter(["one", "two"]).enumerate().then(move |(number, data)| {
        let seen = Arc::clone(&seen);
        async move {
            if number > 0 {
                seen.notified().await;
            }
            Ok(Event::default().data(data))
        }
    })
}

async fn trailers(request: Request) -> Response<AxumBody> {
    let body = request.into_body().collect().await.unwrap();
    let trailers = body.trailers().cloned().unwrap_or_default();
    let frames = [Ok::<_, Infallible>(Frame::data(body.to_bytes())), Ok(Frame::trailers(trailers))];
    let response = Response::builder().header("trailer", "x-sum");
    response.body(AxumBody::new(StreamBody::new(stream::iter(frames)))).unwrap()
}

async fn length(request: Request) -> String {
    let mut body = request.into_body().into_data_stream();
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        length += chunk.unwrap().len();
    }
    length.to_string()
}

fn chunks() -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    stream::iter((0..CHUNKS).map(|_| Ok(CHUNK)))
}

/// The testbed, with what it has not; and what tells it that an event was seen.
async fn upstream() -> (Testbed, Arc<Notify>) {
    let seen = Arc::new(Notify::new());
    let sent = Arc::clone(&seen);
    let own = Router::new()
        .route("/own/ws", any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)))
        .route(
            "/own/events",
            get(move || async move { Sse::new(events(&sent)).keep_alive(KeepAlive::default()) }),
        )
        .route("/own/trailers", post(trailers))
        .route("/own/length", post(length))
        .route("/own/chunks", get(async || AxumBody::from_stream(chunks())));
    (Testbed::serve(testbed::router().merge(own)).await.unwrap(), seen)
}

/// Everything that a gateway must pass on, trailers apart: not every server behind it does.
async fn passes_on(gateway: &Program, seen: &Notify) {
    let api = Resource::new(&*gateway.url).unwrap();
    let address = gateway.url.strip_prefix("http://").unwrap();

    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{address}/own/ws"), stream).await.unwrap();
    for text in ["hello", "again"] {
        socket.send(Message::text(text)).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
    }
    socket.close(None).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_close());

    let mut lines = api.get("own/events").lines().await.unwrap();
    assert_eq!(lines.next().await.unwrap().unwrap(), "data: one");
    seen.notify_one();
    assert_eq!(lines.next().await.unwrap().unwrap(), "");
    assert_eq!(lines.next().await.unwrap().unwrap(), "data: two");

    let before = gateway.peak_kib();
    let uploaded = api.post("own/length").body(Body::from_stream(chunks())).text().await.unwrap();
    assert_eq!(uploaded, GIBIBYTE.to_string());
    let mut download = api.get("own/chunks").chunks().await.unwrap();
    let mut downloaded = 0;
    while let Some(chunk) = download.next().await {
        downloaded += chunk.unwrap().len();
    }
    assert_eq!(downloaded, GIBIBYTE);
    let growth = gateway.peak_kib() - before;
    println!("2 GiB passed on, {growth} KiB more memory");
    assert!(growth <= GROWTH_KIB, "{growth} KiB");

    let rest = answer_to_expecting(address, "/own/length", "abc").await.unwrap();
    assert!(rest.starts_with("HTTP/1.1 200 OK") && rest.ends_with("\r\n\r\n3"), "{rest}");
}

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn gateway_before_the_testbed() {
    let (testbed, seen) = upstream().await;
    let gateway = Program::gateway(testbed.url());
    passes_on(&gateway, &seen).await;

    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "7".parse().unwrap())]);
    let frames =
        [Ok::<_, Infallible>(Frame::data(Bytes::from("abc"))), Ok(Frame::trailers(trailers))];
    let client = Client::new(&*gateway.url).unwrap();
    let response = client
        .post("own/trailers")
        .header("te", "trailers")
        .header("trailer", "x-sum")
        .body(Body::new(StreamBody::new(stream::iter(frames))))
        .await
        .unwrap();
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["x-sum"], "7");
    assert_eq!(body.to_bytes(), "abc");
}

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn gateway_before_nginx() {
    let (testbed, seen) = upstream().await;
    let nginx = Program::nginx(testbed.url()).await;
    passes_on(&Program::gateway(&nginx.url), &seen).await;
}
