//! Where the servers are.

use std::{env, sync::LazyLock};

static HTTPBIN: LazyLock<String> = LazyLock::new(|| variable("INTEROP_HTTPBIN"));

/// httpbin, run by gunicorn.
pub(crate) fn httpbin() -> &'static str {
    &HTTPBIN
}

/// The same server at another origin.
pub(crate) fn httpbin_by_name() -> String {
    httpbin().replace("127.0.0.1", "localhost")
}

/// Where nobody listens.
pub(crate) const NOBODY: &str = "http://127.0.0.1:9";

/// What `cargo xtask interop` tells.
pub(crate) fn variable(name: &str) -> String {
    let value = env::var(name);
    value.unwrap_or_else(|_| panic!("{name} is not set; `cargo xtask interop` sets it"))
}
