//! The steps that the continuous integration runs: `cargo xtask <step>`.

mod api;
mod bench;
mod budget;
mod clippy;
mod compare;
mod coverage;
mod deny;
mod docs;
mod examples;
mod external_types;
mod features;
mod fmt;
mod fuzz;
mod hygiene;
mod install;
mod interop;
mod machine;
mod marks;
mod minimal;
mod msrv;
mod order;
mod server;
mod snapshot;
mod soak;
mod tests;
mod typos;
mod wasm;
mod workspace;

use std::{
    env,
    error::Error,
    process::ExitCode,
    time::{Duration, Instant},
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Name, what it asks, how.
type Step = (&'static str, &'static str, fn() -> Result);

const STEPS: [Step; 19] = [
    ("fmt", "is the code formatted", fmt::check),
    ("hygiene", "do files and examples keep the rules of CONTRIBUTING.md", hygiene::check),
    ("typos", "is every word written right", typos::check),
    ("deny", "may everything be depended on that is", deny::check),
    ("clippy", "lints with default, all and no features", clippy::check),
    ("docs", "does the documentation build without a warning", docs::check),
    ("api", "is the public interface what `docs/api` says", api::check),
    ("external-types", "do only listed crates show in public signatures", external_types::check),
    ("budget", "are there as many dependencies as `docs/features.md` says", budget::check),
    ("msrv", "does every dependency build with the stated Rust version", msrv::check),
    ("minimal", "do the oldest dependencies that are allowed do", minimal::check),
    ("wasm", "do the layers build for wasm32, if that target is installed", wasm::check),
    ("features", "does every feature build alone, do the layers pass without any", features::check),
    ("test", "do all tests pass, and the examples of the documentation", tests::run),
    ("examples", "does every example run", examples::run),
    ("compare", "does the code of COMPARE.md run, that of other clients included", compare::test),
    ("interop", "do the clients get on with servers that others wrote", interop::test),
    ("soak", "does anything go wrong under faults; `--ci` for as little as here", soak::run),
    ("coverage", "do tests run as much of the code as they did", coverage::check),
];

/// What is not a part of `ci`.
const BESIDES: [Step; 2] = [
    ("bench", "the same work by these and by other clients; `--quick` for a look", bench::run),
    ("fuzz", "does any input break a promise; `--seconds 30 join` for a look at one", fuzz::run),
];

fn main() -> ExitCode {
    let wanted = env::args().nth(1).unwrap_or_default();
    let chosen: Vec<_> = match &*wanted {
        "ci" => STEPS.iter().collect(),
        step => STEPS.iter().chain(&BESIDES).filter(|(name, ..)| step == *name).collect(),
    };
    if chosen.is_empty() {
        print_usage();
        return ExitCode::from(2);
    }
    let mut times = Vec::new();
    for (name, _, run) in chosen {
        let start = Instant::now();
        println!("== {name}");
        if let Err(error) = run() {
            eprintln!("xtask: {name}: {error}");
            return ExitCode::FAILURE;
        }
        times.push((*name, start.elapsed()));
    }
    print_times(&times);
    ExitCode::SUCCESS
}

fn print_usage() {
    println!("usage: cargo xtask <step>\n\n  ci               these, in this order:");
    for (name, about, _) in STEPS {
        println!("  {name:<16} {about}");
    }
    println!();
    for (name, about, _) in BESIDES {
        println!("  {name:<16} {about}");
    }
}

fn print_times(times: &[(&str, Duration)]) {
    println!("\n{:<16} seconds", "step");
    for (name, time) in times {
        println!("{name:<16} {:>7.1}", time.as_secs_f64());
    }
    let all: Duration = times.iter().map(|(_, time)| *time).sum();
    println!("{:<16} {:>7.1}", "all", all.as_secs_f64());
}
