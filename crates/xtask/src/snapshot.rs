//! Texts that are kept beside the code, and that change only when somebody says so.

use crate::{Result, workspace::root};
use std::{env, fs, io::ErrorKind};

/// Snapshots of one step.
pub(crate) struct Snapshots {
    step: &'static str,
    /// Whether what is there now is taken for the right one.
    accept: bool,
    stale: Vec<String>,
}

impl Snapshots {
    /// Reads from the arguments of the program whether `--accept` is among them.
    pub(crate) fn new(step: &'static str) -> Self {
        let accept = env::args().skip(2).any(|argument| argument == "--accept");
        Self { step, accept, stale: Vec::new() }
    }

    /// Compares `new` with the file that is named by its path in the workspace, and prints what differs.
    pub(crate) fn compare(&mut self, path: &str, new: &str) -> Result {
        let file = root().join(path);
        let old = match fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            old => old?,
        };
        if old == new {
            return Ok(());
        }
        println!("--- {path}\n+++ now");
        print_lines('-', &old, new);
        print_lines('+', new, &old);
        if self.accept {
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(file, new)?;
        } else {
            self.stale.push(path.to_owned());
        }
        Ok(())
    }

    /// Fails when anything differs and was not accepted.
    pub(crate) fn finish(self) -> Result {
        if self.stale.is_empty() {
            return Ok(());
        }
        let (stale, step) = (self.stale.join(", "), self.step);
        Err(format!("{stale} differs; if it should: `cargo xtask {step} --accept`").into())
    }
}

/// The lines of `text` that `other` does not have, or not as often.
fn print_lines(sign: char, text: &str, other: &str) {
    let mut other: Vec<&str> = other.lines().collect();
    other.sort_unstable();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let mut others = other.into_iter().peekable();
    for line in lines {
        while others.next_if(|other| *other < line).is_some() {}
        if others.next_if_eq(&line).is_none() {
            println!("{sign}{line}");
        }
    }
}
