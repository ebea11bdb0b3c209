//! The gzip format (RFC 1952).

use super::{
    inflate::inflated,
    input::{BoxSource, Decoder, Input},
};
use flate2::{Crc, Decompress};
use std::io::{self, BufRead, ErrorKind, Read};

/// Members of the gzip format, one after the other.
pub(super) struct Gzip {
    source: BoxSource,
    part: Part,
    /// What the header of the member announces and has not come yet.
    flags: u8,
    /// Of the header, then of what is decoded.
    crc: Crc,
    inflate: Decompress,
    trailer: [u8; 8],
}

#[derive(Clone, Copy)]
enum Part {
    /// The first ten bytes, at this one.
    Fixed(u8),
    ExtraLength,
    ExtraLengthEnd(u8),
    Extra(u16),
    /// A name or a comment.
    Text,
    HeaderCrc,
    HeaderCrcEnd(u8),
    Data,
    /// Checksum and length, at this byte.
    Trailer(usize),
    End,
}

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const HEADER_CRC: u8 = 2;
const RESERVED: u8 = 0xe0;

impl Gzip {
    pub(super) fn new(source: BoxSource) -> Self {
        Self {
            source,
            part: Part::Fixed(0),
            flags: 0,
            crc: Crc::new(),
            inflate: Decompress::new(false),
            trailer: [0; 8],
        }
    }

    fn read_header(&mut self) -> io::Result<()> {
        let byte = self.next_byte()?;
        let is_crc = matches!(self.part, Part::HeaderCrc | Part::HeaderCrcEnd(_));
        let expected = self.crc.sum() as u16;
        if !is_crc {
            self.crc.update(&[byte]);
        }
        self.part = match self.part {
            Part::Fixed(at) => {
                let is_right = match at {
                    0 => byte == 0x1f,
                    1 => byte == 0x8b,
                    2 => byte == 8,
                    3 => byte & RESERVED == 0,
                    _ => true,
                };
                if !is_right {
                    return Err(io::Error::new(ErrorKind::InvalidData, "it is no gzip header"));
                }
                if at == 3 {
                    self.flags = byte;
                }
                if at < 9 { Part::Fixed(at + 1) } else { self.next_part() }
            }
            Part::ExtraLength => Part::ExtraLengthEnd(byte),
            Part::ExtraLengthEnd(low) => match u16::from_le_bytes([low, byte]) {
                0 => self.next_part(),
                length => Part::Extra(length),
            },
            Part::Extra(1) => self.next_part(),
            Part::Extra(left) => Part::Extra(left - 1),
            Part::Text if byte != 0 => Part::Text,
            Part::HeaderCrc => Part::HeaderCrcEnd(byte),
            Part::HeaderCrcEnd(low) if u16::from_le_bytes([low, byte]) != expected => {
                return Err(wrong_checksum());
            }
            _ => self.next_part(),
        };
        Ok(())
    }

    /// What comes next in the header, or the data.
    fn next_part(&mut self) -> Part {
        for (flag, part) in [
            (EXTRA, Part::ExtraLength),
            (NAME, Part::Text),
            (COMMENT, Part::Text),
            (HEADER_CRC, Part::HeaderCrc),
        ] {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                return part;
            }
        }
        self.crc.reset();
        self.inflate.reset(false);
        Part::Data
    }

    fn read_trailer(&mut self, at: usize) -> io::Result<()> {
        self.trailer[at] = self.next_byte()?;
        self.part = Part::Trailer(at + 1);
        if at == 7 {
            let [a, b, c, d, e, f, g, h] = self.trailer;
            let (crc, length) =
                (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
            if (crc, length) != (self.crc.sum(), self.crc.amount()) {
                return Err(wrong_checksum());
            }
            self.part = Part::End;
        }
        Ok(())
    }

    fn next_byte(&mut self) -> io::Result<u8> {
        let byte = *self.source.fill_buf()?.first().ok_or(ErrorKind::UnexpectedEof)?;
        self.source.consume(1);
        Ok(byte)
    }
}

fn wrong_checksum() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "its checksum is wrong")
}

impl Read for Gzip {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.part {
                Part::Data => {
                    let (written, is_end) = inflated(&mut self.inflate, &mut self.source, into)?;
                    self.crc.update(&into[..written]);
                    if is_end {
                        self.part = Part::Trailer(0);
                    }
                    if written > 0 {
                        return Ok(written);
                    }
                }
                Part::Trailer(at) => self.read_trailer(at)?,
                Part::End if self.source.fill_buf()?.is_empty() => return Ok(0),
                Part::End => {
                    self.crc.reset();
                    self.part = Part::Fixed(0);
                }
                _ => self.read_header()?,
            }
        }
    }
}

impl Decoder for Gzip {
    fn input(&mut self) -> &mut Input {
        self.source.input()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder};
    use std::io::Write;

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut input = Input::default();
        input.push(bytes.to_vec().into());
        input.end();
        let mut plain = Vec::new();
        Gzip::new(Box::new(input)).read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn e4_whole_header_is_read() {
        let builder = || GzBuilder::new().extra(vec![7; 300]).filename("name").comment("comment");
        for builder in [builder(), builder().extra(vec![]), GzBuilder::new().comment("")] {
            let mut encoder = builder.write(Vec::new(), Compression::default());
            encoder.write_all(b"plain").unwrap();
            let bytes = encoder.finish().unwrap();
            assert_eq!(read(&bytes).unwrap(), b"plain");
            for end in 0..bytes.len() {
                assert!(read(&bytes[..end]).is_err());
            }
        }
    }

    #[test]
    fn e4_checksum_of_the_header_is_checked() {
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::default());
        encoder.write_all(b"plain").unwrap();
        let bytes = encoder.finish().unwrap();
        let mut header = bytes[..10].to_vec();
        header[3] = HEADER_CRC;
        let mut crc = Crc::new();
        crc.update(&header);
        header.extend((crc.sum() as u16).to_le_bytes());
        assert_eq!(read(&[&header, &bytes[10..]].concat()).unwrap(), b"plain");
        header[10] ^= 1;
        assert!(read(&[&header, &bytes[10..]].concat()).is_err());
    }

    #[test]
    fn e4_what_is_no_header_is_refused() {
        for (at, byte) in [(0, 0), (1, 0), (2, 7), (3, 0x20)] {
            let mut header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0];
            header[at] = byte;
            assert_eq!(read(&header).unwrap_err().kind(), ErrorKind::InvalidData);
        }
    }
}
