//! The decoders of a body, one behind the other.

use super::{
    brotli::Brotli,
    codings::Coding,
    gzip::Gzip,
    inflate::Deflate,
    input::{BoxSource, Decoder, Input, Source},
    zstd::Zstd,
};
use std::io::{self, BufReader, ErrorKind, Read};

const BUFFER: usize = 4 * 1024;

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
        let most = self.input().received().saturating_mul(self.ratio).max(FREE);
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
            Self::Brotli => Box::new(Brotli::new(source)),
            Self::Zstd => Box::new(Zstd::new(source)?),
        })
    }
}

impl Source for BufReader<Metered> {
    fn input(&mut self) -> &mut Input {
        self.get_mut().input()
    }
}
