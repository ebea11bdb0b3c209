//! Joining, the hot path of every request: plain references are concatenated, all others parsed.

use super::{
    BaseUrl, Boundary, Origin, Reference,
    rules::{
        forbid_control_characters, has_dot_segment, has_user_info, is_plain_path_byte, uri_path,
        uri_query,
    },
};
use crate::error::{Reason, UrlError};
use http::Uri;
use url::Url;

impl BaseUrl {
    pub(crate) fn join_reference(&self, reference: &Reference<'_>) -> Result<Uri, UrlError> {
        match Plain::new(&reference.text) {
            Some(plain) => self.concatenate(plain),
            None => self.join_parsed(&reference.text),
        }
    }

    /// Appends the path of an origin-form URI to the base path, so that `/user` stays below the
    /// base.
    pub(crate) fn append(&self, uri: &Uri) -> Result<Uri, UrlError> {
        let text = uri.path_and_query().map_or("", |text| text.as_str());
        let text = text.strip_prefix('/').unwrap_or(text);
        match Plain::new(text) {
            Some(plain) if !text.starts_with('/') => self.concatenate(plain),
            _ if text.starts_with('?') => self.join_parsed(text),
            _ => {
                self.check_dots(text)?;
                // The dot keeps `//host` and `a:b` a path.
                self.join_checked(&format!("./{text}"))
            }
        }
    }

    fn concatenate(&self, Plain { path, query }: Plain<'_>) -> Result<Uri, UrlError> {
        let trailing = &*self.inner.trailing;
        let prefix = match path.as_bytes().first() {
            None => self.own_path(),
            Some(b'/') => "",
            Some(_) => self.path(),
        };
        let mut text =
            String::with_capacity(prefix.len() + path.len() + trailing.len() + query.len());
        text.push_str(prefix);
        text.push_str(path);
        self.check_own_path(&text, "")?;
        append_trailing(&mut text, trailing);
        text.push_str(query);
        self.uri(text)
    }

    fn join_parsed(&self, reference: &str) -> Result<Uri, UrlError> {
        self.check_dots(reference)?;
        self.join_checked(reference)
    }

    fn check_dots(&self, reference: &str) -> Result<(), UrlError> {
        let mut path = reference.split(['?', '#']).next().unwrap_or("");
        // A host may look like a dot segment.
        if let Some((scheme, rest)) = path.split_once("//")
            && ["", "http:", "https:"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(scheme.trim_matches(' ')))
        {
            path = rest.find('/').map_or("", |start| &rest[start..]);
        }
        if self.inner.boundary == Boundary::Path && has_dot_segment(path) {
            return Err(Reason::Path.into());
        }
        Ok(())
    }

    fn join_checked(&self, reference: &str) -> Result<Uri, UrlError> {
        let trailing = if is_relative(reference) { "" } else { &self.inner.trailing };
        let url = self.resolve(reference, trailing)?;
        let mut text = uri_path(&url);
        if is_relative(reference) {
            append_trailing(&mut text, &self.inner.trailing);
        }
        if let Some(query) = uri_query(&url) {
            text.push('?');
            text.push_str(&query);
        }
        if self.origin().is_of(&url) {
            return self.uri(text);
        }
        let origin = &url[..url::Position::BeforePath];
        Ok(format!("{origin}{text}").parse::<Uri>().map_err(http::Error::from)?)
    }

    /// Resolves as RFC 3986 §5.2 in the manner of the WHATWG URL Standard, then checks the result, which may
    /// end in `trailing` already.
    pub(super) fn resolve(&self, reference: &str, trailing: &str) -> Result<Url, UrlError> {
        forbid_control_characters(reference)?;
        let reference = reference.trim_matches(' ');
        if self.names_own_scheme_without_host(reference) {
            return Err(Reason::NoHost.into());
        }
        let mut url = if reference.is_empty() || reference.starts_with(['?', '#']) {
            let mut own = self.inner.url.clone();
            own.set_path(self.own_path());
            own.join(reference).map_err(Reason::Invalid)?
        } else {
            self.inner.url.join(reference).map_err(Reason::Invalid)?
        };
        url.set_fragment(None);
        if has_user_info(&url) {
            return Err(Reason::UserInfo.into());
        }
        if self.origin().is_of(&url) {
            self.check_own_path(&uri_path(&url), trailing)?;
        } else {
            let origin = Origin::of_url(&url)?;
            if !self.inner.allowed.contains(&origin) {
                return Err(self.escape(origin.to_string()));
            }
        }
        Ok(url)
    }

