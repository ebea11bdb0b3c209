//! Query parameters can be read back, wherever they are added.
//!
//! Input: a URI and lines of `key=value`, raw.

use crate::paused;
use form_urlencoded::parse;
use http::{Request, Uri};
use std::convert::Infallible;
use tower::{Layer, ServiceExt, service_fn};
use tower_clients_layers::{DefaultQueryLayer, Query, url::Origin};

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let (uri, lines) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(uri) = uri.parse::<Uri>() else { return };
    if !uri.path().starts_with('/') || text.len() > 20_000 {
        return;
    }
    let lines = lines.lines().map(|line| line.split_once('=').unwrap_or((line, "")));
    let pairs: Vec<_> = lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let query = Query::new(&pairs).unwrap();
    assert_eq!(read(query.as_str()), pairs);

    let before = read(uri.query().unwrap_or(""));
    let appended = query.append_to(&uri).unwrap();
    assert_eq!(appended.path(), uri.path());
    assert_eq!(appended.authority(), uri.authority());
    assert_eq!(read(appended.query().unwrap_or("")), [before.clone(), pairs.clone()].concat());

    let Ok(origin) = Origin::of(&uri) else { return };
    if !origin.contains(&uri) {
        // Its host has a form that no client sends.
        return;
    }
    let layer = DefaultQueryLayer::new(origin, query);
    let completed = sent(&layer, uri);
    let is_missing = |(key, _): &&(String, String)| before.iter().all(|(other, _)| other != key);
    let missing: Vec<_> = pairs.iter().filter(is_missing).cloned().collect();
    assert_eq!(read(completed.query().unwrap_or("")), [before.clone(), missing].concat());
    assert_eq!(sent(&layer, completed.clone()), completed, "what is complete stays as it is");
}

fn read(query: &str) -> Vec<(String, String)> {
    parse(query.as_bytes()).into_owned().collect()
}

fn sent(layer: &DefaultQueryLayer, uri: Uri) -> Uri {
    let echo = service_fn(async |request: Request<()>| Ok::<_, Infallible>(
        http::Response::new(request.into_parts().0.uri),
    ));
    let mut request = Request::new(());
    *request.uri_mut() = uri;
    paused::run(layer.layer(echo).oneshot(request)).unwrap().into_body()
}
