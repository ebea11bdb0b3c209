//! What the published crates offer, item by item: the files of `docs/api`.
//!
//! So the change that makes a difference to programs shows it, line by line.

use crate::{
    Result, docs,
    snapshot::Snapshots,
    workspace::{output, readers},
};
use std::process::Command;

/// Compares them with what the crates offer now, with all features; `--accept` writes them.
pub(crate) fn check() -> Result {
    let reader = readers()?.join("public-api");
    let mut snapshots = Snapshots::new("api");
    for described in docs::as_json()? {
        let listed = output(Command::new(&reader).arg(&described.path))?;
        let listed = String::from_utf8(listed.stdout)?;
        println!("{}: {} items", described.name, listed.lines().count());
        snapshots.compare(&format!("docs/api/{}.txt", described.name), &listed)?;
    }
    snapshots.finish()
}