    /// Whether this is `http:x` under an `http` base: for RFC 3986 a URL without host, for browsers
    /// the relative reference `x`.
    fn names_own_scheme_without_host(&self, reference: &str) -> bool {
        reference.split_once(':').is_some_and(|(scheme, rest)| {
            scheme.eq_ignore_ascii_case(self.inner.url.scheme()) && !rest.starts_with("//")
        })
    }

    /// Whether an absolute URI may be sent to.
    pub(crate) fn check(&self, uri: &Uri) -> Result<(), UrlError> {
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(Reason::UserInfo.into());
        }
        if self.origin().contains(uri) {
            return self.check_own_path(uri.path(), &self.inner.trailing);
        }
        if self.inner.allowed.iter().any(|origin| origin.contains(uri)) {
            return Ok(());
        }
        let host = uri.authority().map_or("", |authority| authority.as_str());
        Err(self.escape(format!("{}://{host}", uri.scheme_str().unwrap_or(""))))
    }

    /// What a URI has below this base, below another one. Trailing parts are those of the URI.
    #[cfg(any(test, feature = "balance"))]
    pub(crate) fn carry_over(&self, uri: &Uri, to: &Self) -> Result<Uri, UrlError> {
        let path = uri.path();
        self.check_path_with(path, &self.inner.trailing)?;
        let query = uri.path_and_query().map_or("", |all| &all.as_str()[path.len()..]);
        let (prefix, rest) = if path == self.own_path() {
            (to.own_path(), "")
        } else if let Some(rest) = path.strip_prefix(self.path()) {
            (to.path(), rest)
        } else {
            (to.own_path().trim_end_matches('/'), &*self.inner.trailing)
        };
        // Exactly: a string with room to spare costs one more allocation.
        let mut text = String::with_capacity(prefix.len() + rest.len() + query.len());
        text.push_str(prefix);
        text.push_str(rest);
        text.push_str(query);
        to.uri(text)
    }

    fn escape(&self, target: String) -> UrlError {
        Reason::Origin { target, base: self.origin().clone() }.into()
    }

    /// Whether a path of this origin, which may end in `trailing`, lies inside of the boundary.
    fn check_own_path(&self, path: &str, trailing: &str) -> Result<(), UrlError> {
        match self.inner.boundary {
            Boundary::Path => self.check_path_with(path, trailing),
            Boundary::Origin => Ok(()),
        }
    }

    /// Whether a path is that of this base, with or without its trailing part, or lies below it.
    #[cfg(feature = "balance")]
    pub(crate) fn check_path(&self, path: &str) -> Result<(), UrlError> {
        self.check_path_with(path, &self.inner.trailing)
    }

    fn check_path_with(&self, path: &str, trailing: &str) -> Result<(), UrlError> {
        let base = self.own_path().trim_end_matches('/');
        let itself = path.strip_prefix(base).is_some_and(|rest| {
            // Where the trailing part is in place of all slashes, the path still begins with one.
            let of_root = if base.is_empty() { rest.strip_prefix('/') } else { None };
            rest.is_empty()
                || !trailing.is_empty() && (rest == trailing || of_root == Some(trailing))
        });
        if (itself || path.starts_with(self.path())) && !has_dot_segment(path) {
            Ok(())
        } else {
            Err(Reason::Path.into())
        }
    }
}

/// A reference that needs no parser: joining it is concatenation.
struct Plain<'a> {
    path: &'a str,
    /// With its question mark.
    query: &'a str,
}

impl<'a> Plain<'a> {
    fn new(reference: &'a str) -> Option<Self> {
        let end = reference.bytes().position(|byte| !is_plain_path_byte(byte));
        let (path, query) = reference.split_at(end.unwrap_or(reference.len()));
        let plain = (query.is_empty() || query.starts_with('?'))
            && query.bytes().all(is_plain_query_byte)
            && !path.starts_with("//")
            && !(path.as_bytes().contains(&b'.') && path.split('/').any(is_dots));
        plain.then_some(Self { path, query })
    }
}

