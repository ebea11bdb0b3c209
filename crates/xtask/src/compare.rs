//! The code of `COMPARE.md`, `docs/migrating.md` and `docs/clients.md`, that of other clients included.
//!
//! It belongs to a package beside that of the benchmarks, with the same versions of the peers.

use crate::{
    Result,
    workspace::{cargo, root, target},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const PEERS: &str = "benches/peers";

/// Runs the Rust as tests of a documentation, and the Python where there is a virtual environment for it.
pub(crate) fn test() -> Result {
    let target = target();
    let built = target.to_str().ok_or("the name of the target folder is not Unicode")?;
    let test = format!("test --quiet --locked --manifest-path {PEERS}/Cargo.toml -p compare");
    cargo(&format!("{test} --doc"), &[("CARGO_TARGET_DIR", built)])?;

    let python = python(&root().join(PEERS).join("compare"), &target.join("compare/python"))?;
    let python = python.to_str().ok_or("the name of the target folder is not Unicode")?;
    let variables = [("CARGO_TARGET_DIR", built), ("PYTHON", python)];
    cargo(&format!("{test} --test python -- --include-ignored"), &variables)
}

/// The interpreter of a virtual environment with the pins of `ours`, made again when they change.
fn python(ours: &Path, folder: &Path) -> Result<PathBuf> {
    let pins = ours.join("requirements.txt");
    let wanted = fs::read_to_string(&pins)?;
    let (interpreter, stamp) = (folder.join("bin/python"), folder.join("installed.txt"));
    if !fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("installing into {}", folder.display());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(Command::new(&interpreter).args(pip).arg(&pins))?;
        fs::write(stamp, wanted)?;
    }
    Ok(interpreter)
}

fn run(command: &mut Command) -> Result {
    if command.status()?.success() { Ok(()) } else { Err(format!("{command:?} failed").into()) }
}
