//! The tests about replies that are broken or framed in uncommon ways.

use super::{
    play::{self, OLD_VERSION, Outcome},
    row::Row,
};
use crate::suite::{Difference, LeftOut, Suite};

pub(crate) const SUITE: Suite<Row, Outcome> =
    play::suite(|row| play::case(row, "replies")).leave_out(LEFT_OUT).differ(DIFFERENCES);

const LEFT_OUT: &[LeftOut<Row>] = &[
    OLD_VERSION,
    LeftOut {
        name: "time limits",
        reason: "they are tested without real time",
        applies: |row| row.asks_for(&["-m"]),
    },
    LeftOut {
        name: "patterns of file names",
        reason: "what is sent is not found by the client",
        applies: |row| row.test == "491",
    },
    LeftOut {
        name: "addresses of the command line",
        reason: "there is no option for them that could be wrong",
        applies: |row| row.asks_for(&["--connect-to"]),
    },
];

const DIFFERENCES: &[Difference<Row, Outcome>] = &[
    Difference {
        name: "a length beyond all numbers",
        reason: "RFC 9112, section 6.3: it is an error; curl reads to the end of the connection",
        instead: |row, expected| (row.test == "395").then(|| expected.failed()),
    },
    Difference {
        name: "lines of chunks end in CRLF",
        reason: "RFC 9112, section 7.1; section 2.2 lets a client be lenient about heads only",
        instead: |row, expected| {
            ["1116", "1417"].contains(&row.test.as_str()).then(|| expected.failed())
        },
    },
    Difference {
        name: "heads may be longer",
        reason: "a head ends the exchange beyond 400 KiB; curl allows 100 KiB for a line",
        instead: |row, expected| (row.test == "1154").then(|| expected.succeeded()),
    },
];
