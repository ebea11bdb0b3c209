//! The base URL of a client.

use super::{
    Origin, Reference, ToReference,
    rules::{has_dot_segment, has_user_info, is_plain_path_byte, parse_absolute, uri_path},
};
use crate::error::{Error, Reason, UrlError};
use http::{
    Uri,
    uri::{Authority, PathAndQuery, Scheme},
};
use std::{fmt, str::FromStr, sync::Arc};
use url::Url;

/// The URL that references are joined to. Cheap to clone. See the [module docs](super).
///
/// `Display` shows the URL as it was written and, after a `*`, the trailing part.
#[derive(Clone)]
pub struct BaseUrl {
    pub(super) inner: Arc<Inner>,
}

#[derive(Clone)]
pub(super) struct Inner {
    /// Ends in `/`; has no query, fragment or user information.
    pub(super) url: Url,
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    pub(super) origin: Origin,
    /// Whether the URL was written with its final slash.
    pub(super) slash: bool,
    pub(super) trailing: Box<str>,
    pub(super) boundary: Boundary,
    pub(super) allowed: Vec<Origin>,
}

/// Where the URLs that a [`BaseUrl`] joins may lead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Boundary {
    /// Anywhere on the same scheme, host and port.
    #[default]
    Origin,
    /// To the base path and below it, by whole segments. A dot segment, raw, encoded or followed by
    /// parameters, is an error even where it would stay inside: what a server makes of it varies.
    Path,
}

impl BaseUrl {
    /// Parses an absolute `http` or `https` URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when the URL is not absolute or has a query, a
    /// fragment, user information, a control character or a backslash.
    pub fn parse(url: &str) -> Result<Self, Error> {
        Ok(Self::new(parse_absolute(url)?)?)
    }

    fn new(mut url: Url) -> Result<Self, UrlError> {
        let origin = Origin::of_url(&url)?;
        if has_user_info(&url) {
            return Err(Reason::UserInfo.into());
        }
        if url.query().is_some() {
            return Err(Reason::BaseQuery.into());
        }
        if url.fragment().is_some() {
            return Err(Reason::BaseFragment.into());
        }
        let slash = url.path().ends_with('/');
        let end = if slash { "" } else { "/" };
        url.set_path(&format!("{}{end}", uri_path(&url)));
        let uri: Uri = url.as_str().parse().map_err(http::Error::from)?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(Reason::NotAbsolute.into());
        };
        Ok(Self {
            inner: Arc::new(Inner {
                url,
                scheme,
                authority,
                origin,
                slash,
                trailing: "".into(),
                boundary: Boundary::default(),
                allowed: Vec::new(),
            }),
        })
    }

    /// Appends `trailing`, such as `/` or `.json`, to the path of every relative reference that is
    /// joined, in place of slashes that the path ends in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when `trailing` holds anything but path
    /// characters.
    pub fn with_trailing(mut self, trailing: &str) -> Result<Self, Error> {
        if !trailing.bytes().all(is_plain_path_byte) || has_dot_segment(trailing) {
            return Err(UrlError::from(Reason::Trailing).into());
        }
        Arc::make_mut(&mut self.inner).trailing = trailing.into();
        Ok(self)
    }

    /// Sets where joined URLs may lead; [`Boundary::Origin`] by default.
    #[must_use]
    pub fn with_boundary(mut self, boundary: Boundary) -> Self {
        // What is shared is copied to be changed, so not for nothing.
        if self.inner.boundary != boundary {
            Arc::make_mut(&mut self.inner).boundary = boundary;
        }
        self
    }

    /// Allows joined URLs to lead to one more origin. What is bound to the base origin (default
    /// headers, credentials, cookies) is still not sent there.
    #[must_use]
    pub fn allow_origin(mut self, origin: Origin) -> Self {
        Arc::make_mut(&mut self.inner).allowed.push(origin);
        self
    }

    /// Joins a reference. See the table in the [module docs](super).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when the reference does not parse, or the result
    /// would lie outside of the boundary.
    pub fn join(&self, reference: impl ToReference) -> Result<Uri, Error> {
        Ok(self.join_reference(&reference.to_reference()?)?)
    }

    /// Joins a reference that may be a whole URL of any origin. For what the program itself writes,
    /// such as where it gets its credentials from.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when the reference does not parse, leads to another
    /// origin and has no scheme, or leads from `https` to `http`.
    ///
    /// ```
    /// use tower_clients_layers::BaseUrl;
    ///
    /// let base = BaseUrl::parse("https://api.example.com/v1")?;
    /// assert_eq!(base.join_anywhere("token")?, "https://api.example.com/v1/token");
    /// assert_eq!(base.join_anywhere("https://login.example/t")?, "https://login.example/t");
    /// assert!(base.join_anywhere("//login.example/t").is_err());
    /// assert!(base.join_anywhere("http://login.example/t").is_err());
    /// # Ok::<(), tower_clients_layers::Error>(())
    /// ```
    pub fn join_anywhere(&self, reference: impl ToReference) -> Result<Uri, Error> {
        let reference = reference.to_reference()?;
        let mut base = self.clone().with_boundary(Boundary::Origin);
        if let Ok(url) = parse_absolute(&reference.text) {
            base = base.allow_origin(Origin::of_url(&url)?);
        }
        let uri = base.join_reference(&reference)?;
        if self.inner.scheme == Scheme::HTTPS && uri.scheme() != Some(&Scheme::HTTPS) {
            return Err(UrlError::from(Reason::ClearText).into());
        }
        Ok(uri)
    }

    /// The base URL that a reference leads to, with the same trailing part and boundary. Below
    /// [`Boundary::Path`], the new path becomes the boundary.
    ///
    /// # Errors
    ///
    /// As [`join`](Self::join), and when the reference has a query or fragment.
    pub fn at(&self, reference: impl ToReference) -> Result<Self, Error> {
        Ok(self.at_reference(&reference.to_reference()?)?)
    }

    pub(crate) fn at_reference(&self, reference: &Reference<'_>) -> Result<Self, UrlError> {
        if reference.text.contains('#') {
            return Err(Reason::BaseFragment.into());
        }
        let mut child = Self::new(self.resolve(&reference.text, "")?)?;
        let inner = Arc::make_mut(&mut child.inner);
        inner.trailing.clone_from(&self.inner.trailing);
        inner.boundary = self.inner.boundary;
        inner.allowed.clone_from(&self.inner.allowed);
        Ok(child)
    }

    /// The origin that everything secret is bound to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// The path, ending in `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.inner.url.path()
    }

    /// The path as it was written: the root, or without the slash that it was written without.
    pub(super) fn own_path(&self) -> &str {
        let path = self.path();
        if self.inner.slash || path == "/" { path } else { &path[..path.len() - 1] }
    }

    pub(super) fn uri(&self, path_and_query: String) -> Result<Uri, UrlError> {
        let path_and_query = PathAndQuery::from_maybe_shared(bytes::Bytes::from(path_and_query))
            .map_err(http::Error::from)?;
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.inner.scheme.clone());
        parts.authority = Some(self.inner.authority.clone());
        parts.path_and_query = Some(path_and_query);
        Ok(Uri::from_parts(parts).map_err(http::Error::from)?)
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        Self::parse(url)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.inner.url.as_str();
        if !self.inner.trailing.is_empty() {
            return write!(f, "{url}*{}", self.inner.trailing);
        }
        let written = url.len() - (self.path().len() - self.own_path().len());
        f.write_str(&url[..written])
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseUrl")
            .field("url", &self.inner.url.as_str())
            .field("trailing", &self.inner.trailing)
            .field("boundary", &self.inner.boundary)
            .field("allowed", &self.inner.allowed)
            .finish()
    }
}

