//! The server: plays a script and writes down what happens.

use super::framing::{Response, read};
use http::Method;
use std::{
    fmt,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::yield_now,
    time::{Duration, sleep},
};

/// What happened on all connections, in the order in which they were taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    connections: Vec<Connection>,
}

#[derive(Clone, Default)]
struct Connection {
    written: Vec<u8>,
    is_ended: bool,
    /// The numbers of the requests.
    requests: Vec<usize>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (written, requests) = (self.written.escape_ascii(), &self.requests);
        write!(f, "\"{written}\", requests {requests:?}, ended: {}", self.is_ended)
    }
}

impl Log {
    /// Looks back at a request, from what there was before it: whether it may have used the connection
    /// that it used, and whether its answer is what was sent for it.
    pub(super) fn judge(&self, method: &Method, number: usize, before: &Self, body: Option<&[u8]>) {
        let mut uses = Vec::new();
        for (index, connection) in self.connections.iter().enumerate() {
            let places = connection.requests.iter().enumerate();
            uses.extend(places.filter(|(_, other)| **other == number).map(|(place, _)| (index, place)));
        }
        // What was there before a retry is not known.
        let [(index, place)] = uses[..] else { return };
        let connection = &self.connections[index];
        let fresh = Connection::default();
        let before = before.connections.get(index).unwrap_or(&fresh);
        if place > 0 {
            assert!(!before.is_ended, "a connection that has ended is used");
            let mut rest = &before.written[..];
            for _ in 0..place {
                let Response::Complete { is_last: false, length, .. } = read(method, rest) else {
                    panic!("used after a doubtful response: {before:?}");
                };
                rest = &rest[length..];
            }
            assert!(rest.is_empty(), "used in spite of what came after the response: {before:?}");
        }
        let Some(body) = body else { return };
        match read(method, &connection.written[before.written.len()..]) {
            Response::Complete { body: sent, .. } => assert_eq!(body, sent, "{connection:?}"),
            Response::UntilClose { body: sent } => assert_eq!(body, sent, "{connection:?}"),
            Response::Incomplete => panic!("cut, and given as whole: {connection:?}"),
            Response::Doubtful => {}
        }
    }
}

pub(super) struct Server {
    listener: TcpListener,
    log: Arc<Mutex<Log>>,
}

struct Stream {
    write: OwnedWriteHalf,
    /// How many requests there were.
    requests: watch::Receiver<usize>,
    answered: usize,
    index: usize,
}

impl Server {
    pub(super) fn new(listener: TcpListener, log: Arc<Mutex<Log>>) -> Self {
        Self { listener, log }
    }

    pub(super) async fn play(self, script: Vec<u8>) {
        let mut pieces = script.split(|byte| *byte == 0xff);
        let Some(mut stream) = self.accept().await else { return };
        self.write(&mut stream, pieces.next().unwrap_or_default()).await;
        for piece in pieces {
            let Some((command, bytes)) = piece.split_first() else { continue };
            match command {
                b's' => sleep(Duration::from_secs(1)).await,
                b'a' => stream.next_request().await,
                b'c' => {
                    self.log.lock().unwrap().connections[stream.index].is_ended = true;
                    // It may be closed already.
                    let _ = stream.write.shutdown().await;
                }
                b'n' | b'r' => {
                    if *command == b'r' {
                        let _ = stream.write.as_ref().set_zero_linger();
                    }
                    self.log.lock().unwrap().connections[stream.index].is_ended = true;
                    drop(stream);
                    let Some(next) = self.accept().await else { return };
                    stream = next;
                }
                _ => {
                    yield_now().await;
                    yield_now().await;
                }
            }
            self.write(&mut stream, bytes).await;
        }
        std::future::pending::<()>().await;
    }

    /// Takes a connection and waits for a request on it.
    async fn accept(&self) -> Option<Stream> {
        let (stream, _) = self.listener.accept().await.ok()?;
        // What is written is sent at once, whatever was acknowledged.
        stream.set_nodelay(true).ok()?;
        let (read, write) = stream.into_split();
        let (count, requests) = watch::channel(0);
        let index = {
            let connections = &mut self.log.lock().unwrap().connections;
            connections.push(Connection::default());
            connections.len() - 1
        };
        tokio::spawn(listen(read, index, Arc::clone(&self.log), count));
        let mut stream = Stream { write, requests, answered: 0, index };
        stream.next_request().await;
        Some(stream)
    }

    async fn write(&self, stream: &mut Stream, bytes: &[u8]) {
        if stream.write.write_all(bytes).await.is_ok() {
            self.log.lock().unwrap().connections[stream.index].written.extend_from_slice(bytes);
        }
    }
}

impl Stream {
    async fn next_request(&mut self) {
        let answered = self.answered;
        // The connection may end before.
        let _ = self.requests.wait_for(|count| *count > answered).await;
        self.answered += 1;
    }
}

/// Writes down the requests that come.
async fn listen(mut read: OwnedReadHalf, index: usize, log: Arc<Mutex<Log>>, count: watch::Sender<usize>) {
    let mut bytes = Vec::new();
    while read.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
        while let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            let head: Vec<u8> = bytes.drain(..end + 4).collect();
            let path = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
            let number = str::from_utf8(path).ok().and_then(|path| path.strip_prefix('/')?.parse().ok());
            if let Some(number) = number {
                log.lock().unwrap().connections[index].requests.push(number);
            }
            count.send_modify(|count| *count += 1);
        }
    }
}
