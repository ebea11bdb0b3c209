//! The tests that ask for a part of the content.

use super::{
    play::{self, Outcome},
    row::Row,
};
use crate::suite::{Difference, LeftOut, Suite};

pub(crate) const SUITE: Suite<Row, Outcome> =
    play::suite(|row| play::case(row, "ranges")).leave_out(LEFT_OUT).differ(DIFFERENCES);

const LEFT_OUT: &[LeftOut<Row>] = &[LeftOut {
    name: "parts of uploads",
    reason: "RFC 9110, section 14.4: `Content-Range` in a request has no meaning of its own",
    applies: |row| row.asks_for(&["-T"]),
}];

const DIFFERENCES: &[Difference<Row, Outcome>] = &[Difference {
    name: "a part that is not there",
    reason: "curl knows that it has all the content; here the status is what the server says",
    instead: |row, expected| {
        ["194", "1475"].contains(&row.test.as_str()).then(|| expected.failed())
    },
}];
