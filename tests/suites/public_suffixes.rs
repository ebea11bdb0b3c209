//! The tests of the public suffix list: which names may be the domain of a cookie.

use crate::suite::{Case, Difference, Suite};
use http::Uri;
use libtest_mimic::Failed;
use serde_json::Value;
use tower_clients_layers::CookieJar;
use url::Url;

/// A name, and the part of it that somebody registered; `None` when it is a public suffix.
pub(crate) const SUITE: Suite<String, Option<String>> =
    Suite::new(&["psl/test_psl.txt"], case, judge).differ(&DIFFERENCES);

const DIFFERENCES: [Difference<String, Option<String>>; 1] = [Difference {
    name: "a dot in front of a domain does not count",
    reason: "RFC 6265bis, section 5.6.3",
    instead: |name, _| {
        let name = name.strip_prefix('.')?;
        Some((name.matches('.').count() == 1).then(|| name.to_owned()))
    },
}];

fn case(line: Value) -> serde_json::Result<Option<Case<String, Option<String>>>> {
    let line: String = serde_json::from_value(line)?;
    let arguments = line.strip_prefix("checkPublicSuffix(");
    let Some(arguments) = arguments.and_then(|rest| rest.strip_suffix(");")) else {
        return Ok(None);
    };
    let unquoted = |text: &str| Some(text.strip_prefix('\'')?.strip_suffix('\'')?.to_owned());
    let (name, registered) = arguments.split_once(", ").unwrap_or((arguments, ""));
    let case =
        |name: String| Case { label: name.clone(), input: name, expected: unquoted(registered) };
    Ok(unquoted(name).map(case))
}

/// Whether a host below `domain` may set a cookie for all of `domain`.
fn may_be_domain(domain: &str) -> Result<bool, Failed> {
    let host = Url::parse(&format!("http://below.{}/", domain.trim_start_matches('.')))?;
    let uri: Uri = host.as_str().parse()?;
    Ok(CookieJar::new().insert(&uri, &format!("a=b; Domain={domain}")).is_ok())
}

fn judge(name: &String, registered: &Option<String>) -> Result<(), Failed> {
    for (domain, expected) in [(Some(name), registered.is_some()), (registered.as_ref(), true)] {
        if let Some(domain) = domain
            && may_be_domain(domain)? != expected
        {
            let is = if expected { "refused" } else { "taken" };
            return Err(format!("{domain} is {is}").into());
        }
    }
    Ok(())
}
