//! The tests that ask for compressed bodies: whether they are decoded.

use super::{
    play::{self, Outcome},
    row::Row,
};
use crate::suite::{LeftOut, Suite};

pub(crate) const SUITE: Suite<Row, Outcome> =
    play::suite(|row| play::case(row, "compression")).leave_out(LEFT_OUT);

const LEFT_OUT: &[LeftOut<Row>] = &[LeftOut {
    name: "compressed transfers",
    reason: "transfer codings but `chunked` are not asked for",
    applies: |row| row.asks_for(&["--tr-encoding"]),
}];
