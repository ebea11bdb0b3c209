//! What goes wrong, row by row of `docs/faults.md`, and what it leaves behind. A test is named after its
//! row.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod connect;
mod files;
mod framing;
mod http2;
mod life;
mod logs;
mod resolve;
mod reuse;
mod secrets;
mod tls;
mod torture;
mod upload;
