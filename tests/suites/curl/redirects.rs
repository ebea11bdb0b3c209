//! The tests that follow redirects: which requests are sent, and with which credentials.

use super::{
    play::{self, DIGEST, OLD_VERSION, Outcome, PROXY_USER},
    row::Row,
};
use crate::suite::{Difference, LeftOut, Suite};

pub(crate) const SUITE: Suite<Row, Outcome> =
    play::suite(|row| play::case(row, "redirects")).leave_out(LEFT_OUT).differ(DIFFERENCES);

const LEFT_OUT: &[LeftOut<Row>] = &[
    DIGEST,
    PROXY_USER,
    OLD_VERSION,
    LeftOut {
        name: "credentials for all hosts",
        reason: "credentials never leave their origin",
        applies: |row| row.asks_for(&["--location-trusted"]),
    },
    LeftOut {
        name: "methods after a redirect",
        reason: "they are those of RFC 9110 and of browsers; there is no option",
        applies: |row| row.asks_for(&["--post301", "--post302", "--post303"]),
    },
    LeftOut {
        name: "`Referer`",
        reason: "no layer adds one",
        applies: |row| row.asks_for(&["--referer"]),
    },
];

const DIFFERENCES: &[Difference<Row, Outcome>] = &[
    Difference {
        name: "a redirect without a `Location`",
        reason: "it leads nowhere, and is no answer: the error has its status and headers",
        instead: |row, expected| (row.test == "54").then(|| expected.only_first()),
    },
    Difference {
        name: "user information in a `Location`",
        reason: "RFC 9110, section 4.2.4: it is an error; a server does not choose credentials",
        instead: |row, expected| (row.test == "899").then(|| expected.only_first()),
    },
    Difference {
        name: "three slashes in a `Location`",
        reason: "the host is empty by RFC 3986; other parsers skip slashes and read one",
        instead: |row, expected| (row.test == "1141").then(|| expected.only_first()),
    },
];
