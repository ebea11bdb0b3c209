//! Where a redirect may lead, and what goes along.

use super::NotFollowed;
use crate::{
    BaseUrl, RequestOptions,
    default_headers::SHARED,
    url::{CrossedOrigin, Origin},
};
use http::{
    Extensions, HeaderMap, HeaderName, Method, Request, StatusCode, Uri,
    header::{
        CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE,
        CONTENT_TYPE, EXPECT, IF_RANGE, LAST_MODIFIED, RANGE, TRAILER, TRANSFER_ENCODING,
    },
};

/// Which redirects are followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redirects {
    /// None: the response that redirects is the answer.
    Never,
    /// Those that stay on the origin of the request, or [within](super::RedirectLayer::within) a base
    /// URL.
    #[default]
    SameOrigin,
    /// Those that lead to another origin too, except from `https` to `http`.
    CrossOrigin,
}

/// Hands on one type of extension.
type ShareExtension = fn(&Extensions, &mut Extensions);

#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) limit: usize,
    pub(super) upgrade: bool,
    pub(super) base: Option<BaseUrl>,
    /// Those that cross.
    pub(super) headers: Vec<HeaderName>,
    pub(super) extensions: Vec<ShareExtension>,
    pub(super) body: bool,
}

/// What describes a body.
const OF_BODIES: [HeaderName; 3] = [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE];

/// What is lost too where the method becomes `GET` (RFC 9110 §15.4).
const LOST: [HeaderName; 8] = [
    CONTENT_LENGTH,
    CONTENT_LOCATION,
    CONTENT_RANGE,
    EXPECT,
    LAST_MODIFIED,
    TRAILER,
    TRANSFER_ENCODING,
    HeaderName::from_static("digest"),
];

impl Default for Rules {
    fn default() -> Self {
        let headers = SHARED.into_iter().chain([RANGE, IF_RANGE]).collect();
        Self { limit: 10, upgrade: false, base: None, headers, extensions: Vec::new(), body: false }
    }
}

impl Rules {
    /// Whether a redirect from `from` may lead to `target`, for a request that began at `first`.
    pub(super) fn check(
        &self,
        redirects: Redirects,
        first: &Uri,
        from: &Uri,
        target: &Uri,
    ) -> Result<(), NotFollowed> {
        let is_https = |uri: &Uri| uri.scheme_str() == Some("https");
        if is_https(from) && !is_https(target) {
            return Err(NotFollowed::ClearText);
        }
        let within = match &self.base {
            None => is_same_origin(first, target),
            Some(base) => match base.check(target) {
                Err(error) if error.is_path_escape() => return Err(NotFollowed::Location(error)),
                result => result.is_ok(),
            },
        };
        let is_upgrade = || self.upgrade && is_upgrade(from, target);
        match within || redirects == Redirects::CrossOrigin || is_upgrade() {
            true => Ok(()),
            false => Err(NotFollowed::CrossOrigin),
        }
    }

    /// Takes from a request what does not cross to another origin.
    pub(super) fn cross(
        &self,
        request: &mut Request<()>,
        has_body: bool,
    ) -> Result<(), NotFollowed> {
        if has_body && !self.body {
            return Err(NotFollowed::CrossOriginBody);
        }
        let of_body: &[HeaderName] = if has_body { &OF_BODIES } else { &[] };
        let mut headers = HeaderMap::new();
        for name in self.headers.iter().chain(of_body) {
            if !headers.contains_key(name) {
                let values = request.headers().get_all(name);
                headers.extend(values.iter().map(|value| (name.clone(), value.clone())));
            }
        }
        let mut extensions = Extensions::new();
        extensions.insert(CrossedOrigin);
        if let Some(options) = RequestOptions::of(request) {
            extensions.insert(options.clone());
        }
        #[cfg(feature = "tracing")]
        if let Some(sends) = request.extensions().get::<crate::trace::Sends>() {
            extensions.insert(sends.clone());
        }
        self.extensions.iter().for_each(|share| share(request.extensions(), &mut extensions));
        *request.headers_mut() = headers;
        *request.extensions_mut() = extensions;
        Ok(())
    }
}

pub(super) fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    Origin::of(one).is_ok_and(|origin| origin.contains(other))
}

fn is_upgrade(from: &Uri, target: &Uri) -> bool {
    let at = |uri: &Uri, scheme: &str, port: u16| {
        uri.scheme_str() == Some(scheme) && uri.port_u16().is_none_or(|own| own == port)
    };
    let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
    at(from, "http", 80) && at(target, "https", 443) && host(from) == host(target)
}

/// Whether a redirect of this status turns the method into `GET`, without a body.
pub(super) fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
        StatusCode::SEE_OTHER => *method != Method::HEAD,
        _ => false,
    }
}

/// Turns a request into a `GET` without a body.
pub(super) fn become_get(request: &mut Request<()>) {
    *request.method_mut() = Method::GET;
    for name in OF_BODIES.iter().chain(&LOST) {
        request.headers_mut().remove(name);
    }
}
