//! Whether the documentation builds without a warning, and what it says as JSON.

use crate::{
    Result,
    workspace::{PUBLISHED, cargo, root, target},
};
use serde_json::Value;
use std::{fs, path::PathBuf};

const BUILD: &str = "doc --workspace --no-deps --all-features";

/// Builds it for all crates.
pub(crate) fn check() -> Result {
    cargo(BUILD, &[("RUSTDOCFLAGS", "-D warnings")])
}

/// A published crate, described as JSON.
pub(crate) struct Described {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
}

impl Described {
    /// What the file says.
    pub(crate) fn read(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&fs::read(&self.path)?)?)
    }
}

/// Describes what the published crates offer with all features.
pub(crate) fn as_json() -> Result<Vec<Described>> {
    // With the features of all members, as elsewhere: so no dependency is built once more.
    let rustdoc = root().join("crates/xtask/wrappers/rustdoc-json");
    let rustdoc = rustdoc.to_str().ok_or("the name of the checkout is not Unicode")?;
    cargo(&format!("{BUILD} --lib --quiet"), &[("RUSTDOC", rustdoc)])?;
    Ok(PUBLISHED
        .into_iter()
        .map(|name| {
            let file = name.replace('-', "_") + ".json";
            Described { name, path: target().join("doc").join(file) }
        })
        .collect())
}
