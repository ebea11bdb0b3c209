//! Whether the Rust version stated in `Cargo.toml` is true.
//!
//! Every dependency of the published crates must state that version or an older one. When that very
//! toolchain is installed, the published crates are also built with it. The lint
//! `clippy::incompatible_msrv` looks at our own code.

use crate::{
    Result,
    workspace::{PUBLISHED, metadata, published_options, root},
};
use serde_json::Value;
use std::{collections::BTreeSet, process::Command};

/// Checks all dependencies of the published crates that are not for development.
pub(crate) fn check() -> Result {
    let metadata = metadata(&["--all-features"])?;
    let packages = array(&metadata["packages"]);
    let package = |id: &str| packages.iter().find(|package| package["id"] == id);
    let ours = packages.iter().find(|package| package["name"] == PUBLISHED[0]);
    let stated =
        ours.map(|package| version(&package["rust_version"])).ok_or("no package of ours")?;

    let mut newer = Vec::new();
    let needed = needed(&metadata);
    for id in &needed {
        let package = package(id).ok_or_else(|| format!("{id} is not in the metadata"))?;
        if version(&package["rust_version"]) > stated {
            newer.push(format!("{} needs Rust {}", package["name"], package["rust_version"]));
        }
    }
    if !newer.is_empty() {
        return Err(newer.join(", ").into());
    }
    let (major, minor) = stated;
    println!("{} packages build with Rust {major}.{minor} by their own word", needed.len());

    let toolchain = format!("+{major}.{minor}");
    let installed =
        Command::new("cargo").args([&toolchain, "--version"]).output()?.status.success();
    if installed {
        let published = published_options();
        let status = Command::new("cargo")
            .arg(toolchain)
            .args(format!("check {published} --target-dir target/msrv").split_whitespace())
            .current_dir(root())
            .status()?;
        return if status.success() { Ok(()) } else { Err("they do not build".into()) };
    }
    println!("not built with it: that toolchain is not installed");
    Ok(())
}

/// The ids of the published packages and of all that they need to build.
fn needed(metadata: &Value) -> BTreeSet<&str> {
    let nodes = array(&metadata["resolve"]["nodes"]);
    let packages = array(&metadata["packages"]).iter();
    let mut open: Vec<&str> = packages
        .filter(|package| PUBLISHED.iter().any(|name| package["name"] == *name))
        .filter_map(|package| package["id"].as_str())
        .collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id);
        let dependencies = node.map_or(&[][..], |node| array(&node["deps"]));
        let for_build = dependencies.iter().filter(|dependency| {
            array(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev")
        });
        open.extend(for_build.filter_map(|dependency| dependency["pkg"].as_str()));
    }
    found
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Major and minor number; nothing stated counts as the oldest.
fn version(value: &Value) -> (u32, u32) {
    let mut numbers = value.as_str().unwrap_or("").split('.').map_while(|part| part.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
