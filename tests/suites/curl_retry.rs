//! The tests of curl that send a request again.

use crate::{
    curl::{FILE, Row},
    curl_play::{self, Outcome},
    suite::Suite,
};

pub(crate) const SUITE: Suite<Row, Outcome> = Suite {
    files: &[FILE],
    case: |row| curl_play::case(row, "retry"),
    left_out: &[],
    differences: &[],
    judge: curl_play::judge,
};
