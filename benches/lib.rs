//! What the layers and clients cost.
//!
//! [`cases`] says what is measured, a [`Meter`] how: [`stopwatch`] times every case with criterion,
//! and the bench `allocations` counts what each allocates. So both always speak of the same code.
//!
//! ```text
//! cargo bench -p benches --bench allocations
//! cargo bench -p benches --bench layers -- --warm-up-time 1 --measurement-time 2
//! ```
//!
//! The first case of a group is the one that the others are to be compared with. Ratios and
//! allocation counts carry to another machine, times do not.

#![expect(clippy::missing_panics_doc, reason = "a bench has nobody to hand an error to")]

pub mod cases;
pub mod no_op;
pub mod payload;
pub mod server;
pub mod stopwatch;

use tokio::runtime::{Builder, Runtime};

/// Measures cases.
pub trait Meter {
    /// Starts a group of cases.
    fn group(&mut self, name: &str);

    /// Measures `run`, called and awaited again and again inside of one [`runtime`]. What it gives
    /// is dropped as a part of the case.
    fn case<F: Future>(&mut self, name: &str, run: impl FnMut() -> F);
}

/// A runtime that does everything on the thread that blocks on it, so that all of it is measured.
#[must_use]
pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime needs no more than a poll")
}
