//! The code of `COMPARE.md`, `docs/migrating.md` and `docs/clients.md`, that of other clients included.
//!
//! It belongs to a package beside that of the benchmarks, with the same versions of the peers.

use crate::{
    Result, install,
    workspace::{cargo, root, target},
};

const PEERS: &str = "benches/peers";

/// Runs the Rust as tests of a documentation, and the Python in a virtual environment.
pub(crate) fn test() -> Result {
    let target = target();
    let built = target.to_str().ok_or("the name of the target folder is not Unicode")?;
    let test = format!("test --quiet --locked --manifest-path {PEERS}/Cargo.toml -p compare");
    cargo(&format!("{test} --doc"), &[("CARGO_TARGET_DIR", built)])?;

    let ours = root().join(PEERS).join("compare");
    let python = install::python(&ours, &target.join("compare/python"))?;
    let python = python.to_str().ok_or("the name of the target folder is not Unicode")?;
    let variables = [("CARGO_TARGET_DIR", built), ("PYTHON", python)];
    cargo(&format!("{test} --test python -- --include-ignored"), &variables)
}
