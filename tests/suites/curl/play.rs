//! Playing the tests of curl: a server that has the replies, and what comes of it.

use super::{
    client::{layers, request, to_loopback},
    row::{CookieLine, FILE, Row},
};
use crate::{
    loopback::{Reply, is_whole, serve},
    suite::{Case, LeftOut, Suite, ToCase},
};
use http_body_util::BodyExt;
use libtest_mimic::Failed;
use serde_json::Value;
use std::{net::IpAddr, sync::Mutex, time::Duration};
use tokio::{net::TcpListener, runtime::Builder, time::timeout};
use tower::{Layer, ServiceExt, util::MapRequestLayer};
use tower_clients::{BoxError, CookieJar, Transport};

/// What has no counterpart here, and what tests of several topics ask for.
pub(crate) const DIGEST: LeftOut<Row> = LeftOut {
    name: "Digest",
    reason: "there is no layer for authentication by digests, and none that chooses one",
    applies: |row| row.asks_for(&["--digest", "--anyauth"]),
};
pub(crate) const PROXY_USER: LeftOut<Row> = LeftOut {
    name: "the user of a proxy",
    reason: "the transport connects to servers only",
    applies: |row| row.asks_for(&["-U", "--proxy-user"]),
};

pub(crate) const OLD_VERSION: LeftOut<Row> = LeftOut {
    name: "HTTP/1.0",
    reason: "requests are sent in HTTP/1.1",
    applies: |row| row.asks_for(&["-0", "--http1.0"]),
};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    /// Method, target and what is of interest of the headers, for each request.
    sent: Vec<String>,
    /// Whether all responses came, whole and with the bodies that curl shows.
    succeeds: bool,
    /// The cookies at the end, where the test is about them.
    kept: Vec<String>,
}

impl Outcome {
    /// It ends with the first reply.
    pub(crate) fn only_first(&self) -> Self {
        Self { sent: self.sent[..1].to_vec(), ..self.failed() }
    }

    pub(crate) fn failed(&self) -> Self {
        Self { succeeds: false, ..self.clone() }
    }

    pub(crate) fn succeeded(&self) -> Self {
        Self { succeeds: true, ..self.clone() }
    }

    pub(crate) fn with_sent(&self, old: &str, new: &str) -> Self {
        let sent = self.sent.iter().map(|line| line.replace(old, new)).collect();
        Self { sent, ..self.clone() }
    }

    pub(crate) fn with_kept(&self, old: &str, new: &str) -> Self {
        let mut kept: Vec<_> = self.kept.iter().map(|line| line.replace(old, new)).collect();
        kept.sort();
        Self { kept, ..self.clone() }
    }

    pub(crate) fn and_kept(&self, more: &[&str]) -> Self {
        let more = more.iter().map(|&line| line.to_owned());
        let mut kept: Vec<_> = self.kept.iter().cloned().chain(more).collect();
        kept.sort();
        Self { kept, ..self.clone() }
    }
}

/// The tests of one topic.
pub(crate) const fn suite(of_topic: ToCase<Row, Outcome>) -> Suite<Row, Outcome> {
    Suite::new(&[FILE], of_topic, judge)
}

pub(crate) fn case(row: Value, topic: &str) -> serde_json::Result<Option<Case<Row, Outcome>>> {
    let row: Row = serde_json::from_value(row)?;
    if row.topic() != topic {
        return Ok(None);
    }
    let mut kept: Vec<_> = row.kept_cookies().unwrap_or_default().iter().map(shown_line).collect();
    kept.sort();
    let expected = Outcome { sent: requests(&row.sent()), succeeds: !row.fails(), kept };
    Ok(Some(Case { label: row.label(), expected, input: row }))
}

fn judge(row: &Row, expected: &Outcome) -> Result<(), Failed> {
    const LIMIT: Duration = Duration::from_secs(20);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut outcome = runtime.block_on(async { timeout(LIMIT, play(row)).await })??;
    if expected.sent.is_empty() {
        // The test is not about requests.
        outcome.sent.clear();
    }
    if outcome != *expected {
        return Err(format!("expected {expected:#?}\n but is  {outcome:#?}").into());
    }
    Ok(())
}

async fn play(row: &Row) -> Result<Outcome, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let sent = Mutex::new(Vec::new());
    let mut script = Script { row, bounced: None };
    tokio::select! {
        never = serve(&listener, |request| {
            sent.lock().expect("no thread panics").extend(requests(request).into_iter().take(1));
            script.reply(request)
        }) => never,
        outcome = ask(row, port) => {
            let (succeeds, kept) = outcome?;
            Ok(Outcome { sent: sent.into_inner()?, succeeds, kept })
        }
    }
}

