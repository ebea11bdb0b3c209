//! What the Python library `clients` 1.3 asks for, by base URL, path and trailing part.

use crate::suite::{Case, Difference, Suite};
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use tower_clients_layers::BaseUrl;
use url::Url;

pub(crate) const SUITE: Suite<Row, Outcome> =
    Suite::new(&["urljoin/oracle-clients-1.3.json"], case, judge).differ(DIFFERENCES);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Requested(String),
    /// The same, whatever number of slashes stands between segments.
    RequestedBySegments(String),
    Refused,
}

const DIFFERENCES: &[Difference<Row, Outcome>] = &[
    Difference {
        name: "the trailing part is no part of the host",
        reason: "behind a root without its slash it would be, and name another server",
        instead: |row, _| {
            let is_at_root = row.is_at_root() && !row.path.contains(['?', '#']);
            (is_at_root && row.trailing.starts_with('.'))
                .then(|| Outcome::Requested(format!("{}/{}", row.origin(), row.trailing)))
        },
    },
    Difference {
        name: "a base with more than scheme, host, port and path",
        reason: "credentials go into a header, a query into default parameters, a fragment nowhere",
        instead: |row, expected| refused_if(row.base.contains(['@', '?', '#']), expected),
    },
    Difference {
        name: "another origin",
        reason: "what is bound to the base would go there too; it must be allowed first",
        instead: |row, expected| {
            refused_if(row.path.contains("://") || row.path.starts_with("//"), expected)
        },
    },
    Difference {
        name: "control characters and backslashes",
        reason: "parsers do not agree about them",
        instead: |row, expected| refused_if(row.path.contains(['\t', '\\']), expected),
    },
    Difference {
        name: "the trailing part belongs to the path",
        reason: "behind a query or fragment it would change a value",
        instead: |row, expected| {
            let (path, suffix) = split(requested(expected)?);
            let suffix =
                suffix.strip_suffix(&row.trailing).filter(|_| row.path.contains(['?', '#']))?;
            if row.trailing.is_empty() {
                return None;
            }
            let path = path.trim_end_matches('/');
            let slash = if row.is_at_root() && row.trailing.starts_with('.') { "/" } else { "" };
            Some(Outcome::Requested(format!("{path}{slash}{}{suffix}", row.trailing)))
        },
    },
    Difference {
        name: "a query keeps its slash",
        reason: "without a trailing part nothing is taken away",
        instead: |row, expected| {
            let has_slash = row.path.contains('?') && row.path.ends_with('/');
            let url = requested(expected)?;
            (has_slash && !url.ends_with('/')).then(|| Outcome::Requested(format!("{url}/")))
        },
    },
    Difference {
        name: "the fragment is not sent",
        reason: "a request has no fragment",
        instead: |_, expected| {
            let (url, _) = requested(expected)?.split_once('#')?;
            Some(Outcome::Requested(url.to_owned()))
        },
    },
    Difference {
        name: "the base itself is as it was written",
        reason: "a reference without a path names the base, with or without a final slash",
        instead: |row, expected| {
            let (path, suffix) = split(requested(expected)?);
            let is_itself = row.path.is_empty() || row.path.starts_with(['?', '#']);
            let slash = if row.base.ends_with('/') || row.is_at_root() { "/" } else { "" };
            let path = format!("{}{slash}", path.trim_end_matches('/'));
            (is_itself && row.trailing.is_empty()).then(|| Outcome::Requested(path + suffix))
        },
    },
    Difference {
        name: "a final slash stays",
        reason: "many servers tell `x` from `x/`; a trailing part of `/` asks for it everywhere",
        instead: |row, expected| {
            let (path, suffix) = split(requested(expected)?);
            let (reference, _) = split(&row.path);
            let is_directory = matches!(reference.rsplit('/').next(), Some("" | "." | ".."));
            (row.trailing.is_empty() && is_directory && !reference.is_empty())
                .then(|| Outcome::Requested(format!("{}/{suffix}", path.trim_end_matches('/'))))
        },
    },
    Difference {
        name: "an encoded dot segment is one",
        reason: "servers decode it, so it must not hide",
        instead: |row, expected| {
            let url = Url::parse(requested(expected)?).ok()?;
            row.path.contains("%2e").then(|| Outcome::Requested(url.into()))
        },
    },
    Difference {
        name: "the default port is not written",
        reason: "it is the same origin",
        instead: |row, expected| {
            let url = requested(expected)?;
            row.base.contains(":80/").then(|| Outcome::Requested(url.replacen(":80/", "/", 1)))
        },
    },
    Difference {
        name: "empty segments stay",
        reason: "they are segments, and RFC 3986 keeps them",
        instead: |row, expected| {
            let has_empty =
                row.path.contains("//") || row.base.trim_start_matches("http://").contains("//");
            let url = requested(expected)?;
            has_empty.then(|| Outcome::RequestedBySegments(url.to_owned()))
        },
    },
];

#[derive(Deserialize)]
pub(crate) struct Row {
    base: String,
    path: String,
    trailing: String,
    /// `None` when the library failed.
    requested: Option<String>,
    joined: String,
}

impl Row {
    fn origin(&self) -> String {
        Url::parse(&self.base).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    /// Whether there is nothing behind the host but the trailing part.
    fn is_at_root(&self) -> bool {
        let joined = self.joined.strip_suffix(&self.trailing).unwrap_or(&self.joined);
        let (path, _) = split(joined);
        path.trim_end_matches('/').matches('/').count() == 2
    }
}

fn requested(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Requested(url) => Some(url),
        _ => None,
    }
}

/// Before and from the query or fragment.
fn split(url: &str) -> (&str, &str) {
    url.split_at(url.find(['?', '#']).unwrap_or(url.len()))
}

fn refused_if(condition: bool, expected: &Outcome) -> Option<Outcome> {
    (condition && *expected != Outcome::Refused).then_some(Outcome::Refused)
}

fn case(row: Value) -> serde_json::Result<Option<Case<Row, Outcome>>> {
    let row: Row = serde_json::from_value(row)?;
    let label = format!("{} + {:?} + {:?}", row.base, row.path, row.trailing);
    let expected = row.requested.clone().map_or(Outcome::Refused, Outcome::Requested);
    Ok(Some(Case { label, expected, input: row }))
}

fn judge(row: &Row, expected: &Outcome) -> Result<(), Failed> {
    let base = BaseUrl::parse(&row.base).and_then(|base| base.with_trailing(&row.trailing));
    let given = match base.and_then(|base| base.join(&row.path)) {
        Ok(uri) => Outcome::Requested(uri.to_string()),
        Err(_) => Outcome::Refused,
    };
    let is_same = match (&given, expected) {
        (Outcome::Requested(given), Outcome::RequestedBySegments(expected)) => {
            segments(given) == segments(expected)
        }
        _ => given == *expected,
    };
    if is_same { Ok(()) } else { Err(format!("expected {expected:?}\n but is  {given:?}").into()) }
}

fn segments(url: &str) -> Vec<&str> {
    url.split('/').filter(|segment| !segment.is_empty()).collect()
}
