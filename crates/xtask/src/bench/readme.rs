//! The few figures that the README shows.

use super::{plan::CLIENTS, results::Results};
use crate::{Result, root};
use std::{collections::BTreeMap, fmt::Write, fs};

/// What is between these lines is written anew.
const BEGIN: &str = "<!-- figures -->\n";
const END: &str = "<!-- /figures -->\n";

/// Those that do the same work by their own means.
const SHOWN: [&str; 5] = ["resource", "hand", "tower-http-client", "reqwest", "isahc"];

pub(super) fn write(results: &Results) -> Result {
    let path = root().join("README.md");
    let text = fs::read_to_string(&path)?;
    Ok(fs::write(path, with_figures(&text, &table(results))?)?)
}

fn table(results: &Results) -> String {
    let mut text = String::from(
        "| typed `GET` of a small document | requests/s at 64 connections | allocations | instructions |\n\
         |---|--:|--:|--:|\n",
    );
    for client in CLIENTS.iter().filter(|client| SHOWN.contains(&client.name)) {
        let Some(row) = results.row(("get", 64), client.name) else { continue };
        let counted = |counts: &BTreeMap<_, f64>, unit: f64, end: &str| {
            let count = counts.get(&("get", client.name));
            count.map_or("–".into(), |count| format!("{:.0}{end}", count / unit))
        };
        let allocations = counted(&results.allocations, 1.0, "");
        let instructions = counted(&results.instructions, 1000.0, " k");
        let mark = if client.is_ours() { "**" } else { "" };
        // Nothing that is written to a string fails.
        let _ = writeln!(
            text,
            "| {mark}{}{mark} | {:.2} × reqwest | {allocations} | {instructions} |",
            client.title, row.to_reqwest.median
        );
    }
    text
}

/// `text` with `figures` in place of those that it has.
pub(super) fn with_figures(text: &str, figures: &str) -> Result<String> {
    let (before, rest) = text.split_once(BEGIN).ok_or("there is no place for figures")?;
    let (_, after) = rest.split_once(END).ok_or("the place for figures has no end")?;
    Ok(format!("{before}{BEGIN}{figures}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_written_anew() {
        let text = format!("a\n{BEGIN}old\n{END}b\n");
        assert_eq!(with_figures(&text, "new\n").unwrap(), format!("a\n{BEGIN}new\n{END}b\n"));
        assert!(with_figures("a\n", "new\n").is_err());
    }
}
