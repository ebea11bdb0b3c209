//! Support of the tests across the crates.
