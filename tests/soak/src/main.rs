//! Many requests under faults, and what they must not do.
//!
//! `soak serve` is the server; `soak run <scenario> [--ci]` does what a scenario says with the server at
//! `SOAK_SERVER` and prints what came of it as JSON. `cargo xtask soak` starts both.

mod call;
mod plan;
mod process;
mod report;
mod scenario;
mod serve;

use std::{env, process::ExitCode};
use tokio::runtime::{Builder, Runtime};

type Result<T = (), E = tower_clients::BoxError> = std::result::Result<T, E>;

/// What every request has.
const AUTHORIZATION: &str = "Bearer t0ken";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["serve"] => threads().and_then(|runtime| runtime.block_on(serve::serve())),
        ["run", name] => scenario::run(name, scenario::Size::Full),
        ["run", name, "--ci"] => scenario::run(name, scenario::Size::Ci),
        _ => Err("usage: soak serve | soak run <scenario> [--ci]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A runtime on the clock of the machine.
fn threads() -> Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// A runtime whose clock jumps to what is waited for.
fn virtual_time() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().start_paused(true).build()?)
}