impl TryFrom<&str> for BaseUrl {
    type Error = Error;

    fn try_from(url: &str) -> Result<Self, Error> {
        Self::parse(url)
    }
}

impl TryFrom<&String> for BaseUrl {
    type Error = Error;

    fn try_from(url: &String) -> Result<Self, Error> {
        Self::parse(url)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = Error;

    fn try_from(url: String) -> Result<Self, Error> {
        Self::parse(&url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Result<BaseUrl, Error> {
        BaseUrl::parse(url)
    }

    #[test]
    fn a5_query_fragment_and_user_information_are_refused_with_advice() {
        for (url, advice) in [
            ("http://h/a?x=1", "query parameters"),
            ("http://h/a#f", "no fragment"),
            ("http://u:p@h/", "basic authorization"),
            ("http://u@h/", "basic authorization"),
            ("ftp://h/", "`http` and `https`"),
            ("h/path", "starts with"),
            ("http:////h", "starts with"),
            ("http://h\\x", "not allowed"),
            ("http://h/\n", "not allowed"),
            ("http://", "does not parse"),
        ] {
            let error = base(url).unwrap_err();
            assert!(format!("{error:#}").contains(advice), "{url}: {error:#}");
        }
    }

    #[test]
    fn a5_final_slash_decides_only_about_the_base_itself() {
        for (url, itself) in [
            ("http://h", "http://h/"),
            ("http://h/", "http://h/"),
            ("http://h/api", "http://h/api"),
            ("http://h/api/", "http://h/api/"),
            ("http://h/a//b/", "http://h/a//b/"),
        ] {
            let base = base(url).unwrap();
            assert_eq!(base.join("").unwrap(), itself);
            assert_eq!(base.join("x").unwrap().path(), format!("{}x", base.path()));
        }
    }

    #[test]
    fn child_keeps_trailing_and_boundary() {
        let parent = base("http://h/api").unwrap().with_trailing(".json").unwrap();
        let child = parent.with_boundary(Boundary::Path).at(("users", 7)).unwrap();
        assert_eq!(child.to_string(), "http://h/api/users/7/*.json");
        assert_eq!(child.join("").unwrap(), "http://h/api/users/7.json");
        assert!(child.join("/api/users/8").is_err());
        assert!(child.at("x?y").unwrap_err().is_url());
        assert!(child.at("x#y").unwrap_err().is_url());
    }

    #[test]
    fn display_shows_the_url_as_written() {
        for url in ["http://h/", "http://h/a", "http://h/a/"] {
            assert_eq!(base(url).unwrap().to_string(), url);
        }
    }

    #[test]
    fn trailing_part_is_checked() {
        let base = base("http://h").unwrap();
        for trailing in ["?x", "#", "/..", " ", "é", "%2e"] {
            assert!(base.clone().with_trailing(trailing).unwrap_err().is_url(), "{trailing}");
        }
    }
}
