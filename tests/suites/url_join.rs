//! The examples of RFC 3986 §5.4 and the tests of Python's `urljoin`.

use crate::{
    resolution::{Outcome, Resolution, origin_of},
    suite::{Case, Difference, Suite},
};
use http::Uri;
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;

pub(crate) const SUITE: Suite<Row, Outcome> = Suite::new(
    &["urljoin/rfc3986-5.4.json", "urljoin/cpython-test_urlparse-checkJoin.json"],
    case,
    judge,
)
.differ(DIFFERENCES);

const DIFFERENCES: &[Difference<Row, Outcome>] = &[
    Difference {
        name: "a base has no query to inherit",
        reason: "a reference without path and query means the base, and a base has no query",
        instead: |row, expected| match expected {
            Outcome::Joined(url) if row.inherits_query() => {
                Some(Outcome::Joined(url.split('?').next()?.to_owned()))
            }
            _ => None,
        },
    },
    Difference {
        name: "the own scheme without a host",
        reason: "it is a URL without host for RFC 3986 §5.2.2, whatever old parsers make of it",
        instead: |row, expected| {
            let refused = row.resolution().has_own_scheme_only();
            (refused && *expected != Outcome::JoinRefused).then_some(Outcome::JoinRefused)
        },
    },
];

#[derive(Deserialize)]
pub(crate) struct Row {
    base: String,
    #[serde(rename = "ref")]
    reference: String,
    expected: String,
}

impl Row {
    fn resolution(&self) -> Resolution<'_> {
        let target = if self.names_a_host() { &self.expected } else { &self.base };
        Resolution { base: &self.base, reference: &self.reference, target: Some(target) }
    }

    fn names_a_host(&self) -> bool {
        self.expected.contains("://") && origin_of(&self.expected).is_some()
    }

    fn inherits_query(&self) -> bool {
        self.reference.is_empty() || self.reference.starts_with('#')
    }

    fn outcome(&self) -> Outcome {
        if origin_of(&self.base).is_none() {
            return Outcome::BaseRefused;
        }
        // A fragment is never sent.
        let sent = self.expected.split('#').next().unwrap_or_default();
        match sent.parse::<Uri>() {
            // As a `Uri` it has the path `/` when it has none.
            Ok(uri) if self.names_a_host() => Outcome::Joined(uri.to_string()),
            _ => Outcome::JoinRefused,
        }
    }
}

fn case(row: Value) -> serde_json::Result<Option<Case<Row, Outcome>>> {
    let row: Row = serde_json::from_value(row)?;
    let http = row.base.starts_with("http://") || row.base.starts_with("https://");
    let label = format!("{} + {}", row.base, row.reference);
    Ok(http.then(|| Case { label, expected: row.outcome(), input: row }))
}

fn judge(row: &Row, expected: &Outcome) -> Result<(), Failed> {
    row.resolution().judge(expected)
}
