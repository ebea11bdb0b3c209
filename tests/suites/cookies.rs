//! The tests of the IETF working group on HTTP state: what is sent after lines of `Set-Cookie`.

use crate::suite::{Case, Difference, Suite};
use http::Uri;
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use std::time::{Duration, SystemTime};
use tower_clients_layers::CookieJar;

pub(crate) const SUITE: Suite<Row, Vec<Pair>> =
    Suite::new(&["http-state/parser.json"], case, judge).differ(&DIFFERENCES);

const DIFFERENCES: [Difference<Row, Vec<Pair>>; 2] = [
    Difference {
        name: "a line with a control character is no cookie",
        reason: "RFC 6265bis, section 5.6; the file, where the row is disabled, cuts the line there",
        instead: |row, _| {
            let is_control = |line: &String| line.contains(|c: char| c.is_control() && c != '\t');
            row.received.iter().any(is_control).then(Vec::new)
        },
    },
    Difference {
        name: "paths are compared as they are written",
        reason: "RFC 6265bis, section 5.1.4; the file, where the row is disabled, decodes them",
        instead: |row, _| row.sent_to.as_ref()?.contains("/f%6Fo/").then(Vec::new),
    },
];

const SERVER: &str = "http://home.example.org:8888";
/// The file has dates of 2007 that are over and dates of 2019 that are not: this is 2010.
const NOW: Duration = Duration::from_secs(40 * 365 * 86400);

#[derive(Deserialize)]
pub(crate) struct Row {
    test: String,
    received: Vec<String>,
    sent: Vec<Pair>,
    #[serde(rename = "sent-to")]
    sent_to: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Pair {
    name: String,
    value: String,
}

fn case(row: Value) -> serde_json::Result<Option<Case<Row, Vec<Pair>>>> {
    let row: Row = serde_json::from_value(row)?;
    let label = format!("{} {}", row.test, row.received.join(" | "));
    Ok(Some(Case { label, expected: row.sent.clone(), input: row }))
}

fn judge(row: &Row, expected: &Vec<Pair>) -> Result<(), Failed> {
    let from: Uri = format!("{SERVER}/cookie-parser?{}", row.test).parse()?;
    let to = match row.sent_to.as_deref() {
        None => format!("{SERVER}/cookie-parser-result?{}", row.test),
        Some(path) if path.starts_with('/') => format!("{SERVER}{path}"),
        Some(url) => url.to_owned(),
    };
    let jar = CookieJar::new();
    for line in &row.received {
        // Whether a line is taken shows in what is sent.
        let _ = jar.insert_at(&from, line, SystemTime::UNIX_EPOCH + NOW);
    }
    let pairs = jar.pairs(&to.parse()?).into_iter();
    let sent: Vec<_> = pairs.map(|(name, value)| Pair { name, value }).collect();
    if sent != *expected {
        return Err(format!("expected {expected:?}\n but is  {sent:?}").into());
    }
    Ok(())
}
