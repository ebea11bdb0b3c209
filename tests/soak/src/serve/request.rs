//! Requests as they come.

use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::TcpStream,
};

#[derive(Debug)]
pub(super) struct Request {
    pub(super) is_post: bool,
    /// The first segment of the path, which says what is asked for.
    pub(super) mode: String,
    /// The second one.
    pub(super) id: u64,
    pub(super) key: Option<String>,
    pub(super) is_authorized: bool,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// `None` where the client has closed the connection.
    pub(super) async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let mut words = line.split(' ');
        let is_post = words.next() == Some("POST");
        let target = words.next().unwrap_or_default();
        let mut segments = target.split(['/', '?']).skip(1);
        let mode = segments.next().unwrap_or_default().to_owned();
        let id = segments.next().and_then(|id| id.parse().ok()).unwrap_or(0);
        let mut request =
            Self { is_post, mode, id, key: None, is_authorized: false, body: Vec::new() };
        loop {
            line.clear();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match &*name.to_ascii_lowercase() {
                "idempotency-key" => request.key = Some(value.to_owned()),
                "authorization" => request.is_authorized = value == crate::AUTHORIZATION,
                "content-length" => request.body.resize(value.parse().unwrap_or(0), 0),
                _ => {}
            }
        }
        stream.read_exact(&mut request.body).await?;
        Ok(Some(request))
    }
}
