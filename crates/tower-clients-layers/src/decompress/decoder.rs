//! Decoders that are fed from outside: without input they say [`WouldBlock`](ErrorKind::WouldBlock), and
//! can be read on when there is more.

use super::{codings::Coding, gzip::Gzip, inflate::Deflate, zstd::Zstd};
use brotli_decompressor::Decompressor as Brotli;
use bytes::{Buf, Bytes};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

const BUFFER: usize = 4 * 1024;

/// Gives `Ok(0)` only when its input is over and nothing of it is left.
pub(super) trait Decoder: Read + Send + Sync {
    fn input(&mut self) -> &mut Input;
}

/// What a decoder reads from: the input, or another decoder.
pub(super) trait Source: BufRead + Send + Sync {
    fn input(&mut self) -> &mut Input;
}

pub(super) type BoxSource = Box<dyn Source>;

/// Decodes what `codings` were applied to, in that order. An error of the kind `QuotaExceeded` says that
/// one of them makes more than `ratio` bytes of each one received.
pub(super) fn decoder(codings: &[Coding], ratio: u64) -> io::Result<Box<dyn Decoder>> {
    let mut source: BoxSource = Box::<Input>::default();
    let [first, others @ ..] = codings else {
        return Err(ErrorKind::InvalidInput.into());
    };
    for coding in others.iter().rev() {
        let decoder = Metered { decoder: coding.decoder(source)?, given: 0, ratio };
        source = Box::new(BufReader::with_capacity(BUFFER, decoder));
    }
    Ok(Box::new(Metered { decoder: first.decoder(source)?, given: 0, ratio }))
}

/// So much may come of whatever little.
const FREE: u64 = 1024 * 1024;

/// Limits what a decoder gives, also to another one, of which nothing may come out.
struct Metered {
    decoder: Box<dyn Decoder>,
    given: u64,
    ratio: u64,
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(into)?;
        self.given += read as u64;
        let most = self.input().received.saturating_mul(self.ratio).max(FREE);
        if self.given > most { Err(ErrorKind::QuotaExceeded.into()) } else { Ok(read) }
    }
}

impl Decoder for Metered {
    fn input(&mut self) -> &mut Input {
        self.decoder.input()
    }
}

impl Coding {
    fn decoder(self, source: BoxSource) -> io::Result<Box<dyn Decoder>> {
        Ok(match self {
            Self::Gzip => Box::new(Gzip::new(source)),
            Self::Deflate => Box::new(Deflate::new(source)),
            Self::Brotli => Box::new(Strict { brotli: Brotli::new(source, BUFFER) }),
            Self::Zstd => Box::new(Zstd::new(source)?),
        })
    }
}

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

impl Source for BufReader<Metered> {
    fn input(&mut self) -> &mut Input {
        self.get_mut().input()
    }
}

/// Brotli, after which nothing follows.
struct Strict {
    brotli: Brotli<BoxSource>,
}

impl Read for Strict {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        for _ in 0..2 {
            let read = self.brotli.read(into)?;
            if read > 0 {
                return Ok(read);
            }
            // Once more: only then it looks at what it has buffered.
        }
        end(self.brotli.get_mut().fill_buf()?)
    }
}

impl Decoder for Strict {
    fn input(&mut self) -> &mut Input {
        self.brotli.get_mut().input()
    }
}

/// Nothing may follow the end.
pub(super) fn end(rest: &[u8]) -> io::Result<usize> {
    match rest {
        [] => Ok(0),
        _ => Err(io::Error::new(ErrorKind::InvalidData, "more follows the end")),
    }
}
