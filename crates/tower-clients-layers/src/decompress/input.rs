//! Decoders that are fed from outside: without input they say [`WouldBlock`](ErrorKind::WouldBlock), and
//! can be read on when there is more.

use bytes::{Buf, Bytes};
use std::io::{self, BufRead, ErrorKind, Read};

/// Gives `Ok(0)` only when its input is over and nothing of it is left.
pub(super) trait Decoder: Read + Send + Sync {
    fn input(&mut self) -> &mut Input;
}

/// What a decoder reads from: the input, or another decoder.
pub(super) trait Source: BufRead + Send + Sync {
    fn input(&mut self) -> &mut Input;
}

pub(super) type BoxSource = Box<dyn Source>;

/// What came and was not read yet.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Bytes,
    received: u64,
    is_over: bool,
}

impl Input {
    /// Gives it what came.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.received += bytes.len() as u64;
        self.bytes = bytes;
    }

    /// How many bytes came.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Says that nothing more comes; whether anything came.
    pub(super) fn end(&mut self) -> bool {
        self.is_over = true;
        self.received > 0
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.bytes.is_empty() && !self.is_over {
            true => Err(ErrorKind::WouldBlock.into()),
            false => Ok(&self.bytes),
        }
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.advance(amount);
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(into)?;
        self.consume(amount);
        Ok(amount)
    }
}

impl Source for Input {
    fn input(&mut self) -> &mut Input {
        self
    }
}

/// Nothing may follow the end.
pub(super) fn end(rest: &[u8]) -> io::Result<usize> {
    match rest {
        [] => Ok(0),
        _ => Err(io::Error::new(ErrorKind::InvalidData, "more follows the end")),
    }
}
