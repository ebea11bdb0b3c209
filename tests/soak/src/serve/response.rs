//! What responses are made of.

use flate2::{Compression, write::GzEncoder};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::TcpStream,
    time::sleep,
};

const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) type Stream = BufReader<TcpStream>;

/// What happens to a connection after an answer.
pub(super) enum After {
    Goes,
    Closes,
    Resets,
}

/// Sends an answer in so many pieces.
pub(super) async fn pieces(stream: &mut Stream, answer: &str, count: usize) -> io::Result<After> {
    for piece in answer.as_bytes().chunks(answer.len().div_ceil(count)) {
        stream.write_all(piece).await?;
        sleep(MILLISECOND).await;
    }
    Ok(After::Goes)
}

pub(super) fn whole(body: &str) -> String {
    head("content-type: text/plain", body.len()) + body
}

pub(super) fn head(line: &str, length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\n{line}\r\ncontent-length: {length}\r\n\r\n")
}

pub(super) fn zip(bytes: &mut impl io::Read) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(bytes, &mut encoder)?;
    encoder.finish()
}
