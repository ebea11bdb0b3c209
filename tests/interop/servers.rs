//! Where the servers are.

use std::{env, sync::LazyLock};

static HTTPBIN: LazyLock<String> = LazyLock::new(|| url("INTEROP_HTTPBIN"));

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

/// Where the server is that has told its URL by the name `variable`.
pub(crate) fn url(variable: &str) -> String {
    let url = env::var(variable);
    url.unwrap_or_else(|_| panic!("{variable} is not set; `cargo xtask interop` sets it"))
}
