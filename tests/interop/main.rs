//! Our clients against servers that others wrote; `cargo xtask interop` starts the servers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod servers;
mod wire;
