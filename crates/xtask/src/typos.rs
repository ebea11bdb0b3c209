//! Words that are written wrong, in code, comments, documents and file names.

use crate::{
    Result, install,
    workspace::{root, run},
};
use std::process::Command;

const VERSION: &str = "1.52.0";

/// Looks for them in all files that are not ignored; `typos.toml` says which words are right.
pub(crate) fn check() -> Result {
    let program = install::from_pypi("typos", VERSION)?.join("typos");
    run(Command::new(program).args(["--format", "brief"]).current_dir(root()))
}
