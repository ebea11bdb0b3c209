//! The targets of the package `fuzz`, each for a while: `fuzz/README.md` says which there are.
//!
//! What is found lies below the target folder: inputs that reach something new, and those that break a
//! promise.

use crate::{
    Result, install,
    workspace::{root, target},
};
use std::{
    cmp::Reverse,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const CARGO_FUZZ: &str = "0.13.2";
/// So many inputs are taken in of a target at a time: a corpus is to be read.
const MOST_TAKEN: usize = 12;
const USAGE: &str = "usage: cargo xtask fuzz [--seconds N] [--collect] [target]";

struct Plan {
    seconds: u64,
    /// Whether inputs that reach something new are taken into the package.
    collect: bool,
    only: Option<String>,
}

/// Runs all targets, or the one that is named.
pub(crate) fn run() -> Result {
    let plan = Plan::read(env::args().skip(2))?;
    let built = build()?;
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/targets"))? {
        names.push(entry?.path().file_stem().unwrap_or_default().to_string_lossy().into_owned());
    }
    names.sort();
    names.retain(|name| plan.only.as_ref().is_none_or(|only| only == name));
    if names.is_empty() {
        return Err(format!("there is no such target\n{USAGE}").into());
    }
    println!("{:<14} {:>12} {:>10} {:>8}", "target", "executions", "a second", "edges");
    let mut failed = Vec::new();
    for name in names {
        let target = Target::new(&built, &name)?;
        if !target.fuzz(plan.seconds)? {
            failed.push(name);
        } else if plan.collect {
            target.collect()?;
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("found: {}", failed.join(", ")).into()) }
}

impl Plan {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut plan = Self { seconds: 30, collect: false, only: None };
        while let Some(argument) = arguments.next() {
            match &*argument {
                "--seconds" => plan.seconds = arguments.next().ok_or(USAGE)?.parse()?,
                "--collect" => plan.collect = true,
                name if !name.starts_with('-') => plan.only = Some(argument),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(plan)
    }
}

/// Builds all targets, on the stable toolchain; gives their folder.
fn build() -> Result<PathBuf> {
    let program = install::from_crates("cargo-fuzz", CARGO_FUZZ)?.join("cargo-fuzz");
    let folder = target().join("fuzz");
    let status = Command::new(program)
        .args(["fuzz", "build", "--sanitizer", "none", "--fuzz-dir", "fuzz", "--target-dir"])
        .arg(&folder)
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(root())
        .status()?;
    if !status.success() {
        return Err("the targets do not build".into());
    }
    let version = String::from_utf8(Command::new("rustc").arg("-vV").output()?.stdout)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("no host")?;
    Ok(folder.join(host).join("release"))
}

struct Target {
    name: String,
    program: PathBuf,
    /// The collected inputs.
    corpus: PathBuf,
    /// Those of this machine.
    found: PathBuf,
    broken: PathBuf,
}

impl Target {
    fn new(built: &Path, name: &str) -> Result<Self> {
        let target = Self {
            name: name.to_owned(),
            program: built.join(name),
            corpus: root().join("fuzz/corpus").join(name),
            found: target().join("fuzz-found").join(name),
            broken: target().join("fuzz-broken"),
        };
        fs::create_dir_all(&target.found)?;
        fs::create_dir_all(&target.broken)?;
        Ok(target)
    }

    /// Whether no promise was broken.
    fn fuzz(&self, seconds: u64) -> Result<bool> {
        let prefix = format!("-artifact_prefix={}/{}-", self.broken.display(), self.name);
        let time = format!("-max_total_time={seconds}");
        let flags = ["-print_final_stats=1", "-timeout=10", "-max_len=1024", &time, &prefix];
        let output = self.program(&flags, &[&self.found, &self.corpus])?;
        let text = String::from_utf8_lossy(&output.stderr);
        let number = |name: &str| {
            let (_, rest) = text.rsplit_once(name)?;
            rest.split_whitespace().next()?.parse::<u64>().ok()
        };
        let executions = number("stat::number_of_executed_units:").unwrap_or(0);
        let each_second = number("stat::average_exec_per_sec:").unwrap_or(0);
        let edges = number(" cov: ").unwrap_or(0);
        println!("{:<14} {executions:>12} {each_second:>10} {edges:>8}", self.name);
        if !output.status.success() {
            println!("{text}");
        }
        Ok(output.status.success())
    }

    /// Takes in what reaches an edge that the collected inputs do not, under a short name.
    fn collect(&self) -> Result {
        let flags = ["-set_cover_merge=1", "-use_counters=0", "-max_len=256"];
        if !self.program(&flags, &[&self.corpus, &self.found])?.status.success() {
            return Err(format!("the inputs of {} do not merge", self.name).into());
        }
        let mut taken = Vec::new();
        for entry in fs::read_dir(&self.corpus)? {
            let entry = entry?;
            // What the fuzzer adds has a hash for its name.
            if entry.file_name().len() == 40 {
                taken.push((Reverse(entry.metadata()?.len()), entry.path()));
            }
        }
        // The longest reach most.
        taken.sort();
        for (i, (_, path)) in taken.iter().enumerate() {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            match i < MOST_TAKEN {
                true => fs::rename(path, self.corpus.join(&name[..8]))?,
                false => fs::remove_file(path)?,
            }
        }
        Ok(())
    }

    fn program(&self, flags: &[&str], corpora: &[&Path]) -> Result<Output> {
        Ok(Command::new(&self.program)
            .args(flags)
            .args(corpora)
            .current_dir(&self.broken)
            .output()?)
    }
}
