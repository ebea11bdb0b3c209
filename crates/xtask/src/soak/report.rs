//! `docs/reliability.md`.

use crate::Result;
use serde_json::Value;
use std::fmt::Write;

const HOW: &str = "\
Requests go through all layers of a client, over the loopback, to a server that does what servers
must not do. `cargo xtask soak` does it again and writes this page; `cargo xtask soak --ci` does less
of it, as a part of `cargo xtask ci`; names of scenarios, such as `faults`, run these alone. The
program is `tests/soak`.

* Each scenario runs in a process of its own, and its server in another one, so memory, files and
  tasks are those of the client.
* No two bodies are alike: an answer that is that of another request, or a part of one, is found
  out. So is a request that the server does not get as it was sent.
* The client has a bearer token, default headers and a default query, cookies, decompression, and
  limits of time for an attempt, for silence and for the whole. Where there are retries, they lie
  above the layer that reads the body, so that they cover it too. Their settings are the default
  ones, unless it says otherwise.
* A limit is what the project wants to keep. A figure without a limit is for reading.
";

/// What was found by a scenario.
pub(super) struct Found {
    title: &'static str,
    about: &'static str,
    figures: Vec<Figure>,
}

struct Figure {
    what: String,
    value: String,
    limit: String,
    is_met: bool,
}

impl Found {
    pub(super) fn read(title: &'static str, about: &'static str, json: &[u8]) -> Result<Self> {
        let value: Value = serde_json::from_slice(json)?;
        let figures = value.as_array().ok_or("a scenario prints no list")?;
        let text = |figure: &Value, name: &str| figure[name].as_str().unwrap_or("?").to_owned();
        let figures = figures.iter().map(|figure| Figure {
            what: text(figure, "what"),
            value: text(figure, "value"),
            limit: text(figure, "limit"),
            is_met: figure["is_met"] == true,
        });
        Ok(Self { title, about, figures: figures.collect() })
    }

    pub(super) fn table(&self) -> String {
        let mut text = String::from("| | found | limit | |\n|---|--:|--:|---|\n");
        for Figure { what, value, limit, is_met } in &self.figures {
            let verdict = match (limit.is_empty(), is_met) {
                (true, _) => "",
                (false, true) => "kept",
                (false, false) => "**missed**",
            };
            // Nothing that is written to a string fails.
            let _ = writeln!(text, "| {what} | {value} | {limit} | {verdict} |");
        }
        text
    }

    /// The limits that were not kept.
    pub(super) fn missed(&self) -> impl Iterator<Item = String> {
        self.figures.iter().filter(|figure| !figure.is_met).map(|figure| {
            format!("{}: {} is {}, not {}", self.title, figure.what, figure.value, figure.limit)
        })
    }
}

pub(super) fn page(found: &[Found], date: &str, machine: &str) -> String {
    let mut text = format!("# Reliability\n\n{HOW}\n## Measured on\n\n* {date}\n{machine}");
    for scenario in found {
        let (title, about) = (scenario.title, scenario.about);
        let _ = write!(text, "\n## {title}\n\n{about}\n\n{}", scenario.table());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_are_missed_are_named() {
        let json = br#"[
            {"what": "wrong", "value": "2", "limit": "0", "is_met": false},
            {"what": "calls", "value": "9", "limit": "", "is_met": true}
        ]"#;
        let found = Found::read("Faults", "", json).unwrap();
        assert_eq!(found.missed().collect::<Vec<_>>(), ["Faults: wrong is 2, not 0"]);
        assert!(found.table().contains("| wrong | 2 | 0 | **missed** |\n| calls | 9 |  |  |"));
    }
}
