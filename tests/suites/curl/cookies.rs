//! The tests about cookies: which are sent, and which are kept.

use super::{
    play::{self, Outcome},
    row::Row,
};
use crate::suite::{Difference, Suite};

pub(crate) const SUITE: Suite<Row, Outcome> =
    play::suite(|row| play::case(row, "cookies")).differ(DIFFERENCES);

const DIFFERENCES: &[Difference<Row, Outcome>] = &[
    Difference {
        name: "older cookies go first",
        reason: "RFC 6265bis, section 5.8.3, for paths of one length; curl sends longer names and newer cookies first",
        instead: |row, expected| match row.test.as_str() {
            "46" => Some(expected.with_sent("empty=; mooo2=indeed2", "mooo2=indeed2; empty=")),
            "62" => Some(expected.with_sent("test2=yes; test=yes", "test=yes; test2=yes")),
            "1216" => {
                Some(expected.with_sent("moo3=indeed; moo2=indeed", "moo2=indeed; moo3=indeed"))
            }
            // There is room for two of three.
            "427" => Some(expected.with_sent("long3=", "long1=")),
            _ => None,
        },
    },
    Difference {
        name: "a header of the program goes alone",
        reason: "who writes a `Cookie` says what is sent",
        instead: |row, expected| {
            (row.test == "172")
                .then(|| expected.with_sent("nodomain=value; partmatch=present; ", ""))
        },
    },
    Difference {
        name: "a name under which others register is its own domain only",
        reason: "RFC 6265bis, section 5.7; the list has the name that is a row of the file by now",
        instead: |row, expected| {
            (row.test == "1136").then(|| {
                expected.with_kept("amazonaws.com/, below: true", "amazonaws.com/, below: false")
            })
        },
    },
    Difference {
        name: "dates may be long",
        reason: "RFC 6265bis, section 5.1.1, has no limit; curl reads 79 bytes",
        instead: |row, expected| {
            (row.test == "483").then(|| {
                expected.with_kept(
                    "name4=value of 127.0.0.1/, below: false, ends: false",
                    "name4=value of 127.0.0.1/, below: false, ends: true",
                )
            })
        },
    },
    Difference {
        name: "a path in quotes is none",
        reason: "RFC 6265bis, section 5.6.4",
        instead: |row, expected| {
            (row.test == "1105").then(|| expected.with_kept("127.0.0.1/silly", "127.0.0.1/we/want"))
        },
    },
    Difference {
        name: "a tab is a part of a cookie",
        reason: "RFC 6265bis, section 5.6, which forbids all other control characters",
        instead: |row, expected| {
            (row.test == "1105").then(|| {
                expected.and_kept(&[
                    "bar\tfoo= of 127.0.0.1/we/want, below: false, ends: false",
                    "bar=foo\tbar of 127.0.0.1/we/want, below: false, ends: false",
                    "foo\tbar=barfoo of 127.0.0.1/we/want, below: false, ends: false",
                ])
            })
        },
    },
];
