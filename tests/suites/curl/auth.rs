//! The tests that send credentials: to whom, and how they are written.

use super::{
    play::{self, DIGEST, Outcome, PROXY_USER},
    row::Row,
};
use crate::suite::{LeftOut, Suite};

pub(crate) const SUITE: Suite<Row, Outcome> =
    play::suite(|row| play::case(row, "auth")).leave_out(LEFT_OUT);

const LEFT_OUT: &[LeftOut<Row>] = &[DIGEST, PROXY_USER];
