//! The tests of curl that ask for content only if it changed.

use crate::{
    curl::{FILE, Row},
    curl_play::{self, Outcome},
    suite::{LeftOut, Suite},
};

pub(crate) const SUITE: Suite<Row, Outcome> = Suite {
    files: &[FILE],
    case: |row| curl_play::case(row, "conditional"),
    left_out: LEFT_OUT,
    differences: &[],
    judge: curl_play::judge,
};

const LEFT_OUT: &[LeftOut<Row>] = &[LeftOut {
    name: "tags in files",
    reason: "a program keeps the tags of its responses itself",
    applies: |row| row.asks_for(&["--etag-save"]),
}];
