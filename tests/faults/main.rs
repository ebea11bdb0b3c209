//! What goes wrong, row by row of `docs/faults.md`, and what it leaves behind. A test is named after its
//! row.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod framing;
mod torture;
mod upload;
