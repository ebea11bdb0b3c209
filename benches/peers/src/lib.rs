//! The same work done by this stack and by other clients, each in a process of its own.
//!
//! ```text
//! peers serve [--h2c | --tls <file>]
//! peers run <client> <work> <url> <connections> <requests> [--one-thread] [--ca <file>]
//! ```
//!
//! The server prints its URL, writes the certificate of its authority to the file, and ends with its
//! standard input. A run prints one line of JSON. `cargo xtask bench` starts both.

mod clients;
mod drive;
mod serve;
mod work;

use crate::{clients::Settings, work::Work};
use std::{env, fs, process::ExitCode};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Gives how often the program has allocated.
pub type Count = fn() -> u64;

/// The whole of a program; `count` is there if its allocator counts.
pub fn main(count: Option<Count>) -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let result = match *arguments {
        ["serve"] => serve::serve(serve::Protocol::Http1),
        ["serve", "--h2c"] => serve::serve(serve::Protocol::Http2),
        ["serve", "--tls", file] => serve::serve(serve::Protocol::Tls(file)),
        ["run", client, work, url, connections, requests, ref options @ ..] => {
            run([client, work, url, connections, requests], options, count)
        }
        _ => Err("usage: see the documentation of the crate".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {}: {error}", arguments.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn run(
    [client, work, url, connections, requests]: [&str; 5],
    options: &[&str],
    count: Option<Count>,
) -> Result {
    let work: Work = work.parse()?;
    let (one_thread, options) = match options {
        ["--one-thread", rest @ ..] => (true, rest),
        all => (false, all),
    };
    let ca = match options {
        [] => None,
        ["--ca", file] => Some(fs::read_to_string(file)?),
        _ => return Err("there is no such option".into()),
    };
    let settings = Settings {
        base: url.to_owned(),
        reference: work.reference(),
        connections: connections.parse()?,
        http2: work == Work::H2c,
        ca,
    };
    let meter = drive::Meter { work, requests: requests.parse()?, one_thread, count };
    println!("{}", clients::measure(client, &settings, &meter)?);
    Ok(())
}
