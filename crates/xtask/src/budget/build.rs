//! What a clean build costs, beside reqwest.

use super::{PACKAGE, tree};
use crate::{
    Result, machine,
    workspace::{root, run, target},
};
use std::{fmt::Write, fs, path::Path, process::Command};

const REQWEST: &str = "0.13.5";

struct Row {
    title: String,
    /// A dependency, as a manifest has it.
    dependency: String,
    /// The versions that are taken.
    lockfile: Option<&'static str>,
}

/// Builds a package that needs one client, for each of them; gives a table. It takes some minutes, in which
/// nothing else should run.
pub(super) fn measure() -> Result<String> {
    let ours = root().join("crates").join(PACKAGE);
    let ours = ours.to_str().ok_or("the name of the checkout is not Unicode")?;
    let rows = [
        Row {
            title: format!("`{PACKAGE}` {}", env!("CARGO_PKG_VERSION")),
            dependency: format!("{PACKAGE} = {{ path = \"{ours}\" }}"),
            lockfile: Some("Cargo.lock"),
        },
        Row {
            title: format!("`reqwest` {REQWEST}"),
            dependency: format!("reqwest = \"={REQWEST}\""),
            lockfile: None,
        },
    ];
    let mut table =
        "| default features of | crates | CPU seconds of a clean build |\n|---|--:|--:|\n"
            .to_owned();
    for row in rows {
        let folder = target().join("budget");
        write(&folder, &row)?;
        // The package itself is no part of what it takes in.
        let crates = tree(&folder, "")?.len() - 1;
        let seconds = build(&folder)?;
        writeln!(table, "| {} | {crates} | {seconds:.0} |", row.title)?;
    }
    Ok(format!(
        "{table}\nTaken with the profile `dev` on this machine:\n\n{}",
        machine::describe()?
    ))
}

fn write(folder: &Path, row: &Row) -> Result {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"budget\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{}\n",
        row.dependency
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), "")?;
    if let Some(lockfile) = row.lockfile {
        fs::copy(root().join(lockfile), folder.join("Cargo.lock"))?;
    }
    run(Command::new("cargo").args(["fetch", "--quiet"]).current_dir(folder))
}

/// CPU seconds, which tell more than those of a clock that others run by.
fn build(folder: &Path) -> Result<f64> {
    let before = seconds_of_children()?;
    run(Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--offline"])
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .current_dir(folder))?;
    Ok(seconds_of_children()? - before)
}

/// User and system time of all processes that ended below this one.
fn seconds_of_children() -> Result<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in brackets, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?;
    let times = fields.split_whitespace().skip(13).take(2).map(str::parse::<f64>);
    Ok(times.sum::<std::result::Result<f64, _>>()? / TICKS_PER_SECOND)
}
