//! The tests that send a request again.

use super::{
    play::{self, Outcome},
    row::Row,
};
use crate::suite::Suite;

pub(crate) const SUITE: Suite<Row, Outcome> = play::suite(|row| play::case(row, "retry"));
