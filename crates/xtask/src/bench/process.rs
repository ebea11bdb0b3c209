//! The processes of a run, each held to a core if the system can do that.

use super::{
    Case,
    plan::Server as Protocol,
    results::{Sample, number},
};
use crate::{Result, server::Server};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
};

const SERVER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";

/// The servers, and what starts clients.
pub(super) struct Peers {
    program: PathBuf,
    counting: PathBuf,
    authority: PathBuf,
    pub(super) is_pinned: bool,
    http1: Server,
    http2: Server,
    tls: Server,
}

impl Peers {
    pub(super) fn start(target: &Path) -> Result<Self> {
        let program = target.join("release/peers");
        let authority = target.join("benchmarks-authority.pem");
        let is_pinned = can_pin();
        let serve = |options: &[&Path]| {
            let command = &mut on_core(is_pinned, SERVER_CORE, &program);
            Server::start(command.arg("serve").args(options), &["PEERS"])
        };
        Ok(Self {
            http1: serve(&[])?,
            http2: serve(&["--h2c".as_ref()])?,
            tls: serve(&["--tls".as_ref(), &authority])?,
            counting: target.join("release/counting"),
            program,
            authority,
            is_pinned,
        })
    }

    pub(super) fn run(&self, client: &str, case: &Case, requests: usize) -> Result<Sample> {
        let command = on_core(self.is_pinned, CLIENT_CORE, &self.program);
        let line = self.output(command, client, case, requests)?;
        Sample::read(&serde_json::from_slice(&line)?)
    }

    /// How often one request allocates.
    pub(super) fn allocations(&self, client: &str, case: &Case) -> Result<f64> {
        const REQUESTS: usize = 500;
        let requests = REQUESTS.min(case.requests);
        let command = on_core(self.is_pinned, CLIENT_CORE, &self.counting);
        let line = self.output(command, client, case, requests)?;
        let line: Value = serde_json::from_slice(&line)?;
        Ok(number(&line, "allocations")? / requests as f64)
    }

    /// The instructions of a whole process.
    pub(super) fn instructions(&self, client: &str, case: &Case, requests: usize) -> Result<f64> {
        let mut command = on_core(self.is_pinned, CLIENT_CORE, "valgrind".as_ref());
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(&self.program);
        self.arguments(&mut command, client, case, requests).arg("--one-thread");
        let told = String::from_utf8(checked(command)?.1)?;
        let collected = told.lines().find_map(|line| line.split_once("Collected :"));
        let (_, instructions) = collected.ok_or("callgrind tells no instructions")?;
        Ok(instructions.trim().parse()?)
    }

    fn output(
        &self,
        mut command: Command,
        client: &str,
        case: &Case,
        requests: usize,
    ) -> Result<Vec<u8>> {
        self.arguments(&mut command, client, case, requests);
        if case.server == Protocol::Tls {
            command.arg("--ca").arg(&self.authority);
        }
        Ok(checked(command)?.0)
    }

    fn arguments<'a>(
        &self,
        command: &'a mut Command,
        client: &str,
        case: &Case,
        requests: usize,
    ) -> &'a mut Command {
        let server = match case.server {
            Protocol::Http1 => &self.http1,
            Protocol::Http2 => &self.http2,
            Protocol::Tls => &self.tls,
        };
        let urls = server.variables().map(|(_, url)| url);
        command
            .args(["run", client, case.work])
            .args(urls)
            .args([case.connections.to_string(), requests.to_string()])
    }
}

/// What it writes to its output and to its error output.
fn checked(mut command: Command) -> Result<(Vec<u8>, Vec<u8>)> {
    let output = command.output()?;
    if output.status.success() {
        return Ok((output.stdout, output.stderr));
    }
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn can_pin() -> bool {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    cores > 1
        && Command::new("taskset")
            .args(["-c", CLIENT_CORE, "true"])
            .status()
            .is_ok_and(|status| status.success())
}

fn on_core(is_pinned: bool, core: &str, program: &Path) -> Command {
    if !is_pinned {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program);
    command
}
