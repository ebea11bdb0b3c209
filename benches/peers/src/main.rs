//! See the library. This program has the allocator of the system, as most programs do.

use std::process::ExitCode;

fn main() -> ExitCode {
    peers::main(None)
}
