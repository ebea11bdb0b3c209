//! Instructions in user space, counted by callgrind: unlike times, they are the same in every run.

use super::{CASES, process::Peers};
use crate::Result;
use std::{collections::BTreeMap, process::Command};

const CLIENTS: [&str; 9] = [
    "hyper",
    "legacy",
    "hand",
    "resource",
    "tower-http-client",
    "kube",
    "octocrab",
    "ureq",
    "reqwest",
];
const WORKS: [&str; 2] = ["get", "post"];

/// Instructions per request of a client at a work. None are there without valgrind.
pub(super) fn count(
    peers: &Peers,
    requests: usize,
) -> Result<BTreeMap<(&'static str, &'static str), f64>> {
    let mut counted = BTreeMap::new();
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions are not counted: valgrind is not installed");
        return Ok(counted);
    }
    for work in WORKS {
        let mut cases = CASES.iter().filter(|case| case.work == work);
        let case = cases.next().ok_or("there is no such work")?;
        for client in CLIENTS {
            // The difference of two lengths leaves out the start and the end of the process.
            let once = peers.instructions(client, case, requests)?;
            let twice = peers.instructions(client, case, 2 * requests)?;
            counted.insert((work, client), (twice - once) / requests as f64);
        }
    }
    Ok(counted)
}
