//! Whether the code is formatted: the workspace, and the packages besides it.

use crate::{Result, workspace::cargo};

/// Packages that are not members of the workspace.
const BESIDES: [&str; 3] = ["benches/peers", "crates/xtask/readers", "fuzz"];

/// Checks all of it.
pub(crate) fn check() -> Result {
    cargo("fmt --all --check", &[])?;
    BESIDES.iter().try_for_each(|package| {
        cargo(&format!("fmt --all --manifest-path {package}/Cargo.toml --check"), &[])
    })
}
