//! Zstandard (RFC 8878), whose frames have the size that they tell. The library compares it only where it is
//! given a whole frame at once, and then the result would depend on how a body is cut.

use super::input::{BoxSource, Decoder, Input};
use std::io::{self, ErrorKind, Read};
use zstd::{
    stream::{
        raw::{self, InBuffer, Operation, OutBuffer},
        zio,
    },
    zstd_safe::{DParameter, WriteBuf, get_frame_content_size},
};

/// What RFC 9659 allows a content coding: 8 MiB.
const WINDOW_LOG: u32 = 23;
/// No header of a frame is longer.
const HEADER: usize = 18;

pub(super) struct Zstd {
    reader: zio::Reader<BoxSource, Frames>,
}

impl Zstd {
    pub(super) fn new(source: BoxSource) -> io::Result<Self> {
        let mut decoder = raw::Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        let frames = Frames { decoder, header: [0; HEADER], seen: 0, given: 0 };
        Ok(Self { reader: zio::Reader::new(source, frames) })
    }
}

impl Read for Zstd {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into)
    }
}

impl Decoder for Zstd {
    fn input(&mut self) -> &mut Input {
        self.reader.reader_mut().input()
    }
}

struct Frames {
    decoder: raw::Decoder<'static>,
    /// The beginning of the frame, as far as it was seen.
    header: [u8; HEADER],
    seen: usize,
    /// What came of the frame.
    given: u64,
}

impl Frames {
    fn see(&mut self, bytes: &[u8]) {
        let amount = bytes.len().min(HEADER - self.seen);
        self.header[self.seen..][..amount].copy_from_slice(&bytes[..amount]);
        self.seen += amount;
    }

    fn end_frame(&mut self) -> io::Result<()> {
        let told = get_frame_content_size(&self.header[..self.seen]);
        let given = std::mem::take(&mut self.given);
        self.seen = 0;
        match told {
            Ok(told) if told.is_none_or(|told| told == given) => Ok(()),
            _ => Err(io::Error::new(ErrorKind::InvalidData, "a frame is not as long as it tells")),
        }
    }
}

impl Operation for Frames {
    fn run<C: WriteBuf + ?Sized>(
        &mut self,
        input: &mut InBuffer<'_>,
        output: &mut OutBuffer<'_, C>,
    ) -> io::Result<usize> {
        let (from, had) = (input.pos(), output.pos());
        let hint = self.decoder.run(input, output)?;
        self.given += (output.pos() - had) as u64;
        self.see(&input.src[from..input.pos()]);
        if hint == 0 && self.seen > 0 {
            self.end_frame()?;
        }
        Ok(hint)
    }

    fn reinit(&mut self) -> io::Result<()> {
        self.decoder.reinit()
    }

    fn finish<C: WriteBuf + ?Sized>(
        &mut self,
        output: &mut OutBuffer<'_, C>,
        finished_frame: bool,
    ) -> io::Result<usize> {
        self.decoder.finish(output, finished_frame)
    }
}
