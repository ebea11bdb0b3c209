//! What the steps know of the workspace, and how they start other programs.

use crate::Result;
use serde_json::Value;
use std::{
    env,
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The crates that are published, in the order in which they depend on each other.
pub(crate) const PUBLISHED: [&str; 4] =
    ["tower-clients-layers", "tower-clients-transport", "tower-clients-mock", "tower-clients"];

pub(crate) fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.ancestors().nth(2).unwrap_or(folder).to_owned()
}

/// Where everything is built.
pub(crate) fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into()))
}

/// What Cargo knows of the workspace.
pub(crate) fn metadata(arguments: &[&str]) -> Result<Value> {
    let output = output(
        Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(arguments)
            .current_dir(root()),
    )?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The published packages, as `cargo metadata --no-deps` describes them.
pub(crate) fn published() -> Result<Vec<Value>> {
    let mut metadata = metadata(&["--no-deps"])?;
    let Value::Array(mut packages) = metadata["packages"].take() else {
        return Err("no packages in the metadata".into());
    };
    packages.retain(|package| PUBLISHED.iter().any(|name| package["name"] == *name));
    Ok(packages)
}

/// The published packages as options of Cargo.
pub(crate) fn published_options() -> String {
    PUBLISHED.map(|name| format!("-p {name}")).join(" ")
}

/// Runs Cargo in the workspace, with what it says on our output.
pub(crate) fn cargo(arguments: &str, variables: &[(&str, &str)]) -> Result {
    println!("$ cargo {arguments}");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    for (name, _) in env::vars_os() {
        // They are about this program. Build scripts that see them run again without them.
        let about_us = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        if about_us.iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    let status = command
        .args(arguments.split_whitespace())
        .envs(variables.iter().copied())
        .current_dir(root())
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("`cargo {arguments}` failed").into()) }
}

/// Builds the programs that read what the compiler writes; gives their folder. They are no part of this
/// program, so that the steps that do not need them do not wait for them.
pub(crate) fn readers() -> Result<PathBuf> {
    let folder = target();
    let built = folder.to_str().ok_or("the name of the target folder is not Unicode")?;
    let build = "build --quiet --locked --manifest-path crates/xtask/readers/Cargo.toml";
    cargo(build, &[("CARGO_TARGET_DIR", built)])?;
    Ok(folder.join("debug"))
}

/// Runs a command, with what it says on our output.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command.status().map_err(|error| explain(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed").into()) }
}

/// Runs a command and gives what it says.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    let output = command.output().map_err(|error| explain(command, &error))?;
    if output.status.success() {
        return Ok(output);
    }
    let program = command.get_program().display();
    Err(format!("`{program}` failed: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn explain(command: &Command, error: &Error) -> String {
    let program = command.get_program().display();
    match error.kind() {
        ErrorKind::NotFound => format!(
            "`{program}` is not installed: needed are a stable Rust toolchain, Python 3.10 with venv, \
             and Node 18 with npm"
        ),
        _ => format!("`{program}`: {error}"),
    }
}