fn is_dots(segment: &str) -> bool {
    segment == "." || segment == ".."
}

fn is_plain_query_byte(byte: u8) -> bool {
    is_plain_path_byte(byte) || b":?%".contains(&byte)
}

/// Whether a reference has neither scheme nor host.
fn is_relative(reference: &str) -> bool {
    let reference = reference.trim_start_matches(' ');
    let (scheme, rest) = reference.split_at(reference.find([':', '/', '?', '#']).unwrap_or(0));
    let has_scheme = rest.starts_with(':') && scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    !has_scheme && !reference.starts_with("//")
}

fn append_trailing(path: &mut String, trailing: &str) {
    if !trailing.is_empty() {
        path.truncate(path.trim_end_matches('/').len());
        path.push_str(trailing);
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_a_base_is_carried_over() {
        for (from, uri, to, seen) in [
            ("http://a", "http://a/x?q=1", "https://b:81/v1", "https://b:81/v1/x?q=1"),
            ("http://a/v1", "http://a/v1/x//y/", "http://b/", "http://b/x//y/"),
            ("http://a/v1", "http://a/v1//evil/x", "http://b", "http://b//evil/x"),
            ("http://a/v1", "http://a/v1?q=%2F", "http://b/api/v2", "http://b/api/v2?q=%2F"),
            ("http://a/v1", "http://a/v1/", "http://b/api", "http://b/api/"),
            ("http://a", "http://a", "http://b/api", "http://b/api"),
            ("http://a//", "http://a//x", "http://b/c//", "http://b/c//x"),
        ] {
            let (base, to): (BaseUrl, BaseUrl) = (from.parse().unwrap(), to.parse().unwrap());
            assert_eq!(base.carry_over(&uri.parse().unwrap(), &to).unwrap(), seen);
        }
        let base: BaseUrl = "http://a/v1".parse().unwrap();
        for uri in ["http://a/", "http://a/v11", "http://a/v1/../x", "http://a/v1/%2E%2e/x"] {
            assert!(base.carry_over(&uri.parse().unwrap(), &base).unwrap_err().is_path_escape());
        }
    }

    #[test]
    fn trailing_part_is_carried_over_once() {
        let base = BaseUrl::parse("http://a/v1").unwrap().with_trailing(".json").unwrap();
        for to in ["http://b/v2", "http://b/v2/"] {
            let to = to.parse().unwrap();
            let of = |reference| base.carry_over(&base.join(reference).unwrap(), &to).unwrap();
            assert_eq!((of("x").path(), of("").path()), ("/v2/x.json", "/v2.json"));
        }
    }
    use crate::Error;

    fn base() -> BaseUrl {
        BaseUrl::parse("http://api.example/v1").unwrap()
    }

    fn reason(result: Result<Uri, Error>) -> UrlError {
        result.unwrap_err().find_source::<UrlError>().unwrap().clone()
    }

    #[test]
    fn a1_absolute_references_to_other_origins_are_refused() {
        for reference in [
            "http://evil/",
            "https:evil/x",
            "HTTP://evil",
            "https://api.example/v1",
            "http://api.example:81/",
        ] {
            let reason = reason(base().join(reference));
            assert!(reason.is_origin_escape(), "{reference}: {reason}");
        }
        assert!(reason(base().join("HTTP://evil:1/?q")).to_string().contains("http://evil:1"));
    }

    #[test]
    fn a2_network_paths_and_their_disguises_are_refused() {
        for reference in ["//evil", "///evil", " //evil", "//api.example@evil", "//evil:80/"] {
            let error = base().join(reference).unwrap_err();
            assert!(error.is_url(), "{reference}");
        }
        assert!(reason(base().join("//evil")).is_origin_escape());
        assert!(reason(base().join(" //evil")).is_origin_escape());
        for reference in ["/\\evil", "\\\\evil", "/\t/evil", "\x01//evil", "/\r/evil", "x\0"] {
            assert!(
                reason(base().join(reference)).to_string().contains("not allowed"),
                "{reference:?}"
            );
        }
    }

    #[test]
    fn a3_path_boundary_refuses_dot_segments_in_any_disguise() {
        let base = base().with_boundary(Boundary::Path);
        for reference in [
            "..",
            "a/../..",
            "%2e%2e",
            ".%2E",
            "..;/",
            "a/./b",
            "/v1/../v2",
            "..%2fx",
            "a%5c..",
            "./x",
            ".",
            "http://api.example/v1/../v2",
            "x/..;a=b/y",
            "../?http://h",
            "..http://h/../x",
            "http:////../x",
            "http://./../x",
            "?ok/../..#/..",
        ] {
            let result = base.join(reference);
            if reference.starts_with('?') {
                assert!(result.is_ok());
            } else {
                assert!(reason(result).is_path_escape(), "{reference}");
            }
        }
        assert!(base.join(".\r.").unwrap_err().is_url());
    }

    #[test]
    fn host_that_looks_like_a_dot_segment_is_none() {
        let base = BaseUrl::parse("http://.;h/a").unwrap().with_boundary(Boundary::Path);
        for reference in ["http://.;h/a/b%20c", " //.;h/a/b%20c"] {
            assert_eq!(base.join(reference).unwrap(), "http://.;h/a/b%20c");
        }
    }

    #[test]
    fn a3_origin_boundary_normalises_dot_segments() {
        for (reference, joined) in [
            ("../x", "http://api.example/x"),
            ("../../../x", "http://api.example/x"),
            ("a/./b/../c", "http://api.example/v1/a/c"),
            ("%2e%2e/x", "http://api.example/x"),
        ] {
            assert_eq!(base().join(reference).unwrap(), joined);
        }
    }

    #[test]
    fn a5_path_boundary_is_by_segment() {
        let base = BaseUrl::parse("http://h/api").unwrap().with_boundary(Boundary::Path);
        for reference in ["/apiary", "/ap", "/", "http://h/apix/y", "/api;x"] {
            assert!(reason(base.join(reference)).is_path_escape(), "{reference}");
        }
        for reference in ["/api", "/api/x", "x", "", "?q", "http://h/api/x"] {
            assert!(base.join(reference).is_ok(), "{reference}");
        }
    }

    #[test]
    fn path_with_the_trailing_part_twice_is_not_that_of_the_base() {
        let base = BaseUrl::parse("http://h/c").unwrap().with_trailing("h").unwrap();
        let base = base.with_boundary(Boundary::Path);
        assert_eq!(base.join("").unwrap(), "http://h/ch");
        assert_eq!(base.join("http://h/ch").unwrap(), "http://h/ch");
        for reference in ["/ch", "/ch?%20", "../ch"] {
            assert!(reason(base.join(reference)).is_path_escape(), "{reference}");
        }
    }

    #[test]
    fn allowed_origin_may_be_joined() {
        let base = base().allow_origin("https://uploads.example".parse().unwrap());
        assert_eq!(
            base.join("https://uploads.example/a?b#c").unwrap(),
            "https://uploads.example/a?b"
        );
        assert!(reason(base.join("http://uploads.example/")).is_origin_escape());
    }

    #[test]
    fn own_scheme_without_a_host_is_refused() {
        for reference in ["http:x", "HTTP:/x", "http:", " http:?q"] {
            assert!(reason(base().join(reference)).to_string().contains("host"), "{reference}");
        }
    }

    #[test]
    fn spaces_around_a_reference_do_not_count() {
        for (reference, joined) in [(" ", "/v1"), (" ?q ", "/v1?q"), (" x ", "/v1/x")] {
            let joined = format!("http://api.example{joined}");
            assert_eq!(base().join(reference).unwrap(), joined.as_str(), "{reference:?}");
        }
    }

    #[test]
    fn user_information_is_refused_everywhere() {
        for reference in ["//user@api.example/", "http://user:pass@api.example/"] {
            assert!(reason(base().join(reference)).to_string().contains("basic authorization"));
            assert!(!format!("{:?}", base().join(reference)).contains("pass@"));
        }
    }

    #[test]
    fn trailing_part_goes_behind_the_path_of_relative_references() {
        for (trailing, reference, joined) in [
            ("/", "users", "/v1/users/"),
            ("/", "users/", "/v1/users/"),
            ("/", "users?page=2", "/v1/users/?page=2"),
            ("/", "", "/v1/"),
            ("/", "/", "/"),
            ("/", "http://api.example/users", "/users"),
            (".json", "users", "/v1/users.json"),
            (".json", "users/", "/v1/users.json"),
            (".json", "ü?q=1#f", "/v1/%C3%BC.json?q=1"),
            (".json", "", "/v1.json"),
            (".json", "/", "/.json"),
        ] {
            let joined_url = base().with_trailing(trailing).unwrap().join(reference).unwrap();
            assert_eq!(
                joined_url,
                format!("http://api.example{joined}").as_str(),
                "{trailing} {reference}"
            );
        }
    }

    #[test]
    fn origin_form_is_appended_to_the_base_path() {
        for (uri, joined) in [
            ("/user", "/v1/user"),
            ("/", "/v1"),
            ("/?q=1", "/v1?q=1"),
            ("/user?q=1", "/v1/user?q=1"),
            ("//evil/x", "/v1//evil/x"),
            ("/a:b", "/v1/a:b"),
            ("/../x", "/x"),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(
                base().append(&uri).unwrap(),
                format!("http://api.example{joined}").as_str(),
                "{uri}"
            );
        }
        let inside = base().with_boundary(Boundary::Path);
        assert!(inside.append(&"/../x".parse().unwrap()).unwrap_err().is_path_escape());
        assert!(inside.append(&"/a:b".parse().unwrap()).is_ok());
    }

    #[test]
    fn characters_that_a_uri_refuses_are_encoded() {
        assert_eq!(
            base().join("a b`<>^?q= `<").unwrap().to_string(),
            "http://api.example/v1/a%20b%60%3C%3E%5E?q=%20%60%3C"
        );
    }

    #[test]
    fn what_is_joined_to_an_odd_base_lies_below_it() {
        let base = BaseUrl::parse("http://h/^").unwrap().with_boundary(Boundary::Path);
        for reference in ["x", "/^/x", "/%5E/x", "http://h/^/x"] {
            let uri = base.join(reference).unwrap();
            assert_eq!(uri, "http://h/%5E/x");
            assert!(base.check(&uri).is_ok());
        }
        let base = BaseUrl::parse("http://h//").unwrap().with_boundary(Boundary::Path);
        let base = base.with_trailing(".json").unwrap();
        let uri = base.join("").unwrap();
        assert_eq!(uri, "http://h/.json");
        assert!(base.check(&uri).is_ok() && base.check(&Uri::from_static("http://h/x")).is_err());
    }

    mod properties {
        use super::*;
        use proptest::{prelude::*, sample::select};

        fn bases() -> impl Strategy<Value = BaseUrl> {
            let urls = ["http://h", "http://h/", "http://h/v1", "http://h/v1/", "http://h/a//b"];
            let boundaries = [Boundary::Origin, Boundary::Path];
            let trailings = ["", "/", ".json", "x"];
            (select(urls.to_vec()), select(boundaries.to_vec()), select(trailings.to_vec()))
                .prop_map(|(url, boundary, trailing)| {
                    let base = BaseUrl::parse(url).unwrap().with_boundary(boundary);
                    base.with_trailing(trailing).unwrap()
                })
        }

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(4096))]

            #[test]
            fn concatenation_equals_the_parser(
                base in bases(), reference in "[a-z./?=&;@!%25:~_-]{0,12}",
            ) {
                if let Some(plain) = Plain::new(&reference) {
                    prop_assert_eq!(base.concatenate(plain), base.join_parsed(&reference));
                }
            }

            #[test]
            fn appended_path_is_the_relative_reference(
                base in bases(), path in "([a-z]{0,6}|[?][a-z?&=\\[\\]';]{0,12})",
            ) {
                let uri: Uri = format!("/{path}").parse().unwrap();
                prop_assert_eq!(base.append(&uri).ok(), base.join(path.as_str()).ok());
            }

            #[test]
            fn any_reference_stays_inside_or_is_an_error(
                base in bases(), reference in "(\\PC|[\\\\/.:@%?#\t\r\n2eE;]){0,16}",
            ) {
                if let Ok(uri) = base.join(reference.as_str()) {
                    prop_assert!(base.origin().contains(&uri));
                    prop_assert!(!uri.authority().unwrap().as_str().contains('@'));
                    prop_assert!(base.check(&uri).is_ok(), "{}", uri);
                    if base.inner.boundary == Boundary::Path {
                        prop_assert!(!has_dot_segment(uri.path()));
                    }
                }
            }
        }
    }
}
