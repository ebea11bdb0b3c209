//! A secret shows in no text about a request, wherever it stands in it or in its answer.
//!
//! Input: a path, a key of the query and the name of a header, a line each; then an answer, see
//! `answer.rs`, in which the secret may stand too.

use crate::{answer::Answer, paused};
use http::Uri;
use serde_json::Value;
use std::{error::Error as StdError, fmt::Debug, iter::successors};
use tower_clients::{Client, Error, Graph, JsonError, JsonRpc, Remote, Resource, RetryLayer, url::redact};

const CANARY: &str = "CANARY";

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let mut parts = input.splitn(4, |byte| *byte == b'\n');
    let mut line = || parts.next().and_then(|line| str::from_utf8(line).ok());
    let (Some(path), Some(key), Some(header)) = (line(), line(), line()) else { return };
    let Some(answer) = parts.next().and_then(Answer::read) else { return };
    // What stands here is meant to be seen.
    let content_type = answer.content_type.as_ref().map_or(&b""[..], |value| value.as_bytes());
    let shown = [path.as_bytes(), key.as_bytes(), header.as_bytes(), content_type];
    if shown.into_iter().any(holds_canary) {
        return;
    }
    for url in [
        format!("http://h/{path}?{key}={CANARY}"),
        format!("http://h/{path}?{CANARY}"),
        format!("http://user:{CANARY}@h/{path}?{key}"),
        format!("http://{CANARY}:{key}@h/{path}"),
    ] {
        // Where the key ends the authority, what should be secret is the host.
        let Some(uri) = url.parse::<Uri>().ok().filter(|uri| uri.host() == Some("h")) else { continue };
        is_clean(&redact(&uri));
        if let Err(error) = Client::new(&*url) {
            errors_are_clean(&error);
        }
    }
    paused::run(exchanges(&answer, path, key, header));
}

async fn exchanges(answer: &Answer, path: &str, key: &str, header: &str) {
    let builder = Client::builder("http://h")
        .bearer_auth(CANARY)
        .retry(RetryLayer::new().attempts(2))
        .query(&[(key, CANARY)])
        .cookies();
    is_clean_inside(&builder);
    let client = builder.build_over(answer.service()).unwrap();
    is_clean_inside(&client);
    let reference = format!("{path}?{key}={CANARY}");
    let api = Resource::from(client.clone());
    let request = || api.get(&*reference).header(header, CANARY).query(&[(key, CANARY)]).limit(512);
    is_clean_inside(&request());

    match client.post(&*reference).header(header, CANARY).json(CANARY).await {
        Ok(response) => is_clean_inside(response.body()),
        Err(error) => errors_are_clean(&error),
    }
    given(request().text().await);
    given(request().json::<Value>().await);
    given(request().json::<Vec<(u8, bool)>>().await);
    given(request().bytes().await);
    given(api.exists(&*reference).header(header, CANARY).await);
    match request().lines().await {
        Ok(mut lines) => {
            while let Some(line) = lines.next().await {
                is_clean_inside(&lines);
                given(line);
            }
        }
        Err(error) => errors_are_clean(&error),
    }
    match request().items().await {
        Ok(mut items) => {
            while let Some(item) = items.next().await {
                is_clean_inside(&items);
                given(item);
            }
        }
        Err(error) => errors_are_clean(&error),
    }
    given(api.edit(&*reference).header(header, CANARY).with(|_: &mut Value| ()).await);

    let graph = Graph::from(client.clone()).execute::<Vec<u8>>(CANARY, &[(CANARY, CANARY)]);
    is_clean_inside(&graph);
    given(graph.await);
    given(Graph::from(client.clone()).execute::<[u8; 2]>(CANARY, &()).response().await);
    given(JsonRpc::from(client.clone()).call::<Vec<u8>>(CANARY, &[CANARY]).await);
    given(Remote::from(client).call(&*reference, &[CANARY]).await);
}

fn given<T>(outcome: Result<T, Error>) {
    if let Err(error) = outcome {
        errors_are_clean(&error);
    }
}

fn errors_are_clean(error: &Error) {
    // The way to a value is meant to be seen, with the keys on it.
    let path = error.find_source::<JsonError>().map_or("", JsonError::path);
    if holds_canary(path.as_bytes()) {
        return;
    }
    is_clean_inside(error);
    for error in successors(Some(error as &dyn StdError), |error| (*error).source()) {
        is_clean(&format!("{error} {error:#} {error:?} {error:#?}"));
    }
    if let Some(attempts) = error.attempts() {
        is_clean_inside(attempts);
    }
}

fn is_clean_inside(value: &impl Debug) {
    is_clean(&format!("{value:?}"));
}

fn is_clean(text: &str) {
    // The last digit of an escaped byte is no letter of what follows.
    let mut parts = text.split("\\x");
    let first = parts.next().unwrap_or_default();
    let unescaped = parts.map(|part| part.get(2..).unwrap_or(part));
    for part in std::iter::once(first).chain(unescaped) {
        assert!(!holds_canary(part.as_bytes()), "{text}");
    }
}

/// In any letter case, percent-encoded or as base64.
fn holds_canary(text: &[u8]) -> bool {
    let mut decoded: Vec<u8> = percent_encoding::percent_decode(text).collect();
    decoded.make_ascii_lowercase();
    let holds = |secret: &[u8]| decoded.windows(secret.len()).any(|part| part == secret);
    holds(b"canary") || holds(b"q0foqvjz")
}
