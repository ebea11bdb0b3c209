//! How a row about resolving a reference is judged.

use libtest_mimic::Failed;
use std::fmt;
use tower_clients_layers::{BaseUrl, Error, UrlError, url::Origin};
use url::Url;

/// What comes of joining a reference to a base.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Joined(String),
    JoinRefused,
    BaseRefused,
}

/// A reference, and the base and target that a suite gives to it.
pub(crate) struct Resolution<'a> {
    pub(crate) base: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) target: Option<&'a str>,
}

impl Resolution<'_> {
    pub(crate) fn judge(&self, expected: &Outcome) -> Result<(), Failed> {
        if *expected == Outcome::BaseRefused {
            return check_refused(&BaseUrl::parse(self.base)).map_err(Failed::from);
        }
        let base = BaseUrl::parse(self.base_to_write())?;
        let target = self.target.and_then(origin_of);
        let foreign = target.as_ref().filter(|target| *target != base.origin());
        let allowed = foreign.cloned().into_iter().fold(base.clone(), BaseUrl::allow_origin);
        let result = allowed.join(self.reference);
        let Outcome::Joined(expected) = expected else {
            return Ok(check_refused(&result)?);
        };
        let joined = result.map_err(|error| format!("expected {expected}\n but is  {error:#}"))?;
        if joined.to_string() != *expected {
            return Err(format!("expected {expected}\n but is  {joined}").into());
        }
        if !target.as_ref().is_some_and(|target| target.contains(&joined)) {
            return Err(format!("{joined} is not on the origin of {:?}", self.target).into());
        }
        if foreign.is_some()
            && !base.join(self.reference).is_err_and(|error| is_origin_escape(&error))
        {
            return Err("it must not leave the origin of the base without leave".into());
        }
        Ok(())
    }

    /// A base acts as a directory, in a suite it is a document. So a reference is resolved against
    /// the directory of that document, and against the document where it means the document itself.
    fn base_to_write(&self) -> &str {
        if self.has_empty_path() { document(self.base) } else { directory(self.base) }
    }

    /// Whether the reference has neither authority nor path.
    fn has_empty_path(&self) -> bool {
        self.trimmed().is_empty() || self.trimmed().starts_with(['?', '#'])
    }

    /// Whether the reference has the scheme of the base and no authority.
    pub(crate) fn has_own_scheme_only(&self) -> bool {
        let schemes = (self.base.split_once(':'), self.trimmed().split_once(':'));
        let (Some((scheme, _)), Some((own, rest))) = schemes else { return false };
        own.eq_ignore_ascii_case(scheme) && !rest.starts_with("//")
    }

    /// Spaces around a reference do not count.
    fn trimmed(&self) -> &str {
        self.reference.trim_matches(' ')
    }
}

/// The base without query and fragment.
fn document(base: &str) -> &str {
    base.split(['?', '#']).next().unwrap_or(base)
}

/// The base up to the last slash of its path.
fn directory(base: &str) -> &str {
    let document = document(base);
    let authority = document.find("://").map_or(0, |colon| colon + 3);
    match document[authority..].rfind('/') {
        Some(slash) => &document[..=authority + slash],
        None => document,
    }
}

/// The origin of a whole URL, if it is one that can be sent to.
pub(crate) fn origin_of(url: &str) -> Option<Origin> {
    Url::parse(url).ok()?.origin().ascii_serialization().parse().ok()
}

/// Refused for what it is, not for where it leads.
fn check_refused<T: fmt::Debug>(result: &Result<T, Error>) -> Result<(), String> {
    match result {
        Err(error) if error.is_url() && !is_origin_escape(error) => Ok(()),
        Err(error) => Err(format!("refused for another reason: {error:#}")),
        Ok(value) => Err(format!("expected an error\n but is  {value:?}")),
    }
}

fn is_origin_escape(error: &Error) -> bool {
    error.find_source::<UrlError>().is_some_and(UrlError::is_origin_escape)
}
