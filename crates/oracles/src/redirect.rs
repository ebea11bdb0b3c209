//! What is bound to an origin stays there, wherever a chain of redirects leads.
//!
//! Input: `s` or `c` for redirects within an origin or across, and `G` or `P` for the method; then a line
//! for each response: its status, a space and its `Location`.

use crate::paused;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header::LOCATION};
use http_body_util::BodyExt;
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tower::service_fn;
use tower_clients::{
    Body, Client, CookieJar, Redirects,
    redirect::{RedirectError, Redirected},
    url::Origin,
};

const CANARY: &str = "CANARY";
const BASE: &str = "http://a.example/v1";

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let mut lines = input.split(|byte| *byte == b'\n');
    let (mode, method) = match lines.next() {
        Some([mode, method]) => (*mode, if *method == b'P' { Method::POST } else { Method::GET }),
        _ => return,
    };
    // No server knows it, and so none can send it.
    if input.to_ascii_lowercase().windows(CANARY.len()).any(|part| part == b"canary") {
        return;
    }
    let Some(mut replies) = lines.map(reply).collect::<Option<Vec<_>>>() else { return };
    replies.reverse();
    let redirects = if mode == b'c' { Redirects::CrossOrigin } else { Redirects::SameOrigin };
    let seen: Arc<Mutex<Vec<Request<Bytes>>>> = Arc::default();
    let replies = Arc::new(Mutex::new(replies));
    let server = {
        let seen = Arc::clone(&seen);
        service_fn(move |request: Request<Body>| serve(request, Arc::clone(&seen), Arc::clone(&replies)))
    };
    let jar = CookieJar::new();
    jar.insert(&Uri::from_static("http://a.example/"), "id=CANARY").unwrap();
    let client = Client::builder(BASE).bearer_auth(CANARY).header("x-api-key", CANARY);
    let client = client.query(&[("key", CANARY)]).cookie_jar(jar).build_over(server).unwrap();
    let request = client.request(method, "x").header("x-own", CANARY).redirect(redirects);
    let outcome = paused::run(async { request.body(CANARY).await });
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    judge(&seen, mode == b'c');

    let uris: Vec<_> = seen.iter().map(Request::uri).collect();
    match outcome {
        Ok(response) => {
            let followed = Redirected::of(&response).map_or(0, |redirected| redirected.history().len());
            assert_eq!(followed + 1, uris.len());
        }
        Err(error) => assert!(error.find_source::<RedirectError>().is_some(), "{error:?}"),
    }
}

fn judge(seen: &[Request<Bytes>], may_cross: bool) {
    assert!(seen.len() <= 11, "{} requests", seen.len());
    let own: Origin = "http://a.example".parse().unwrap();
    let mut has_crossed = false;
    let mut was_secure = false;
    for request in seen {
        let uri = request.uri();
        has_crossed |= !own.contains(uri);
        assert!(may_cross || !has_crossed, "{uri} is of another origin");
        assert!(!uri.authority().unwrap().as_str().contains('@'), "{uri}");
        let is_secure = uri.scheme_str() == Some("https");
        assert!(is_secure || !was_secure, "{uri} is in the clear");
        was_secure = is_secure;
        if has_crossed {
            let text = format!("{uri} {:?}", request.body());
            assert!(!text.contains(CANARY), "{text}");
            for (name, value) in request.headers() {
                let leaks = value.as_bytes().windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
                assert!(!leaks, "{uri} gets {name}");
            }
        }
    }
}

fn reply(line: &[u8]) -> Option<Response<Body>> {
    let (status, location) = line.split_at_checked(3)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_bytes(status).ok()?;
    let location = HeaderValue::from_bytes(location.strip_prefix(b" ")?).ok()?;
    response.headers_mut().insert(LOCATION, location);
    Some(response)
}

async fn serve(
    request: Request<Body>,
    seen: Arc<Mutex<Vec<Request<Bytes>>>>,
    replies: Arc<Mutex<Vec<Response<Body>>>>,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    seen.lock().unwrap().push(Request::from_parts(head, body));
    Ok(replies.lock().unwrap().pop().unwrap_or_default())
}
