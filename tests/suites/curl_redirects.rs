//! The tests of curl that follow redirects: which requests are sent, and which have credentials.

use crate::{
    curl::{Command, Row, replies},
    suite::{Case, Difference, Suite},
};
use http::{Method, Request, Uri};
use libtest_mimic::Failed;
use serde_json::Value;
use std::{convert::Infallible, sync::Mutex};
use tokio::runtime::Builder;
use tower::{Layer, ServiceExt, service_fn};
use tower_clients_layers::{
    AuthorizeLayer, Body, CookieJar, CookieLayer, RedirectLayer, url::Origin,
};

pub(crate) const SUITE: Suite<Row, Vec<String>> = Suite {
    files: &["curl/http-cases.json"],
    case,
    left_out: &[],
    differences: DIFFERENCES,
    judge,
};

const DIFFERENCES: &[Difference<Row, Vec<String>>] = &[
    Difference {
        name: "user information in a `Location`",
        reason: "RFC 9110, section 4.2.4: it is an error; a server does not choose credentials",
        instead: |row, expected| (row.test == "899").then(|| expected[..1].to_vec()),
    },
    Difference {
        name: "three slashes in a `Location`",
        reason: "the host is empty by RFC 3986; other parsers skip slashes and read one",
        instead: |row, expected| (row.test == "1141").then(|| expected[..1].to_vec()),
    },
];

const OPTIONS: [&str; 15] = [
    "-L",
    "--location",
    "--follow",
    "-x",
    "--proxy",
    "-H",
    "-d",
    "-X",
    "-u",
    "--user",
    "-T",
    "-c",
    "-C",
    "-w",
    "--max-redirs",
];

fn case(row: Value) -> serde_json::Result<Option<Case<Row, Vec<String>>>> {
    let row: Row = serde_json::from_value(row)?;
    let Some(command) = Command::of(&row, &OPTIONS) else { return Ok(None) };
    let follows = ["-L", "--location", "--follow"].iter().any(|option| command.has(option));
    let expected = row.sent();
    if !follows || expected.is_empty() || command.uri().is_none() {
        return Ok(None);
    }
    Ok(Some(Case { label: format!("{} {}", row.test, row.name), expected, input: row }))
}

fn judge(row: &Row, expected: &Vec<String>) -> Result<(), Failed> {
    let command = Command::of(row, &OPTIONS).ok_or("it was read before")?;
    let (uri, user) = command.uri().ok_or("it was read before")?;
    let mut request = Request::builder().uri(uri.clone());
    for header in command.values("-H") {
        let (name, value) = header.split_once(": ").ok_or("a header has a colon")?;
        request = request.header(name, value);
    }
    if let Some(start) = command.value("-C") {
        request = request.header("range", format!("bytes={start}-"));
    }
    let (method, body) = match (command.value("-d"), command.has("-T")) {
        (Some(data), _) => (Method::POST, Body::from(data.to_owned())),
        (None, true) => (Method::PUT, Body::from("file")),
        (None, false) => (Method::GET, Body::empty()),
    };
    let method = command.value("-X").map_or(Ok(method), str::parse)?;
    let request = request.method(method).body(body)?;

    let replies = Mutex::new(replies(row)?.into_iter());
    let sent = Mutex::new(Vec::new());
    let server = service_fn(async |request: Request<Body>| {
        sent.lock().expect("no thread panics").push(shown(&request, command.has_proxy()));
        let reply = replies.lock().expect("no thread panics").next();
        Ok::<_, Infallible>(reply.unwrap_or_default().map(Body::from))
    });

    let user = command.value("-u").or(command.value("--user")).map(str::to_owned).or(user);
    let authorize = match user.as_deref().and_then(|user| user.split_once(':')) {
        Some((user, password)) => AuthorizeLayer::basic(Origin::of(&uri)?, user, password)?,
        None => AuthorizeLayer::none(),
    };
    let cookies = match command.has("-c") {
        true => CookieLayer::new(CookieJar::new()),
        false => CookieLayer::none(),
    };
    let mut redirect = RedirectLayer::new().allow_cross_origin().share_body();
    if let Some(limit) = command.value("--max-redirs") {
        redirect = redirect.limit(limit.parse()?);
    }
    let service = (redirect, authorize, cookies).layer(server);
    // Whether there is an answer shows in what is sent.
    let _ = Builder::new_current_thread().build()?.block_on(service.oneshot(request));
    let sent = sent.into_inner()?;
    if sent != *expected {
        return Err(format!("expected {expected:?}\n but is  {sent:?}").into());
    }
    Ok(())
}

/// The target as a proxy sees it, or a server; then the names of what is secret.
fn shown(request: &Request<Body>, to_proxy: bool) -> String {
    let uri: &Uri = request.uri();
    let target = match uri.path_and_query() {
        Some(path) if !to_proxy => path.to_string(),
        _ => uri.to_string(),
    };
    let mut shown = format!("{} {target}", request.method());
    for name in ["authorization", "cookie"] {
        if request.headers().contains_key(name) {
            shown.push(' ');
            shown.push_str(name);
        }
    }
    shown
}
