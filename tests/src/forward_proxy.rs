//! A proxy that carries out what it is asked for, and keeps how it was asked.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

/// What a [`ForwardProxy`] speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP, for all who ask.
    Http,
    /// HTTP, and answers with this.
    Answer(&'static str),
    /// SOCKS 5, for all who ask.
    Socks,
    /// SOCKS 5, for this user and password.
    SocksFor(&'static str, &'static str),
}

/// A proxy on a free loopback port that leads to one server, whatever host it is asked for. It stops when
/// dropped; its connections end when both sides have closed them.
#[derive(Debug)]
pub struct ForwardProxy {
    addr: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: AbortHandle,
}

impl ForwardProxy {
    /// Stands before a server.
    ///
    /// # Panics
    ///
    /// There is no port.
    pub async fn before(server: SocketAddr, speaks: Speaks) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    // A client may close at any time.
                    let _ = serve(client, server, speaks, &seen).await;
                });
            }
        });
        Self { addr, asked, accepting: task.abort_handle() }
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The first head of each connection, or the host and port that SOCKS was asked for.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut client: TcpStream,
    server: SocketAddr,
    speaks: Speaks,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let asked = match speaks {
        Speaks::Http | Speaks::Answer(_) => head(&mut client).await?,
        Speaks::Socks => socks(&mut client, None).await?,
        Speaks::SocksFor(user, password) => socks(&mut client, Some((user, password))).await?,
    };
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
    if let Speaks::Answer(answer) = speaks {
        return client.write_all(answer.as_bytes()).await;
    }
    let mut server = TcpStream::connect(server).await?;
    if asked.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
    } else if speaks == Speaks::Http {
        server.write_all(asked.as_bytes()).await?;
    }
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

async fn head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    String::from_utf8(head).map_err(io::Error::other)
}

async fn text(client: &mut TcpStream) -> io::Result<String> {
    let mut text = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut text).await?;
    String::from_utf8(text).map_err(io::Error::other)
}

/// The server's side of RFC 1928 and, for credentials, RFC 1929.
async fn socks(client: &mut TcpStream, credentials: Option<(&str, &str)>) -> io::Result<String> {
    let version = client.read_u8().await?;
    let mut methods = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut methods).await?;
    let method = if credentials.is_some() { 2 } else { 0 };
    if version != 5 || !methods.contains(&method) {
        client.write_all(&[5, 0xff]).await?;
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    client.write_all(&[5, method]).await?;
    if let Some((user, password)) = credentials {
        client.read_u8().await?;
        let is_right = (text(client).await?, text(client).await?) == (user.into(), password.into());
        client.write_all(&[1, u8::from(!is_right)]).await?;
        if !is_right {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => Ipv4Addr::from_bits(client.read_u32().await?).to_string(),
        _ => text(client).await?,
    };
    let port = client.read_u16().await?;
    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await?;
    Ok(format!("{host}:{port}"))
}
