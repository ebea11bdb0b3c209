//! The URL of a span.

use http::Uri;
use std::fmt;

const REDACTED: &str = "REDACTED";

/// A URI as the attribute `url.full`: with `REDACTED` in place of user information and of the values of
/// the query, but for those of the keys `shown`. What has no value counts as a value.
pub(super) struct FullUrl<'a> {
    pub(super) uri: &'a Uri,
    pub(super) shown: &'a [Box<str>],
}

impl fmt::Display for FullUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.uri.scheme_str() {
            write!(f, "{scheme}://")?;
        }
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        match authority.rsplit_once('@') {
            Some((_, host)) => write!(f, "{REDACTED}:{REDACTED}@{host}")?,
            None => f.write_str(authority)?,
        }
        f.write_str(self.uri.path())?;
        for (i, pair) in self.uri.query().into_iter().flat_map(|query| query.split('&')).enumerate()
        {
            f.write_str(if i == 0 { "?" } else { "&" })?;
            // Without a value, what looks like a key may be a token, padded or not.
            match pair.split_once('=').filter(|(_, value)| !value.trim_matches('=').is_empty()) {
                Some((key, value)) if self.shown.iter().any(|shown| **shown == *key) => {
                    write!(f, "{key}={value}")?;
                }
                Some((key, _)) => write!(f, "{key}={REDACTED}")?,
                None => f.write_str(REDACTED)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_information_and_values_that_are_not_listed_are_redacted() {
        for (uri, expected) in [
            ("https://h:8443/a/b?page=2&sig=CANARY", "https://h:8443/a/b?page=2&sig=REDACTED"),
            ("http://ada:CANARY@h/", "http://REDACTED:REDACTED@h/"),
            ("http://CANARY@h/?CANARY&CANARY==", "http://REDACTED:REDACTED@h/?REDACTED&REDACTED"),
            ("/a?PAGE=CANARY&page=1=2&a=CANARY", "/a?PAGE=REDACTED&page=1=2&a=REDACTED"),
            ("http://h", "http://h/"),
        ] {
            let uri = uri.parse().unwrap();
            assert_eq!(FullUrl { uri: &uri, shown: &["page".into()] }.to_string(), expected);
        }
    }
}
