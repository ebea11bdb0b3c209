//! The same program under an allocator that counts, which costs time: what it measures beside
//! allocations is not to be used.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::{alloc::System, process::ExitCode};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    peers::main(Some(|| {
        let counted = ALLOCATOR.stats();
        (counted.allocations + counted.reallocations) as u64
    }))
}
