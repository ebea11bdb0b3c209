//! The DEFLATE format (RFC 1951), alone and as zlib.
//!
//! `flate2` has readers too, but they ask for input before they give what they still have: a stream that
//! pauses would be short of that. And they take the end of the input for the end of what is encoded.

use super::input::{BoxSource, Decoder, Input, end};
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, BufRead, ErrorKind, Read};

/// The zlib format, or what is in it without the wrapper, as some servers send it.
pub(super) struct Deflate {
    source: BoxSource,
    inflate: Option<Decompress>,
    is_over: bool,
}

impl Deflate {
    pub(super) fn new(source: BoxSource) -> Self {
        Self { source, inflate: None, is_over: false }
    }
}

impl Read for Deflate {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let inflate = match &mut self.inflate {
            Some(inflate) => inflate,
            None => {
                let first = self.source.fill_buf()?.first().ok_or(ErrorKind::UnexpectedEof)?;
                self.inflate.insert(Decompress::new(is_zlib(*first)))
            }
        };
        if !self.is_over {
            let written;
            (written, self.is_over) = inflated(inflate, &mut self.source, into)?;
            if written > 0 {
                return Ok(written);
            }
        }
        end(self.source.fill_buf()?)
    }
}

impl Decoder for Deflate {
    fn input(&mut self) -> &mut Input {
        self.source.input()
    }
}

/// By the method and window size that a zlib stream begins with (RFC 1950 §2.2).
fn is_zlib(first: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7
}

/// How much was written, and whether that was the end.
pub(super) fn inflated(
    inflate: &mut Decompress,
    source: &mut BoxSource,
    into: &mut [u8],
) -> io::Result<(usize, bool)> {
    loop {
        let (input, blocked) = match source.fill_buf() {
            Ok(input) => (input, None),
            Err(error) => (&[][..], Some(error)),
        };
        let is_eof = input.is_empty();
        let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(input, into, FlushDecompress::None)?;
        let read = (inflate.total_in() - before_in) as usize;
        let written = (inflate.total_out() - before_out) as usize;
        source.consume(read);
        let is_end = status == Status::StreamEnd;
        match blocked {
            _ if written > 0 || is_end => return Ok((written, is_end)),
            Some(error) => return Err(error),
            None if is_eof => return Err(ErrorKind::UnexpectedEof.into()),
            None if read == 0 => return Err(ErrorKind::InvalidData.into()),
            None => {}
        }
    }
}