/// Whether all is well, and the cookies.
async fn ask(row: &Row, port: u16) -> Result<(bool, Vec<String>), Failed> {
    let transport = Transport::builder().http1_only().build()?;
    let jar = CookieJar::new();
    let mut succeeds = true;
    for command in row.commands() {
        for (uri, user) in command.uris()? {
            let request = request(row, &command, uri)?;
            let layers = layers(row, &command, request.uri(), user, &jar)?;
            let service = (layers, MapRequestLayer::new(move |request| to_loopback(request, port)));
            let answer = async {
                let response = service.layer(transport.clone()).oneshot(request).await?;
                let status = response.status();
                let body = response.into_body().collect().await?.to_bytes();
                Ok::<_, BoxError>(row.shows(&body).then_some(status))
            };
            let refuses = command.has(&["-f", "--fail", "--fail-with-body"]);
            let status = answer.await.ok().flatten();
            succeeds &= status.is_some_and(|status| !refuses || status.as_u16() < 400);
        }
    }
    let kept = if row.kept_cookies().is_some() { shown_jar(&jar)? } else { Vec::new() };
    Ok((succeeds, kept))
}

/// The replies of a test, which are chosen as its server does.
struct Script<'a> {
    row: &'a Row,
    /// The part behind which comes the next one, for the same target.
    bounced: Option<u32>,
}

impl Script<'_> {
    fn reply(&mut self, request: &str) -> Reply {
        let mut number = part_of(request.lines().next().unwrap_or_default());
        if self.bounced.take() == Some(number) {
            number += 1;
        }
        let bytes = self.row.reply(number).or_else(|| self.row.reply(0)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        if text.contains("swsbounce") {
            self.bounced = Some(number);
        }
        // Without a length the end of the connection may be that of the reply.
        let closes =
            text.contains("close") || !text.contains("Content-Length:") || !is_whole(&bytes);
        Reply { bytes, closes }
    }
}

/// The last number of a path names the test, and in four digits more the part of the reply.
fn part_of(request_line: &str) -> u32 {
    let target = request_line.split(' ').nth(1).unwrap_or_default();
    let (_, last) = target.rsplit_once('/').unwrap_or_default();
    let digits: String = last.chars().take_while(char::is_ascii_digit).collect();
    match digits.parse::<u32>() {
        Ok(number) if number > 10_000 => number % 10_000,
        _ => 0,
    }
}

/// Of each request in `text` what the tests are about.
fn requests(text: &str) -> Vec<String> {
    const METHODS: [&str; 5] = ["GET ", "POST ", "PUT ", "DELETE ", "HEAD "];
    const NAMES: [&str; 5] =
        ["authorization", "cookie", "range", "if-modified-since", "if-none-match"];
    let mut sent: Vec<(Option<String>, String)> = Vec::new();
    for line in text.lines() {
        if let Some((line, "1" | "0")) = line.rsplit_once(" HTTP/1.")
            && let Some(start) = METHODS.iter().filter_map(|method| line.find(method)).min()
        {
            // A proxy is sent a whole URL.
            let line = line[start..].replace("http://127.0.0.1:8990", "");
            let (method, target) = line.split_once(' ').unwrap_or_default();
            let path = target
                .strip_prefix("http://")
                .map_or(target, |rest| &rest[rest.find(['/', '?']).unwrap_or(rest.len())..]);
            let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
            sent.push((None, format!("{method} {path}")));
        } else if let Some((host, last)) = sent.last_mut()
            && let Some((name, value)) = line.split_once(": ")
        {
            let name = name.to_lowercase();
            if name == "host" && !value.starts_with("127.0.0.1") {
                *host = Some(format!("{value} "));
            } else if NAMES.contains(&name.as_str()) {
                last.push_str(&format!(" | {name}: {value}"));
            }
        }
    }
    sent.into_iter().map(|(host, rest)| host.unwrap_or_default() + &rest).collect()
}

fn shown_line(line: &CookieLine) -> String {
    let CookieLine { domain, path, ends, name, value, .. } = line;
    // Nothing is below an address.
    let below = line.has_subdomains && domain.parse::<IpAddr>().is_err();
    let domain = domain.to_lowercase();
    format!("{name}={value} of {domain}{path}, below: {below}, ends: {ends}")
}

/// By the only way that all cookies come out of a jar.
fn shown_jar(jar: &CookieJar) -> Result<Vec<String>, Failed> {
    let cookies: Vec<Value> = serde_json::from_str(&jar.to_json()?)?;
    let mut shown = Vec::new();
    for cookie in cookies {
        let pair = cookie["raw_cookie"].as_str().unwrap_or_default().split(';').next();
        let (name, value) = pair.and_then(|pair| pair.split_once('=')).unwrap_or_default();
        let host = cookie["domain"]["HostOnly"].as_str();
        let domain = host.or(cookie["domain"]["Suffix"].as_str()).unwrap_or_default();
        shown.push(shown_line(&CookieLine {
            domain: domain.to_owned(),
            has_subdomains: host.is_none(),
            path: cookie["path"][0].as_str().unwrap_or_default().to_owned(),
            is_secure: false,
            ends: cookie["expires"] != "SessionEnd",
            name: name.to_owned(),
            value: value.to_owned(),
        }));
    }
    shown.sort();
    Ok(shown)
}
