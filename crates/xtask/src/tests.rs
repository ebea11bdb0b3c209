//! The tests of all crates, and the examples of their documentation.

use crate::{Result, workspace::cargo};

/// Runs them with default features, as the README says.
pub(crate) fn run() -> Result {
    cargo("test --workspace", &[])
}
