//! A caller that writes its request as text, and reads what comes back as it is.

use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What the server at an address says to a head without its last lines, until it closes the connection.
///
/// # Errors
///
/// Those of the socket.
pub async fn answer_to(address: &str, head: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("{head}\r\nhost: h\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    rest(stream).await
}

/// What it says to a `POST` whose body is sent only when the server wants it (RFC 9110 §10.1.1).
///
/// # Errors
///
/// Those of the socket.
///
/// # Panics
///
/// The first word is not that it does.
pub async fn answer_to_expecting(address: &str, path: &str, body: &str) -> io::Result<String> {
    const WANTED: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let mut word = [0; WANTED.len()];
    stream.read_exact(&mut word).await?;
    assert_eq!(word, *WANTED, "{}", String::from_utf8_lossy(&word));
    stream.write_all(body.as_bytes()).await?;
    rest(stream).await
}

async fn rest(mut stream: TcpStream) -> io::Result<String> {
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}
