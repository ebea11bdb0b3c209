//! Whether every feature builds alone, and without a warning: Cargo knows which there are.

use crate::{PUBLISHED, Result, cargo, metadata};

/// Checks each feature of the published crates by itself, then runs the tests of the layers without any.
pub(crate) fn check() -> Result {
    let metadata = metadata(&["--no-deps"])?;
    for name in PUBLISHED {
        let packages = metadata["packages"].as_array();
        let package = packages.and_then(|all| all.iter().find(|package| package["name"] == name));
        let features = package.and_then(|package| package["features"].as_object());
        let features = features.ok_or_else(|| format!("{name} is not in the metadata"))?;
        for feature in features.keys().filter(|feature| *feature != "default") {
            let alone = format!("--no-default-features --features {feature}");
            cargo(&format!("clippy --quiet -p {name} {alone} -- -D warnings"), &[])?;
        }
    }
    cargo("test -p tower-clients-layers --lib --no-default-features --quiet", &[])
}
