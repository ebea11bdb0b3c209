//! What bytes go through: a connection of TCP, or of a Unix socket.

#[cfg(any(feature = "proxy", feature = "tls"))]
mod preconnected;
#[cfg(unix)]
mod unix;

#[cfg(any(feature = "proxy", feature = "tls"))]
pub(crate) use self::preconnected::Preconnected;
#[cfg(unix)]
pub(crate) use self::unix::{Socket, of_tcp};

use hyper_util::rt::TokioIo;
use std::{error::Error, fmt, io};
#[cfg(not(unix))]
use tokio::net::TcpStream;

#[cfg(not(unix))]
pub(crate) type Socket = TokioIo<TcpStream>;

#[cfg(not(unix))]
pub(crate) fn of_tcp(stream: TcpStream) -> Socket {
    TokioIo::new(stream)
}

/// Nobody answers at an address.
#[derive(Debug)]
pub(crate) struct Unreachable {
    address: String,
    error: io::Error,
}

impl Unreachable {
    pub(crate) fn new(address: impl fmt::Display, error: io::Error) -> Self {
        Self { address: address.to_string(), error }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be connected to", self.address)
    }
}

impl Error for Unreachable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
