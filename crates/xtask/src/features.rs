//! Whether every feature builds alone, and without a warning: Cargo knows which there are.

use crate::{
    Result,
    workspace::{cargo, published},
};

/// Checks each feature of the published crates by itself, then runs the tests of the layers without any.
pub(crate) fn check() -> Result {
    for package in published()? {
        let name = package["name"].as_str().ok_or("a package without a name")?;
        let features = package["features"].as_object().ok_or("a package without features")?;
        for feature in features.keys().filter(|feature| *feature != "default") {
            let alone = format!("--no-default-features --features {feature}");
            cargo(&format!("clippy --quiet -p {name} {alone} -- -D warnings"), &[])?;
        }
    }
    cargo("test -p tower-clients-layers --lib --no-default-features --quiet", &[])
}
