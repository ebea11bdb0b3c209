//! Whether the lower bounds of our dependencies are true.
//!
//! A copy of the published crates is checked with the oldest version of each crate that they name, and with
//! the newest of all others: what a program gets that has its own reasons for an old version.

use crate::{
    Result,
    workspace::{PUBLISHED, cargo, published, root, target},
};
use std::{fs, path::Path};

/// It builds a library in C, for a minute, and changes nothing about the bounds.
const LEFT_OUT: &str = "aws-lc-rs";

/// Checks the copy, below the target folder: the lockfile of the workspace stays as it is.
pub(crate) fn check() -> Result {
    let folder = target().join("minimal");
    let is_changed = copy_workspace(&folder)?;
    let manifest = folder.join("Cargo.toml");
    let manifest = manifest.to_str().ok_or("the name of the target folder is not Unicode")?;
    if is_changed || !folder.join("Cargo.lock").exists() {
        // An option of Cargo that is unstable, and does not change what the compiler does.
        let lock =
            format!("generate-lockfile -Z direct-minimal-versions --manifest-path {manifest}");
        cargo(&lock, &[("RUSTC_BOOTSTRAP", "1")]).map_err(|error| {
            format!(
                "{error}\na bound is too low for others, or the index of crates.io is out of reach"
            )
        })?;
    }
    let built = folder.join("target");
    let built = built.to_str().ok_or("the name of the target folder is not Unicode")?;
    cargo(
        &format!(
            "check --quiet --locked --workspace --features {} --manifest-path {manifest}",
            features()?
        ),
        &[("CARGO_TARGET_DIR", built)],
    )
}

/// Gives whether a manifest is another than the last time.
fn copy_workspace(folder: &Path) -> Result<bool> {
    let members = PUBLISHED.map(|name| format!("\"crates/{name}\"")).join(", ");
    let mut is_changed = copy_manifest(Path::new(""), folder, |line| match line {
        line if line.starts_with("members = ") => Some(format!("members = [{members}]")),
        line => Some(line.to_owned()),
    })?;
    for name in PUBLISHED {
        let package = Path::new("crates").join(name);
        // What only tests need would have its say in the versions, too.
        let mut is_for_tests = false;
        is_changed |= copy_manifest(&package, folder, |line| {
            if line.starts_with('[') {
                is_for_tests = line == "[dev-dependencies]";
            }
            (!is_for_tests).then(|| line.to_owned())
        })?;
        let sources = folder.join(&package).join("src");
        if sources.exists() {
            fs::remove_dir_all(&sources)?;
        }
        copy(&root().join(&package).join("src"), &sources)?;
    }
    Ok(is_changed)
}

fn copy_manifest(
    package: &Path,
    folder: &Path,
    mut change: impl FnMut(&str) -> Option<String>,
) -> Result<bool> {
    let ours = fs::read_to_string(root().join(package).join("Cargo.toml"))?;
    let lines: Vec<_> = ours.lines().filter_map(&mut change).collect();
    let copied = lines.join("\n");
    let file = folder.join(package).join("Cargo.toml");
    if fs::read_to_string(&file).is_ok_and(|old| old == copied) {
        return Ok(false);
    }
    fs::create_dir_all(folder.join(package))?;
    fs::write(file, copied)?;
    Ok(true)
}

/// A file that is copied keeps its time, so Cargo builds only what changed.
fn copy(from: &Path, to: &Path) -> Result {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to)?;
            continue;
        }
        fs::copy(&from, &to)?;
        fs::File::options().write(true).open(&to)?.set_modified(entry.metadata()?.modified()?)?;
    }
    Ok(())
}

/// All of the published packages but one.
fn features() -> Result<String> {
    let mut features = Vec::new();
    for package in published()? {
        let name = package["name"].as_str().ok_or("a package without a name")?;
        let all = package["features"].as_object().into_iter().flat_map(|all| all.keys());
        features.extend(
            all.filter(|feature| *feature != LEFT_OUT).map(|feature| format!("{name}/{feature}")),
        );
    }
    Ok(features.join(","))
}
