//! What may be depended on: `deny.toml` says it, with reasons.
//!
//! Advisories are left out: they come from a repository that is not a package index, and they change
//! without a change of ours.

use crate::{
    Result, install,
    workspace::{root, run},
};
use std::process::Command;

const VERSION: &str = "0.20.2";

/// Checks bans, licences and sources of everything in the lockfile.
pub(crate) fn check() -> Result {
    let program = install::from_crates("cargo-deny", VERSION)?.join("cargo-deny");
    run(Command::new(program)
        .args(["--locked", "--offline", "check", "bans", "licenses", "sources"])
        .current_dir(root()))
}
