//! Our clients against servers that others wrote; `cargo xtask interop` starts the servers.
//!
//! `base` and `aio` are the test suite of the Python library `clients` 1.3, name by name: `base` of its
//! blocking clients, `aio` of the async ones. Where they differ from it on purpose, a comment says so.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[macro_use]
mod seed;

mod aio;
mod base;
mod gateway;
mod graph;
mod servers;
mod wire;
