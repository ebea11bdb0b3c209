//! What a token endpoint answers becomes a header that can be sent, or an error.
//!
//! Input: status and content type, then the body; see `answer.rs`.

use crate::{answer::Answer, paused};
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use serde_json::Value;
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tower::service_fn;
use tower_clients::{
    Body, Client,
    oauth::{Grant, OAuthError},
};

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let Some(answer) = Answer::read(input) else { return };
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let server = {
        let (answer, seen) = (answer.clone(), Arc::clone(&seen));
        service_fn(move |request: Request<Body>| {
            let response = match request.uri().path() {
                "/token" => answer.response(),
                _ => {
                    seen.lock().unwrap().push(request.headers().clone());
                    Response::new(Body::empty())
                }
            };
            std::future::ready(Ok::<_, Infallible>(response))
        })
    };
    let client = Client::builder("http://h").build_over(server).unwrap();
    let outcome = paused::run(async {
        let client = client.authorize("token", Grant::client_credentials("id", "secret")).await?;
        client.get("x").await
    });
    let seen = seen.lock().unwrap();
    match outcome {
        Ok(_) => {
            assert!(answer.status.is_success() && value["error"].as_str().is_none_or(|code| !is_code(code)));
            assert!(value["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
            let token = value["access_token"].as_str().unwrap();
            let [headers] = &seen[..] else { panic!("one request is sent") };
            let sent: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
            assert_eq!(sent, [&format!("Bearer {token}")]);
            assert!(sent[0].is_sensitive());
            assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        Err(error) => {
            assert!(error.is_authorize() && seen.is_empty(), "{error:?}");
            if let Some(refusal) = error.find_source::<OAuthError>() {
                assert_eq!(value["error"].as_str(), Some(refusal.code()));
            }
        }
    }
}

/// RFC 6749 §5.2.
fn is_code(text: &str) -> bool {
    let is_of_code = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !text.is_empty() && text.bytes().all(is_of_code)
}
