//! A socket where there are two kinds of them.

use super::{TokioIo, Unreachable, io};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use std::{
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::net::{TcpStream, UnixStream};

pub(crate) enum Socket {
    Tcp(TokioIo<TcpStream>),
    Unix(TokioIo<UnixStream>),
}

pub(crate) fn of_tcp(stream: TcpStream) -> Socket {
    Socket::Tcp(TokioIo::new(stream))
}

impl Socket {
    pub(crate) async fn at(path: &Path) -> Result<Self, Unreachable> {
        let stream = UnixStream::connect(path).await;
        let stream = stream.map_err(|error| Unreachable::new(path.display(), error))?;
        Ok(Self::Unix(TokioIo::new(stream)))
    }
}

/// The same of either one.
macro_rules! of_either {
    ($socket:expr, $stream:ident => $result:expr) => {
        match $socket {
            Socket::Tcp($stream) => $result,
            Socket::Unix($stream) => $result,
        }
    };
}

impl Read for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        of_either!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl Write for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        of_either!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_either!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_either!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }

    fn is_write_vectored(&self) -> bool {
        of_either!(self, stream => stream.is_write_vectored())
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        of_either!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }
}

/// It knows nothing of HTTP.
impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
