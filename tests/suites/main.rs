//! Test data that other people published, one test per row.
//!
//! The data lies in the folder that the environment variable `SUITES` names, from the root of the
//! workspace; `../shared/suites` without it. A file that is not there is one ignored test.
//!
//! | published by | about | in |
//! |---|---|---|
//! | RFC 3986, Python, the URL Standard | joining | `url_join`, `url_standard`, `resolution` |
//! | the Python library `clients` | joining, and what goes behind a path | `predecessor` |
//! | the MIME Sniffing and Fetch Standards | media types, charsets | `media_types`, `content_types`, `charset` |
//! | the IETF working group on HTTP state | cookies and their dates | `cookies`, `cookie_dates` |
//! | the public suffix list | domains of cookies | `public_suffixes` |
//! | web-platform-tests | redirects, heads of responses | `redirects`, `responses` |
//! | curl | all that it sends and reads | `curl` |
//! | servers of GraphQL, the execution API of Ethereum | calls and answers | `graphql`, `json_rpc` |
//! | GitHub | recorded exchanges | `octokit` |
//!
//! A suite is its files, how a row becomes a case and how a case is judged (`suite`); the files are read by
//! `json` and `wire`, and `loopback` is a server that says what it is told to.

mod charset;
mod content_types;
mod cookie_dates;
mod cookies;
mod curl;
mod graphql;
mod json;
mod json_rpc;
mod loopback;
mod media_types;
mod octokit;
mod predecessor;
mod public_suffixes;
mod redirects;
mod resolution;
mod responses;
mod suite;
mod url_join;
mod url_standard;
mod wire;

use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = [
        url_join::SUITE.trials(),
        url_standard::SUITE.trials(),
        predecessor::SUITE.trials(),
        media_types::SUITE.trials(),
        content_types::SUITE.trials(),
        cookies::SUITE.trials(),
        cookie_dates::SUITE.trials(),
        public_suffixes::SUITE.trials(),
        redirects::METHODS.trials(),
        redirects::LOCATIONS.trials(),
        responses::LENGTHS.trials(),
        responses::STATUS_LINES.trials(),
        responses::LONE_CR.trials(),
        curl::trials(),
        graphql::SUITE.trials(),
        json_rpc::SUITE.trials(),
        octokit::SUITE.trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit_code()
}
