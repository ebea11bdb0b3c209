//! A server that runs as long as somebody needs it.

use crate::Result;
use std::{
    io::{self, BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

/// Longer than any start on a busy machine takes.
const START: Duration = Duration::from_secs(60);
const END: Duration = Duration::from_secs(5);

/// A program that tells where it serves in lines of `NAME=URL`, and ends when its standard input
/// does: so it ends with this program, whatever happens to that.
pub(crate) struct Server {
    process: Child,
    lines: Receiver<String>,
    variables: Vec<(String, String)>,
}

impl Server {
    /// Starts it and waits until it has told all `names`.
    pub(crate) fn start(command: &mut Command, names: &[&str]) -> Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("it has no output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(io::Result::ok);
            lines.try_for_each(|line| sender.send(line))
        });
        let mut server = Self { process, lines, variables: Vec::new() };
        let deadline = Instant::now() + START;
        while !names.iter().all(|name| server.variables().any(|(told, _)| told == *name)) {
            let line =
                server.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let line = line.map_err(|error| match error {
                RecvTimeoutError::Disconnected => format!("{command:?} ended early"),
                RecvTimeoutError::Timeout => format!("{command:?} is not ready after {START:?}"),
            })?;
            if let Some((name, url)) = line.split_once('=') {
                server.variables.push((name.to_owned(), url.to_owned()));
            }
        }
        Ok(server)
    }

    /// The names and URLs that it told.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, url)| (name.as_str(), url.as_str()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let deadline = Instant::now() + END;
        // The output ends with the last process that holds it.
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.process.kill();
                    break;
                }
            }
        }
        let _ = self.process.wait();
    }
}
