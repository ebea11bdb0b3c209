//! The tests of curl that send credentials: to whom, and how they are written.

use crate::{
    curl::{FILE, Row},
    curl_play::{self, DIGEST, Outcome, PROXY_USER},
    suite::{LeftOut, Suite},
};

pub(crate) const SUITE: Suite<Row, Outcome> = Suite {
    files: &[FILE],
    case: |row| curl_play::case(row, "auth"),
    left_out: LEFT_OUT,
    differences: &[],
    judge: curl_play::judge,
};

const LEFT_OUT: &[LeftOut<Row>] = &[DIGEST, PROXY_USER];
