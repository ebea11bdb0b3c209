//! Whether the layers build for browsers and other hosts of WebAssembly, where that target is installed.

use crate::{
    Result,
    workspace::{cargo, output},
};
use std::{path::Path, process::Command};

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds them, without linking.
pub(crate) fn check() -> Result {
    let output =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if !Path::new(String::from_utf8(output.stdout)?.trim()).is_dir() {
        println!("skipped: the target {TARGET} is not installed");
        return Ok(());
    }
    cargo(&format!("check -p tower-clients-layers --target {TARGET}"), &[])
}
