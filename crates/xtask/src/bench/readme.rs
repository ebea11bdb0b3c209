//! The few figures that the README shows.

use super::{plan::CLIENTS, report, results::Results};
use crate::{Result, marks, workspace::root};
use std::{collections::BTreeMap, fmt::Write, fs};

/// Those that do the same work by their own means, and what bounds them.
const SHOWN: [&str; 6] = ["hyper", "resource", "hand", "tower-http-client", "reqwest", "isahc"];

pub(super) fn write(results: &Results) -> Result {
    let path = root().join("README.md");
    let text = fs::read_to_string(&path)?;
    Ok(fs::write(path, marks::replace(&text, "figures", &table(results))?)?)
}

fn table(results: &Results) -> String {
    let mut text = String::from(
        "| typed `GET` of a small document | throughput, 64 connections | allocations | instructions |\n\
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
        // Nothing that is written to a string fails.
        let _ = writeln!(
            text,
            "| {} | {:.2} × reqwest | {allocations} | {instructions} |",
            report::title(client),
            row.to_reqwest.median
        );
    }
    text
}
