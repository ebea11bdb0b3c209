//! The table of `COMPARE.md`.

use super::{plan::CLIENTS, report, results::Results};
use crate::{Result, marks, workspace::root};
use std::{fmt::Write, fs};

pub(super) fn write(results: &Results, rounds: &str) -> Result {
    let path = root().join("COMPARE.md");
    let text = fs::read_to_string(&path)?;
    Ok(fs::write(path, marks::replace(&text, "figures", &table(results, rounds))?)?)
}

/// A small document, since large ones are the work of the system.
fn table(results: &Results, rounds: &str) -> String {
    let mut text = format!(
        "\nOf {rounds}:\n\n\
         | `GET` of a small JSON document | × hyper, 1 connection | × hyper, 64 connections | × reqwest, \
         64 connections | allocations | instructions |\n|---|--:|--:|--:|--:|--:|\n"
    );
    for client in &CLIENTS {
        let (Some(one), Some(many)) =
            (results.row(("get", 1), client.name), results.row(("get", 64), client.name))
        else {
            continue;
        };
        let counted = [&results.allocations, &results.instructions].map(|counted| {
            counted
                .get(&("get", client.name))
                .map_or("–".into(), |value| report::thousands(*value))
        });
        // Nothing that is written to a string fails.
        let _ = writeln!(
            text,
            "| {} | {:.2} | {:.2} | {:.2} | {} |",
            report::title(client),
            one.to_limit.median,
            many.to_limit.median,
            many.to_reqwest.median,
            counted.join(" | ")
        );
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_have_a_place_for_figures() {
        for page in ["COMPARE.md", "README.md"] {
            let text = fs::read_to_string(root().join(page)).unwrap();
            assert!(marks::replace(&text, "figures", "").is_ok(), "{page}");
        }
    }
}
