//! What must hold whatever comes in.
//!
//! Each module reads an input as it likes and panics when a promise of the project is broken. The
//! package `fuzz` looks for such inputs; the tests of this one replay what it has collected. Inputs
//! are text where that can be, so that they can be read and written by hand.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "an oracle panics")]

mod answer;
mod paused;

/// The modules, and the list of their checks.
macro_rules! targets {
    ($($name:ident)+) => {
        $(pub mod $name;)+

        /// Name and check of every target.
        pub const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name::check)),+];
    };
}

targets! {
    balancer client cookie decode etag graph join lines mime oauth query redact redirect retry_after retry_machine rpc
    segments
}
