//! Brotli (RFC 7932), after which nothing follows.

use super::input::{BoxSource, Decoder, Input, end};
use brotli_decompressor::Decompressor;
use std::io::{self, BufRead, Read};

const BUFFER: usize = 4 * 1024;

pub(super) struct Brotli {
    reader: Decompressor<BoxSource>,
}

impl Brotli {
    pub(super) fn new(source: BoxSource) -> Self {
        Self { reader: Decompressor::new(source, BUFFER) }
    }
}

impl Read for Brotli {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        for _ in 0..2 {
            let read = self.reader.read(into)?;
            if read > 0 {
                return Ok(read);
            }
            // Once more: only then it looks at what it has buffered.
        }
        end(self.reader.get_mut().fill_buf()?)
    }
}

impl Decoder for Brotli {
    fn input(&mut self) -> &mut Input {
        self.reader.get_mut().input()
    }
}
