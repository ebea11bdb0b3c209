//! Rules about files that no compiler checks.

use crate::{Result, order, workspace::root};
use std::{
    fs,
    path::{Path, PathBuf},
};

const MAX_LINES: usize = 600;
const MAX_MEDIAN: usize = 160;

/// Checks the size of source files, the order of the pages of layers, and that every documented example runs.
pub(crate) fn check() -> Result {
    let mut sources = Vec::new();
    collect(&root(), &mut sources)?;
    let mut faults = Vec::new();
    let mut lengths = Vec::new();
    for path in &sources {
        let text = fs::read_to_string(path)?;
        let name = path.strip_prefix(root()).unwrap_or(path).display();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let lines = text.lines().count();
            lengths.push(lines);
            if lines > MAX_LINES {
                faults.push(format!("{name} has {lines} lines, more than {MAX_LINES}"));
            }
            faults.extend(order::fault(&text).map(|fault| format!("{name}: {fault}")));
        }
        for (i, line) in text.lines().enumerate().filter(|(_, line)| is_idle_example(line)) {
            faults.push(format!("{name}:{}: an example that does not run: {line}", i + 1));
        }
    }
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    if median > MAX_MEDIAN {
        faults.push(format!("the median source file has {median} lines, more than {MAX_MEDIAN}"));
    }
    println!("{} source files, median {median} lines", lengths.len());
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

fn is_idle_example(line: &str) -> bool {
    let fence = line.trim_start().trim_start_matches(['/', '!']).trim_start();
    let attributes = fence.strip_prefix("```").unwrap_or("");
    attributes.split(',').any(|attribute| matches!(attribute.trim(), "ignore" | "no_run"))
}

/// Rust and Markdown files below `folder`, without what is built or hidden.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, found)?;
            }
        } else if name.ends_with(".rs") || name.ends_with(".md") {
            found.push(path);
        }
    }
    Ok(())
}
