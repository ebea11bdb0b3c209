//! The same work by these and by other clients, on this machine and in one run.
//!
//! The clients are in `benches/peers`, a package of its own. Server and client are processes of
//! their own, on a core each if there are two. All clients take turns in every round, so that what
//! else happens on the machine meets them alike, and each is compared with those of its round.

mod instructions;
mod plan;
mod plot;
mod process;
mod readme;
mod report;
mod results;
mod summary;

use self::{
    plan::{CASES, Case},
    process::Peers,
    results::Results,
};
use crate::{
    Result, machine,
    workspace::{cargo, root, target},
};
use std::{collections::btree_map::Entry, env, fs, path::Path};

const PACKAGE: &str = "benches/peers";

/// How much is done.
struct Scale {
    rounds: usize,
    /// As the report names them.
    title: &'static str,
    /// The requests of the plan are divided by it.
    divisor: usize,
}

/// Runs everything and writes `docs/benchmarks.md` and the figures of the README and of `COMPARE.md`;
/// `--quick` does less of it, for a look.
pub(crate) fn run() -> Result {
    let quick = match env::args().nth(2).as_deref() {
        None => false,
        Some("--quick") => true,
        Some(other) => return Err(format!("there is no option `{other}`").into()),
    };
    let scale = match quick {
        true => Scale { rounds: 3, title: "3 short rounds", divisor: 5 },
        false => Scale { rounds: 7, title: "7 rounds", divisor: 1 },
    };
    let target = target();
    let built = target.to_str().ok_or("the name of the target folder is not Unicode")?;
    let build = format!("build --release --manifest-path {PACKAGE}/Cargo.toml");
    cargo(&build, &[("CARGO_TARGET_DIR", built)])?;

    let results = measure(&Peers::start(&target)?, &scale)?;
    fs::write(target.join("benchmarks.json"), results.to_json().to_string())?;
    write(&results, scale.title)
}

fn measure(peers: &Peers, scale: &Scale) -> Result<Results> {
    let mut results = Results { is_pinned: peers.is_pinned, ..Results::default() };
    for case in &CASES {
        for client in case.clients() {
            if let Entry::Vacant(entry) = results.allocations.entry((case.work, client)) {
                entry.insert(peers.allocations(client, case)?);
            }
        }
    }
    results.instructions = instructions::count(peers, 1000 / scale.divisor)?;
    for round in 0..scale.rounds {
        println!("round {} of {}", round + 1, scale.rounds);
        for case in &CASES {
            let mut clients = case.clients();
            let turns = clients.len();
            // Whoever comes first after a pause may be at an advantage.
            clients.rotate_left(round % turns);
            for client in clients {
                let requests = (case.requests / scale.divisor).max(1);
                let sample = peers.run(client, case, requests)?;
                results.samples.entry((case.key(), client)).or_default().push(sample);
            }
        }
    }
    Ok(results)
}

fn write(results: &Results, rounds: &str) -> Result {
    let docs = root().join("docs");
    let report = report::markdown(results, rounds, &machine::describe()?, &locked()?);
    print!("{}", report::tables(results));
    fs::write(docs.join("benchmarks.md"), report)?;
    readme::write(results)?;
    summary::write(results, rounds)?;
    plot::write(results, &docs)
}

/// Names and versions of the packages that are compared.
fn locked() -> Result<Vec<(String, String)>> {
    let lock = fs::read_to_string(root().join(Path::new(PACKAGE).join("Cargo.lock")))?;
    let value = |line: &str, name: &str| {
        Some(line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned())
    };
    let mut lines = lock.lines().peekable();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(name) = value(line, "name")
            && plan::PACKAGES.contains(&&*name)
            && let Some(version) = lines.peek().and_then(|line| value(line, "version"))
        {
            found.push((name, version));
        }
    }
    Ok(found)
}
