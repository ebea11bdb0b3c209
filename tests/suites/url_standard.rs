//! The tests of the URL Standard, as far as they are about `http` and `https`.

use crate::{
    resolution::{Outcome, Resolution},
    suite::{Case, Difference, Suite},
};
use http::Uri;
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

pub(crate) const SUITE: Suite<Row, Outcome> =
    Suite::new(&["wpt-url/urltestdata.json"], case, judge).differ(DIFFERENCES);

const DIFFERENCES: &[Difference<Row, Outcome>] = &[
    Difference {
        name: "a base with more than scheme, host, port and path",
        reason: "a base has no query, fragment, user information, control character or backslash",
        instead: |row, _| is_more_than_a_base(row.base()).then_some(Outcome::BaseRefused),
    },
    Difference {
        name: "control characters",
        reason: "the standard drops some of them, and then reads something else than is written",
        instead: |row, expected| {
            refused_if(expected, row.input.contains(|char: char| char.is_ascii_control()))
        },
    },
    Difference {
        name: "backslashes",
        reason: "the standard reads them as slashes, other parsers do not",
        instead: |row, expected| refused_if(expected, row.input.contains('\\')),
    },
    Difference {
        name: "other schemes",
        reason: "only `http` and `https` are spoken here",
        instead: |row, expected| {
            refused_if(expected, !matches!(&*row.protocol, "http:" | "https:"))
        },
    },
    Difference {
        name: "user information",
        reason: "credentials go into a header, and only to the origin they belong to",
        instead: |row, expected| {
            refused_if(expected, !row.username.is_empty() || !row.password.is_empty())
        },
    },
    Difference {
        name: "a host with a final dot",
        reason: "it is another origin with the same server, so what is bound to one would miss it",
        instead: |row, expected| refused_if(expected, row.hostname.ends_with('.')),
    },
    Difference {
        name: "port 0",
        reason: "nothing can be connected to",
        instead: |row, expected| refused_if(expected, row.port == "0"),
    },
    Difference {
        name: "a host that is no IDNA name",
        reason: "an `xn--` label that does not decode is refused by `url`, though it is ASCII",
        instead: |row, expected| refused_if(expected, has_broken_label(&row.hostname)),
    },
    Difference {
        name: "three slashes",
        reason: "the standard skips more than two, other parsers see an empty host, as `url` does",
        instead: |row, expected| {
            refused_if(expected, row.input.trim_start_matches(' ').starts_with("///"))
        },
    },
    Difference {
        name: "the fragment is not sent",
        reason: "a request has no fragment",
        instead: |_, expected| match expected {
            Outcome::Joined(url) => Some(Outcome::Joined(url.split('#').next()?.to_owned())),
            _ => None,
        },
    },
    Difference {
        name: "characters that `http::Uri` refuses",
        reason: "in a host they are an error; in a query there is one, the backtick, and it is encoded",
        instead: |row, expected| match expected {
            Outcome::Joined(_) if !fits_uri(&row.hostname) => Some(Outcome::JoinRefused),
            Outcome::Joined(url) => Some(Outcome::Joined(url.replace('`', "%60"))),
            _ => None,
        },
    },
    Difference {
        name: "the own scheme without a host",
        reason: "it is a URL without host for RFC 3986 §5.2.2, and a relative one for browsers",
        instead: |row, expected| refused_if(expected, row.resolution().has_own_scheme_only()),
    },
];

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Row {
    input: String,
    base: Option<String>,
    /// `None` for a failure. What follows are parts of it.
    href: Option<String>,
    protocol: String,
    username: String,
    password: String,
    hostname: String,
    port: String,
}

impl Row {
    /// An absolute URL needs none; one of another scheme lets a URL such as `http:h` stay absolute.
    fn base(&self) -> &str {
        let of_other_scheme = match scheme(&self.input) {
            Some("https") => "http://base.example/",
            _ => "https://base.example/",
        };
        self.base.as_deref().unwrap_or(of_other_scheme)
    }

    fn resolution(&self) -> Resolution<'_> {
        Resolution { base: self.base(), reference: &self.input, target: self.href.as_deref() }
    }
}

fn refused_if(expected: &Outcome, condition: bool) -> Option<Outcome> {
    (condition && matches!(expected, Outcome::Joined(_))).then_some(Outcome::JoinRefused)
}

/// `http` or `https`, when a URL begins so; read as the standard does, in any case, after spaces.
fn scheme(url: &str) -> Option<&'static str> {
    let url: String = url.chars().filter(|char| !matches!(char, '\t' | '\n' | '\r')).collect();
    let (scheme, _) = url.split_once(':')?;
    let scheme = scheme.trim_start_matches(|char| char <= ' ').to_ascii_lowercase();
    ["http", "https"].into_iter().find(|known| scheme == *known)
}

fn is_more_than_a_base(base: &str) -> bool {
    base.contains(|char: char| char.is_ascii_control() || "?#\\".contains(char))
        || Url::parse(base).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

fn has_broken_label(host: &str) -> bool {
    host.split('.').any(|label| label.starts_with("xn--"))
        && Url::parse(&format!("http://{host}")).is_err()
}

fn fits_uri(host: &str) -> bool {
    format!("http://{host}/").parse::<Uri>().is_ok()
}

fn case(row: Value) -> serde_json::Result<Option<Case<Row, Outcome>>> {
    if row.is_string() {
        return Ok(None);
    }
    let row: Row = serde_json::from_value(row)?;
    if scheme(row.base.as_deref().unwrap_or(&row.input)).is_none() {
        return Ok(None);
    }
    let label = match &row.base {
        Some(base) => format!("{base} + {}", row.input),
        None => row.input.clone(),
    };
    let expected = row.href.clone().map_or(Outcome::JoinRefused, Outcome::Joined);
    Ok(Some(Case { label, input: row, expected }))
}

fn judge(row: &Row, expected: &Outcome) -> Result<(), Failed> {
    row.resolution().judge(expected)
}
