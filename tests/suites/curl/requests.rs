//! The tests about nothing else: which requests are sent.

use super::{
    play::{self, OLD_VERSION, Outcome, PROXY_USER},
    row::Row,
};
use crate::suite::{LeftOut, Suite};

pub(crate) const SUITE: Suite<Row, Outcome> =
    play::suite(|row| play::case(row, "requests")).leave_out(LEFT_OUT);

const LEFT_OUT: &[LeftOut<Row>] = &[
    OLD_VERSION,
    PROXY_USER,
    LeftOut {
        name: "which hosts have no proxy",
        reason: "the transport connects to servers only",
        applies: |row| row.asks_for(&["--noproxy"]) || row.test == "1251",
    },
    LeftOut {
        name: "FTP",
        reason: "it is not HTTP, but where a proxy makes it so",
        applies: |row| row.asks_for_url("ftp://"),
    },
    LeftOut {
        name: "transfers as they are",
        reason: "a body never has its framing",
        applies: |row| row.asks_for(&["--raw"]),
    },
    LeftOut {
        name: "queries and forms of the command line",
        reason: "here they are made of types, in another encoding",
        applies: |row| row.asks_for(&["--data-urlencode", "--url-query"]),
    },
    LeftOut {
        name: "notations of the command line",
        reason: "patterns, names of files, headers that are taken away and `http:/` are read by the tool",
        applies: |row| {
            const TESTS: [&str; 9] =
                ["4", "214", "461", "469", "490", "1143", "1147", "1157", "1628"];
            TESTS.contains(&row.test.as_str())
        },
    },
    LeftOut {
        name: "several names of the server",
        reason: "the name is in the URL, so there is one",
        applies: |row| row.test == "1121",
    },
];
