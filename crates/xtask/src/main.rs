//! The steps that the continuous integration runs: `cargo xtask <step>`.

mod bench;
mod compare;
mod features;
mod fuzz;
mod hygiene;
mod interop;
mod machine;
mod msrv;
mod order;
mod server;
mod soak;

use serde_json::Value;
use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// The crates that are published, in the order in which they depend on each other.
const PUBLISHED: [&str; 4] =
    ["tower-clients-layers", "tower-clients-transport", "tower-clients-mock", "tower-clients"];

const EXAMPLES: &[&str] = &[
    "quickstart",
    "config",
    "custom_stack",
    "own_layer",
    "in_process",
    "streaming",
    "download",
    "axum_state",
    "axum_bff",
    "axum_errors",
    "axum_gateway",
    "axum_tests",
    "proxy",
    "remote",
    "graph",
    "update",
    "blocking",
    "resource",
    "github_sdk",
    "oauth",
    "shutdown",
    "mutual_tls",
    "unix_socket",
    "otel",
    "metrics",
];

/// Name, what it does, how.
type Step = (&'static str, &'static str, fn() -> Result);

const STEPS: [Step; 11] = [
    ("fmt", "is the code formatted", fmt),
    ("hygiene", "do files and examples keep the rules of CONTRIBUTING.md", hygiene::check),
    ("clippy", "lints with default, all and no features", clippy),
    ("docs", "does the documentation build without a warning", docs),
    ("msrv", "does every dependency build with the stated Rust version", msrv::check),
    ("wasm", "do the layers build for wasm32, if that target is installed", wasm),
    ("features", "does every feature build alone, do the layers pass without any", features::check),
    ("examples", "does every example run", examples),
    ("compare", "does the code of COMPARE.md run, that of other clients included", compare::test),
    ("interop", "do the clients get on with servers that others wrote", interop::test),
    ("soak", "does anything go wrong under faults; `--ci` for as little as here", soak::run),
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
        println!("usage: cargo xtask <step>\n\n  ci         these, in this order:");
        for (name, about, _) in STEPS {
            println!("  {name:<10} {about}");
        }
        println!();
        for (name, about, _) in BESIDES {
            println!("  {name:<10} {about}");
        }
        return ExitCode::from(2);
    }
    for (name, _, run) in chosen {
        let start = Instant::now();
        println!("== {name}");
        if let Err(error) = run() {
            eprintln!("xtask: {name}: {error}");
            return ExitCode::FAILURE;
        }
        println!("== {name}: {:.0?}", start.elapsed());
    }
    ExitCode::SUCCESS
}

fn fmt() -> Result {
    cargo("fmt --all --check", &[])?;
    cargo("fmt --all --manifest-path benches/peers/Cargo.toml --check", &[])?;
    cargo("fmt --manifest-path fuzz/Cargo.toml --check", &[])
}

fn clippy() -> Result {
    let published = PUBLISHED.map(|name| format!("-p {name}")).join(" ");
    cargo("clippy --workspace --all-targets -- -D warnings", &[])?;
    cargo("clippy --workspace --all-targets --all-features -- -D warnings", &[])?;
    cargo(&format!("clippy {published} --no-default-features -- -D warnings"), &[])
}

fn docs() -> Result {
    cargo("doc --workspace --no-deps --all-features", &[("RUSTDOCFLAGS", "-D warnings")])
}

fn wasm() -> Result {
    const TARGET: &str = "wasm32-unknown-unknown";
    let output =
        Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output()?;
    if !Path::new(String::from_utf8(output.stdout)?.trim()).is_dir() {
        println!("skipped: the target {TARGET} is not installed");
        return Ok(());
    }
    cargo(&format!("check -p tower-clients-layers --target {TARGET}"), &[])
}

/// Builds them at once: one by one, each waits for the crates that it is the first to need.
fn examples() -> Result {
    cargo("build --quiet --examples", &[])?;
    let folder = target().join("debug/examples");
    EXAMPLES.iter().try_for_each(|name| {
        println!("$ {name}");
        let program = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        let status = Command::new(program).current_dir(root()).status()?;
        if status.success() { Ok(()) } else { Err(format!("the example {name} failed").into()) }
    })
}

/// What Cargo knows of the workspace.
fn metadata(arguments: &[&str]) -> Result<Value> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments)
        .current_dir(root())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn cargo(arguments: &str, variables: &[(&str, &str)]) -> Result {
    println!("$ cargo {arguments}");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    for (name, _) in env::vars_os() {
        // They are about this program. Build scripts that see them run again without them.
        let about_us = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        if about_us.iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    let status = command
        .args(arguments.split_whitespace())
        .envs(variables.iter().copied())
        .current_dir(root())
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("`cargo {arguments}` failed").into()) }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where everything is built.
fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into()))
}
