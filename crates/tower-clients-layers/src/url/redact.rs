//! URLs as they may be shown.

use http::Uri;

/// A URI as text that may be logged: scheme, host, port, path and the keys of the query. User
/// information and query values are left out; a key without a value counts as a value.
///
/// ```
/// use http::Uri;
/// use tower_clients_layers::url::redact;
///
/// let uri = Uri::from_static("https://user:secret@h:8443/a/b?key=secret&secret");
/// assert_eq!(redact(&uri), "https://h:8443/a/b?key…&…");
/// ```
#[must_use]
pub fn redact(uri: &Uri) -> String {
    let mut text = String::new();
    if let Some(scheme) = uri.scheme_str() {
        text = format!("{scheme}://");
    }
    if let Some(authority) = uri.authority() {
        text.push_str(authority.as_str().rsplit('@').next().unwrap_or(""));
    }
    text.push_str(uri.path());
    let pairs = uri.query().into_iter().flat_map(|query| query.split('&'));
    for (i, pair) in pairs.enumerate() {
        text.push(if i == 0 { '?' } else { '&' });
        // Without a value, what looks like a key may be a token, padded or not.
        let keyed = pair.split_once('=').filter(|(_, value)| !value.trim_matches('=').is_empty());
        text.push_str(keyed.map_or("", |(key, _)| key));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_uri_and_bare_authority_show_the_path() {
        assert_eq!(redact(&Uri::from_static("/a?x=1&c2VjcmV0==")), "/a?x…&…");
        assert_eq!(redact(&Uri::from_static("user:pass@h:1")), "h:1");
        assert_eq!(redact(&Uri::from_static("http://h")), "http://h/");
    }
}
