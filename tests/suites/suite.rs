//! From the rows of a file to tests.

use crate::{json, wire};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Files of one kind, and how their rows are judged.
pub(crate) struct Suite<I: 'static, O: 'static> {
    files: &'static [&'static str],
    case: ToCase<I, O>,
    judge: Judge<I, O>,
    left_out: &'static [LeftOut<I>],
    differences: &'static [Difference<I, O>],
}

/// `None` for a row that is not about this library, such as a comment.
pub(crate) type ToCase<I, O> = fn(Value) -> serde_json::Result<Option<Case<I, O>>>;

/// Whether a case comes out as expected.
pub(crate) type Judge<I, O> = fn(&I, &O) -> Result<(), Failed>;

pub(crate) struct Case<I, O> {
    /// Tells the row from others, for a reader.
    pub(crate) label: String,
    pub(crate) input: I,
    /// What the file says.
    pub(crate) expected: O,
}

/// What rows ask for that this library has no counterpart of.
pub(crate) struct LeftOut<I: 'static> {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) applies: fn(&I) -> bool,
}

/// What this library does on purpose and the files say otherwise.
pub(crate) struct Difference<I: 'static, O: 'static> {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
    /// What is expected instead, for the rows that this is about.
    pub(crate) instead: fn(&I, &O) -> Option<O>,
}

impl<I, O> Suite<I, O> {
    /// The files are below the folder of all suites.
    pub(crate) const fn new(
        files: &'static [&'static str],
        case: ToCase<I, O>,
        judge: Judge<I, O>,
    ) -> Self {
        Self { files, case, judge, left_out: &[], differences: &[] }
    }

    /// The first one that applies to a row is why it does not run.
    pub(crate) const fn leave_out(mut self, rules: &'static [LeftOut<I>]) -> Self {
        self.left_out = rules;
        self
    }

    /// Applied in this order; each one sees what the ones before it made.
    pub(crate) const fn differ(mut self, rules: &'static [Difference<I, O>]) -> Self {
        self.differences = rules;
        self
    }
}

impl<I: Send, O: PartialEq + Send> Suite<I, O> {
    pub(crate) fn trials(&self) -> Vec<Trial> {
        let mut trials = Vec::new();
        let mut used = self.unused();
        let mut complete = true;
        for file in self.files {
            let path = folder().join(file);
            if !path.is_file() {
                complete = false;
                trials.push(not_there(file));
            } else if let Err(failed) = self.read(file, &path, &mut trials, &mut used) {
                complete = false;
                trials.push(Trial::test(format!("{file} can be read"), move || Err(failed)));
            }
        }
        // Part of the rows cannot tell whether a rule is still needed.
        if complete {
            let folder = self.files[0].split('/').next().unwrap_or_default();
            for (rule, used) in self.left_out.iter().zip(used.left_out) {
                trials.push(in_use(
                    format!("{folder} leaves out: {}", rule.name),
                    rule.reason,
                    used,
                ));
            }
            for (rule, used) in self.differences.iter().zip(used.differences) {
                trials.push(in_use(format!("{folder} differs: {}", rule.name), rule.reason, used));
            }
        }
        trials
    }

    fn unused(&self) -> Used {
        Used {
            left_out: vec![false; self.left_out.len()],
            differences: vec![false; self.differences.len()],
        }
    }

    fn read(
        &self,
        file: &str,
        path: &Path,
        trials: &mut Vec<Trial>,
        used: &mut Used,
    ) -> Result<(), Failed> {
        let before = trials.len();
        for (number, row) in rows(path)?.into_iter().enumerate() {
            let case = (self.case)(row).map_err(|error| format!("row {number}: {error}"))?;
            let Some(Case { label, input, expected }) = case else {
                continue;
            };
            let name = name(file, number, &label);
            if let Some(rule) = self.left_out.iter().position(|rule| (rule.applies)(&input)) {
                used.left_out[rule] = true;
                trials.push(ignored(format!("{name} is left out: {}", self.left_out[rule].name)));
                continue;
            }
            let (expected, reasons) =
                self.apply_differences(&input, expected, &mut used.differences);
            let judge = self.judge;
            trials.push(Trial::test(name, move || {
                judge(&input, &expected).map_err(|failed| explain(&failed, &reasons))
            }));
        }
        if trials.len() == before { Err("no row is about this library".into()) } else { Ok(()) }
    }

    fn apply_differences(
        &self,
        input: &I,
        mut expected: O,
        used: &mut [bool],
    ) -> (O, Vec<&'static str>) {
        let mut reasons = Vec::new();
        for (difference, used) in self.differences.iter().zip(used) {
            if let Some(instead) = (difference.instead)(input, &expected)
                && instead != expected
            {
                expected = instead;
                *used = true;
                reasons.push(difference.reason);
            }
        }
        (expected, reasons)
    }
}

/// Of text, each recorded reply is one, or else each line.
fn rows(path: &Path) -> Result<Vec<Value>, Failed> {
    if path.extension().is_some_and(|extension| extension == "json") {
        return json::rows(path);
    }
    let text = fs::read_to_string(path)?;
    match text.contains("\n### ") {
        true => wire::rows(&text),
        false => Ok(text.lines().map(Value::from).collect()),
    }
}

fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join(env::var_os("SUITES").unwrap_or_else(|| "../shared/suites".into()))
}

/// Ignored, and no pass when ignored tests are asked for.
fn ignored(name: String) -> Trial {
    Trial::test(name, || Err("there is nothing to run".into())).with_ignored_flag(true)
}

fn not_there(file: &str) -> Trial {
    ignored(format!("{file} is left out: it is not in the folder of suites"))
}

/// Which rules there are rows for.
struct Used {
    left_out: Vec<bool>,
    differences: Vec<bool>,
}

/// A rule that no row needs is a wrong claim about this library.
fn in_use(name: String, reason: &'static str, used: bool) -> Trial {
    Trial::test(
        name,
        move || {
            if used { Ok(()) } else { Err(format!("no row needs it: {reason}").into()) }
        },
    )
}

fn name(file: &str, number: usize, label: &str) -> String {
    const LONGEST: usize = 72;
    let label: String = label.escape_debug().collect();
    let mut short: String = label.chars().take(LONGEST).collect();
    if short.len() < label.len() {
        short.push('…');
    }
    format!("{file} {number:03} {short}")
}

fn explain(failed: &Failed, reasons: &[&str]) -> Failed {
    let mut text = failed.message().unwrap_or_default().to_owned();
    for reason in reasons {
        text.push_str("\ndiffers from the file on purpose: ");
        text.push_str(reason);
    }
    text.into()
}
