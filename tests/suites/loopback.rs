//! A server that says what it is told to, be it HTTP or not.

use libtest_mimic::Failed;
use std::{io, mem};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    /// Whether the connection ends with it.
    pub(crate) closes: bool,
}

/// Answers each request on `listener`, one connection after the other, and never ends.
pub(crate) async fn serve<T>(
    listener: &TcpListener,
    mut reply: impl FnMut(&str) -> Reply,
) -> Result<T, Failed> {
    loop {
        let (stream, _) = listener.accept().await?;
        // What becomes of a connection is for the client to say.
        let _ = serve_connection(stream, &mut reply).await;
    }
}

async fn serve_connection(
    mut stream: TcpStream,
    reply: &mut impl FnMut(&str) -> Reply,
) -> io::Result<()> {
    let (mut got, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        while !is_whole(&got) {
            match stream.read(&mut buffer).await? {
                0 => return Ok(()),
                read => got.extend(&buffer[..read]),
            }
        }
        let Reply { bytes, closes } = reply(&String::from_utf8_lossy(&mem::take(&mut got)));
        stream.write_all(&bytes).await?;
        if closes {
            return stream.shutdown().await;
        }
    }
}

/// Whether there is all of a message: by the length that it names, or by the chunk without bytes.
pub(crate) fn is_whole(message: &[u8]) -> bool {
    let text = String::from_utf8_lossy(message).to_lowercase().replace("\r\n", "\n");
    let Some((head, body)) = text.split_once("\n\n") else { return false };
    let mut lengths = head.lines().filter_map(|line| line.strip_prefix("content-length:"));
    match lengths.next() {
        Some(length) => length.trim().parse().is_ok_and(|length: usize| body.len() >= length),
        None => !head.contains("\ntransfer-encoding:") || body.ends_with("0\n\n"),
    }
}
