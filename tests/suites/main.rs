//! Test data that other people published, one test per row.
//!
//! The data lies in the folder that the environment variable `SUITES` names, from the root of the
//! workspace; `../shared/suites` without it. A file that is not there is one ignored test.

mod charset;
mod content_types;
mod cookie_dates;
mod cookies;
mod curl;
mod curl_auth;
mod curl_client;
mod curl_compression;
mod curl_conditional;
mod curl_cookies;
mod curl_play;
mod curl_ranges;
mod curl_redirects;
mod curl_replies;
mod curl_requests;
mod curl_retry;
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
    let mut trials = url_join::SUITE.trials();
    trials.extend(url_standard::SUITE.trials());
    trials.extend(predecessor::SUITE.trials());
    trials.extend(media_types::SUITE.trials());
    trials.extend(content_types::SUITE.trials());
    trials.extend(cookies::SUITE.trials());
    trials.extend(cookie_dates::SUITE.trials());
    trials.extend(public_suffixes::SUITE.trials());
    trials.extend(redirects::METHODS.trials());
    trials.extend(redirects::LOCATIONS.trials());
    trials.extend(responses::LENGTHS.trials());
    trials.extend(responses::STATUS_LINES.trials());
    trials.extend(responses::LONE_CR.trials());
    trials.extend(curl_redirects::SUITE.trials());
    trials.extend(curl_compression::SUITE.trials());
    trials.extend(curl_cookies::SUITE.trials());
    trials.extend(curl_auth::SUITE.trials());
    trials.extend(curl_ranges::SUITE.trials());
    trials.extend(curl_conditional::SUITE.trials());
    trials.extend(curl_retry::SUITE.trials());
    trials.extend(curl_replies::SUITE.trials());
    trials.extend(curl_requests::SUITE.trials());
    trials.extend(graphql::SUITE.trials());
    trials.extend(json_rpc::SUITE.trials());
    trials.extend(octokit::SUITE.trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}
