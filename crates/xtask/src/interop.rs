//! Our clients against servers that others wrote.
//!
//! They lie below the target folder and are installed again when their pins change. The tests find
//! them by environment variables, which are what the servers tell when they are ready.

use crate::{
    Result, install,
    server::Server,
    workspace::{cargo, root, target},
};
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

    cargo("build --package examples --example axum_gateway", &[])?;
    let gateway = target().join("debug/examples/axum_gateway");
    let nginx = install::nginx(&installed.join("nginx"));
    let mut tests = "test --workspace --test interop -- --include-ignored".to_owned();
    if nginx.is_none() {
        tests += " --skip nginx";
    }
    let programs = [("INTEROP_GATEWAY", gateway), ("INTEROP_NGINX", nginx.unwrap_or_default())];
    let programs = programs.iter().filter_map(|(name, path)| Some((*name, path.to_str()?)));

    let variables: Vec<_> =
        httpbin.variables().chain(graphql.variables()).chain(programs).collect();
    let arguments: Vec<_> = iter::once(tests).chain(env::args().skip(2)).collect();
    cargo(&arguments.join(" "), &variables)
}
