//! Lints, with default, all and no features.

use crate::{
    Result,
    workspace::{cargo, published_options},
};

/// Checks everything with default and with all features, and what is published with none.
pub(crate) fn check() -> Result {
    cargo("clippy --workspace --all-targets -- -D warnings", &[])?;
    cargo("clippy --workspace --all-targets --all-features -- -D warnings", &[])?;
    cargo(&format!("clippy {} --no-default-features -- -D warnings", published_options()), &[])
}
