//! Our clients against servers that others wrote.
//!
//! They lie below the target folder and are installed again when their pins change. The tests find
//! them by environment variables, which are what the servers tell when they are ready.

mod install;

use crate::{Result, cargo, root, server::Server, target};
use std::{env, iter, process::Command};

/// Runs `tests/interop`; further arguments of the program are for the tests, such as their names.
pub(crate) fn test() -> Result {
    let ours = root().join("tests/interop/servers");
    let installed = target().join("interop");
    let python = install::python(&ours, &installed.join("python"))?;
    let modules = install::node(&ours, &installed.join("node"))?;

    let httpbin = Server::start(
        Command::new(python)
            .args(["-m", "gunicorn", "--config"])
            .arg(ours.join("gunicorn.conf.py"))
            .arg("httpbin:app"),
        &["INTEROP_HTTPBIN"],
    )?;
    let graphql = Server::start(
        Command::new("node").arg(ours.join("graphql.cjs")).env("NODE_PATH", modules),
        &["INTEROP_YOGA", "INTEROP_GRAPHQL_HTTP"],
    )?;

    let variables: Vec<_> = httpbin.variables().chain(graphql.variables()).collect();
    let tests = "test --workspace --test interop -- --include-ignored".to_owned();
    let arguments: Vec<_> = iter::once(tests).chain(env::args().skip(2)).collect();
    cargo(&arguments.join(" "), &variables)
}
