//! Whether every program in `examples` runs, offline, to its end.

use crate::{
    Result,
    workspace::{cargo, root, run as run_command, target},
};
use std::{env::consts::EXE_SUFFIX, fs, process::Command};

/// Runs all of them, in the order of their names.
pub(crate) fn run() -> Result {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("examples"))? {
        let path = entry?.path();
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        names.extend(
            path.file_stem()
                .filter(|name| is_source && *name != "lib")
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    // At once: one by one, each waits for the crates that it is the first to need.
    cargo("build --quiet --examples", &[])?;
    let folder = target().join("debug/examples");
    names.iter().try_for_each(|name| {
        println!("$ {name}");
        run_command(Command::new(folder.join(format!("{name}{EXE_SUFFIX}"))).current_dir(root()))
    })
}
