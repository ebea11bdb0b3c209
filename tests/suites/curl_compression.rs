//! The tests of curl that ask for compressed bodies: whether they are decoded.

use crate::{
    curl::{FILE, Row},
    curl_play::{self, Outcome},
    suite::{LeftOut, Suite},
};

pub(crate) const SUITE: Suite<Row, Outcome> = Suite {
    files: &[FILE],
    case: |row| curl_play::case(row, "compression"),
    left_out: &[LeftOut {
        name: "compressed transfers",
        reason: "transfer codings but `chunked` are not asked for",
        applies: |row| row.asks_for(&["--tr-encoding"]),
    }],
    differences: &[],
    judge: curl_play::judge,
};
