//! Our clients against servers that others wrote.
//!
//! They lie below the target folder and are installed again when their pins change. The tests find
//! them by environment variables, which are what the servers tell when they are ready.

mod install;

use crate::{Result, cargo, root, server::Server, target};
use std::{env, process::Command};

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

    cargo("build --package examples --example axum_gateway", &[])?;
    let gateway = target().join("debug/examples/axum_gateway");
    let nginx = install::nginx(&installed.join("nginx"))?;
    let programs = [("INTEROP_GATEWAY", Some(gateway)), ("INTEROP_NGINX", nginx.clone())];
    let programs = programs.map(|(name, path)| (name, path.unwrap_or_default()));
    let programs = programs.each_ref().map(|(name, path)| (*name, path.to_str().unwrap_or("")));

    let variables: Vec<_> =
        httpbin.variables().chain(graphql.variables()).chain(programs).collect();
    let mut arguments = vec!["test --workspace --test interop -- --include-ignored".to_owned()];
    if nginx.is_none() {
        arguments.push("--skip nginx".to_owned());
    }
    arguments.extend(env::args().skip(2));
    cargo(&arguments.join(" "), &variables)
}
