//! URLs stay where they belong, however a reference is written.
//!
//! Input: a base URL, a trailing part and a reference, on a line each; the reference may have more.

use crate::paused;
use http::{Request, Uri};
use percent_encoding::percent_decode_str;
use std::convert::Infallible;
use tower::{Layer, ServiceExt, service_fn};
use tower_clients_layers::{BaseUrl, JoinUrlLayer, url::Boundary};
use url::Url;

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let mut parts = text.splitn(3, '\n');
    let (Some(base), Some(trailing), Some(reference)) = (parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    let Ok(base) = BaseUrl::parse(base) else { return };
    let again = BaseUrl::parse(&base.to_string()).unwrap();
    assert_eq!((again.origin(), again.path()), (base.origin(), base.path()));
    assert_eq!(again.to_string(), base.to_string());

    let Ok(base) = base.with_trailing(trailing) else { return };
    for boundary in [Boundary::Origin, Boundary::Path] {
        let base = base.clone().with_boundary(boundary);
        if let Ok(uri) = base.join(reference) {
            is_inside(&base, boundary, trailing, &uri);
            // The layer passes one that stands in an absolute URI.
            assert!(!uri.path().contains('\\'), "{uri}");
            assert_eq!(base.join(&uri).unwrap(), uri, "joined again");
        }
        if let Ok(child) = base.at(reference) {
            assert_eq!(child.origin(), base.origin());
            assert!(child.path().ends_with('/'));
            assert!(boundary == Boundary::Origin || child.path().starts_with(base.path()));
        }
        if let Ok(uri) = base.join_anywhere(reference) {
            is_plain(&uri);
            assert!(base.origin().contains(&uri) || reference.contains("://"), "{uri}");
            let from = Url::parse(&base.origin().to_string()).unwrap();
            assert!(from.scheme() == "http" || uri.scheme_str() == Some("https"), "{uri}");
        }
        if let Ok(uri) = reference.parse::<Uri>() {
            passes_the_layer(&base, boundary, trailing, uri);
        }
    }
}

fn passes_the_layer(base: &BaseUrl, boundary: Boundary, trailing: &str, uri: Uri) {
    let echo = service_fn(async |request: Request<()>| Ok::<_, Infallible>(
        http::Response::new(request.into_parts().0.uri),
    ));
    let service = JoinUrlLayer::new(base.clone()).layer(echo);
    let mut request = Request::new(());
    *request.uri_mut() = uri;
    if let Ok(response) = paused::run(service.oneshot(request)) {
        is_inside(base, boundary, trailing, response.body());
    }
}

fn is_inside(base: &BaseUrl, boundary: Boundary, trailing: &str, uri: &Uri) {
    is_plain(uri);
    assert!(base.origin().contains(uri), "{uri} is of another origin");
    if boundary == Boundary::Path {
        let below = uri.path().strip_prefix(base.path().trim_end_matches('/'));
        let below = below.unwrap_or_else(|| panic!("{uri} is not below {base}"));
        assert!(below.is_empty() || below.starts_with('/') || below == trailing, "{uri}");
        let path = percent_decode_str(uri.path()).collect::<Vec<u8>>();
        for segment in path.split(|byte| b"/\\".contains(byte)) {
            let name = segment.split(|byte| *byte == b';').next().unwrap();
            assert!(name != b"." && name != b"..", "{uri} climbs");
        }
    }
}

/// Another parser reads the same in it.
fn is_plain(uri: &Uri) {
    let text = uri.to_string();
    assert!(!text.contains(|c: char| c.is_ascii_control() || " #".contains(c)), "{text:?}");
    assert!(!uri.authority().unwrap().as_str().contains('@'), "{text}");
    assert_eq!(text.parse::<Uri>().unwrap(), *uri);
    let url = Url::parse(&text).unwrap();
    assert_eq!(Some(url.scheme()), uri.scheme_str());
    assert!(url.host_str().unwrap().eq_ignore_ascii_case(uri.host().unwrap()), "{text}");
}
