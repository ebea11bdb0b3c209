//! The tests of curl, one file for each topic.
//!
//! A row is read by `row`, becomes a client with the layers that its command line asks for in `client`, and
//! is played against a server that says what the row says in `play`.

mod auth;
mod client;
mod compression;
mod conditional;
mod cookies;
mod play;
mod ranges;
mod redirects;
mod replies;
mod requests;
mod retry;
mod row;

use crate::suite::Suite;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    let suites = [
        redirects::SUITE,
        compression::SUITE,
        cookies::SUITE,
        auth::SUITE,
        ranges::SUITE,
        conditional::SUITE,
        retry::SUITE,
        replies::SUITE,
        requests::SUITE,
    ];
    suites.iter().flat_map(Suite::trials).collect()
}
