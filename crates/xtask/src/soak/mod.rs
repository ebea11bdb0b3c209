//! Many requests under faults: does anything go wrong, or get lost?
//!
//! The program is `tests/soak`. Each scenario runs in a process of its own, and so does its server.

mod report;

use self::report::Found;
use crate::{
    Result, machine,
    server::Server,
    workspace::{cargo, root, target},
};
use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

/// Name, title, and what is done, for the page.
type Scenario = (&'static str, &'static str, &'static str);

const SCENARIOS: [Scenario; 8] = [
    (
        "faults",
        "Faults",
        "64 workers send requests: seven in ten are `GET`s, two are `POST`s with an `Idempotency-Key`, one is a \
         `POST` without. Of all attempts, 5 % meet one of 14 faults: a reset or close before the answer; a \
         close in its head, its body or its chunks; a gzip body that is cut; two lengths; what is not HTTP; \
         503 with and without `Retry-After`; no answer at all; one that comes byte by byte; one that another \
         follows; a redirect to another origin. Which one is settled by the number of the request and of the attempt.",
    ),
    (
        "outage",
        "Total outage",
        "Requests come at a steady rate. The server fails all of them for a time, and then none.",
    ),
    (
        "cancel",
        "Calls given up",
        "64 workers drop calls after up to ten polls, while the server sends answers in pieces. One call in \
         eight goes on, over the same pool, which may have 32 connections.",
    ),
    (
        "keep_alive",
        "Connections that close",
        "The server closes connections when the next request is on its way, or has come, with and without a \
         reset. Each of 8 workers has connections of its own, and retries without a pause.",
    ),
    ("bomb", "Bombs", "200 MB of zeros come as 200 KB of gzip, where 1 MiB is the limit."),
    (
        "slow",
        "Slow answers",
        "All connections at once get a byte each 200 ms, in the head or in the body, without end.",
    ),
    (
        "balance",
        "A bad host",
        "One of several hosts fails at once, while the others take 20 ms; then it heals. One request after the \
         other, then 8 workers, on virtual time. Nothing is sent to a second host.",
    ),
    (
        "token",
        "Refused tokens",
        "1000 requests at a time find that their token is refused, on virtual time.",
    ),
];

/// Runs all scenarios: with `--ci`, and as a step of `ci`, in less than a minute; else for as long as they
/// take, and writes `docs/reliability.md`. Names of scenarios run only these, and write nothing.
pub(crate) fn run() -> Result {
    let words: Vec<_> = env::args().skip(1).collect();
    let is_ci = words.iter().any(|word| word == "ci" || word == "--ci");
    let names: Vec<_> = words[1..].iter().filter(|word| *word != "--ci").collect();
    let chosen: Vec<_> = SCENARIOS
        .iter()
        .filter(|(name, ..)| names.is_empty() || names.iter().any(|chosen| chosen == name))
        .collect();
    if chosen.len() < names.len() {
        let known = SCENARIOS.map(|(name, ..)| name).join(", ");
        return Err(format!("the scenarios are {known}").into());
    }
    let (build, folder) = match is_ci {
        true => ("build --package soak", "debug"),
        false => ("build --release --package soak", "release"),
    };
    cargo(build, &[])?;
    let program = target().join(folder).join("soak");

    let mut found = Vec::new();
    for (name, title, about) in chosen {
        println!("{title}");
        let start = Instant::now();
        let scenario = Found::read(title, about, &output(&program, name, is_ci)?)?;
        println!("{}{:.0?}\n", scenario.table(), start.elapsed());
        found.push(scenario);
    }
    if !is_ci && names.is_empty() {
        let page = report::page(&found, &today()?, &machine::describe()?);
        fs::write(root().join("docs/reliability.md"), page)?;
    }
    let missed: Vec<_> = found.iter().flat_map(Found::missed).collect();
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n").into()) }
}

/// What a scenario prints.
fn output(program: &Path, name: &str, is_ci: bool) -> Result<Vec<u8>> {
    let server = Server::start(Command::new(program).arg("serve"), &["SOAK_SERVER"])?;
    let mut command = Command::new(program);
    command.args(["run", name]).envs(server.variables()).stderr(Stdio::inherit());
    if is_ci {
        command.arg("--ci");
    }
    let output = command.output()?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("{command:?} failed: {}", output.status).into())
    }
}

fn today() -> Result<String> {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
