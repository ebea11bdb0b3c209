//! The tests that ask for content only if it changed.

use super::{
    play::{self, Outcome},
    row::Row,
};
use crate::suite::{LeftOut, Suite};

pub(crate) const SUITE: Suite<Row, Outcome> =
    play::suite(|row| play::case(row, "conditional")).leave_out(LEFT_OUT);

const LEFT_OUT: &[LeftOut<Row>] = &[LeftOut {
    name: "tags in files",
    reason: "a program keeps the tags of its responses itself",
    applies: |row| row.asks_for(&["--etag-save"]),
}];
