//! `docs/benchmarks.md`.

use super::{
    plan::{CASES, CLIENTS, Case, Client, WORKS},
    plot,
    results::{Ratio, Results},
};
use std::fmt::Write;

const HOW: &str = "\
The same work is done by clients of this project and by others, on one machine and in one run.
`cargo xtask bench` does it again and writes this page; the clients are in `benches/peers`.

* Absolute figures do not carry to another machine. Ratios and allocation counts mostly do.
* Server and client are processes of their own on the loopback. The server is plain hyper and
  answers with prepared bytes. It refuses a request without the agreed headers.
* Every client sends a user agent, a type to accept and a bearer token, checks the status, and
  decodes the JSON into the same structs, by its own means where it has them.
* *Bare connections* of hyper are the measure: a connection for each task, prepared URIs and
  headers, and no pool. *hyper-util, its cache alone* puts them into the list that its pools are
  composed of, without limits and ages. *hyper-util, pooled* and `Transport` get prepared requests
  as well. *The rest by hand* joins a URL, adds headers and a token, and checks status and content type.
  `Resource` has a base URL, default headers and a token, and so have the layers of kube and
  octocrab, without their retries and spans. The others get a URL made by `format!`.
* A connection is a task that sends its next request when it has the answer; of blocking clients
  it is a thread. Tasks run on the one worker of a tokio runtime with threads. All keep enough
  idle connections, do not delay packets and ask for no compression; all else is as it is by
  default.
* Clients take turns in every round. Ratios are of the throughput in the same round, and the
  median of them is shown. Half of all rounds differ from it by no more than the figure behind
  ±, which belongs to the ratio to hyper. Throughput and memory are medians too, times are
  means.
* Before the figures are taken, the connections are opened and warmed up.
* *User* and *CPU* are microseconds of the client's process for one request, in user space and
  altogether. Linux takes samples to tell the one from the other, so the first is rough. *RSS*
  is the process at its largest.
* *Allocations* are calls of the allocator of Rust for one request, reallocations included, at
  the fewest connections, by a program of its own. What libcurl allocates is not among them.
";

pub(super) fn markdown(
    results: &Results,
    rounds: &str,
    machine: &str,
    packages: &[(String, String)],
) -> String {
    let instructions = if results.instructions.is_empty() {
        "* *Instructions* were not measured, because valgrind was not installed."
    } else {
        "* *Instructions* are those of one request in user space, counted by callgrind on a runtime\n  \
         without threads, at one connection."
    };
    let packages: Vec<_> =
        packages.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let packages = packages.join(", ");
    let cores = if results.is_pinned {
        "server and client each on a core of their own"
    } else {
        "server and client on any core"
    };
    let tables = tables(results);
    let [throughput, allocations] = plot::FILES;
    format!(
        "# Benchmarks\n\n{HOW}{instructions}\n\n## Measured on\n\n{machine}* {packages}\n* {rounds}, {cores}\n\n![Requests per second, small JSON documents]({throughput})\n\n\
         ![Allocations per request]({allocations})\n{tables}"
    )
}

/// A section for each work, with a table for each number of connections.
pub(super) fn tables(results: &Results) -> String {
    let mut text = String::new();
    for (work, title, about) in WORKS {
        // Nothing that is written to a string fails.
        let _ = write!(text, "\n## {title}\n\n{about}\n");
        for (i, case) in CASES.iter().filter(|case| case.work == work).enumerate() {
            text += &table(results, case, i == 0);
        }
    }
    text
}

/// What does not depend on the connections is only in the first table of a work.
fn table(results: &Results, case: &Case, is_first: bool) -> String {
    let rate = if case.work == "download" { "GiB/s" } else { "requests/s" };
    let mut heads =
        vec![connections(case), rate.into(), "× hyper".into(), "±".into(), "× reqwest".into()];
    heads.extend(["user µs", "CPU µs", "RSS MiB"].map(String::from));
    if is_first {
        heads.extend(["allocations", "instructions"].map(String::from));
    }
    let mut text = format!("\n{}|---|{}\n", line(&heads), "--:|".repeat(heads.len() - 1));
    for client in &CLIENTS {
        let Some(row) = results.row(case.key(), client.name) else { continue };
        let title = title(client);
        let rate = if row.rate < 100.0 { decimals(row.rate, 2) } else { thousands(row.rate) };
        let Ratio { median, spread } = row.to_limit;
        let mut cells = vec![
            title,
            rate,
            decimals(median, 2),
            decimals(spread, 2),
            decimals(row.to_reqwest.median, 2),
        ];
        cells.extend([row.user, row.cpu, row.rss].map(short));
        if is_first {
            let key = (case.work, client.name);
            for counted in [&results.allocations, &results.instructions] {
                cells.push(counted.get(&key).map_or("–".into(), |value| thousands(*value)));
            }
        }
        text += &line(&cells);
    }
    text
}

/// Ours are to be found.
pub(super) fn title(client: &Client) -> String {
    if client.is_ours() { format!("**{}**", client.title) } else { client.title.to_owned() }
}

fn connections(case: &Case) -> String {
    match (case.work, case.connections) {
        ("h2c", streams) => format!("{streams} streams"),
        (_, 1) => "1 connection".into(),
        (_, more) => format!("{more} connections"),
    }
}

fn line(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn short(value: f64) -> String {
    if value < 100.0 { decimals(value, 1) } else { thousands(value) }
}

fn decimals(value: f64, digits: usize) -> String {
    format!("{value:.digits$}")
}

/// A whole number, with a narrow gap between its thousands.
pub(super) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(thousands(999.4), "999");
        assert_eq!(thousands(1_234_567.0), "1\u{202f}234\u{202f}567");
    }
}
