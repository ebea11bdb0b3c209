//! What web-platform-tests say about the heads of HTTP/1.1 responses: which are errors, and how long
//! the body is.

use crate::{
    loopback::{Reply, serve},
    suite::{Case, Difference, Suite},
};
use http::Request;
use http_body_util::BodyExt;
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::{net::TcpListener, runtime::Builder, time::timeout};
use tower::ServiceExt;
use tower_clients::{Body, BoxError, Transport};

/// The response, and its status and the length of its body; `None` for an error.
type Expected = Option<(u16, usize)>;

pub(crate) const LENGTHS: Suite<Reply, Expected> = Suite::new(
    &["wpt-fetch/content-lengths.json"],
    length_case,
    judge,
)
.differ(&[
    Difference {
        name: "a length that is no number",
        reason: "RFC 9112, section 6.3: it is an error; browsers read to the end of the connection",
        instead: |reply, expected| {
            let response = String::from_utf8_lossy(&reply.bytes);
            let is_number = |length: &str| length.trim().parse::<u32>().is_ok();
            let mut lines = response.lines().filter_map(|line| line.strip_prefix(LENGTH));
            let all = lines.all(|line| line.split(',').all(is_number));
            (!all && expected.is_some()).then_some(None)
        },
    },
    Difference {
        name: "lengths are compared as numbers",
        reason: "RFC 9110, section 8.6: the same value is no contradiction",
        instead: |reply, _| {
            let response = String::from_utf8_lossy(&reply.bytes);
            (response.contains(" 030") && response.contains(" 30")).then_some(Some((200, 30)))
        },
    },
]);

pub(crate) const STATUS_LINES: Suite<Reply, Expected> =
    Suite::new(&["wpt-fetch/h1-status-lines.json"], status_case, judge).differ(&[Difference {
        name: "a status is 100 or more",
        reason: "RFC 9110, section 15: less is invalid, and `http` has no type for it",
        instead: |_, expected| expected.is_some_and(|(status, _)| status < 100).then_some(None),
    }]);

pub(crate) const LONE_CR: Suite<Reply, Expected> =
    Suite::new(&["wpt-fetch/h1-lone-cr.json"], lone_cr_case, judge);

const LENGTH: &str = "Content-Length:";

#[derive(Deserialize)]
struct LengthRow {
    input: String,
    output: Option<usize>,
}

#[derive(Deserialize)]
struct StatusRow {
    input: String,
    expected: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    status: u16,
}

/// All of them are errors.
#[derive(Deserialize)]
struct LoneCrRow {
    response: String,
}

fn length_case(row: Value) -> serde_json::Result<Option<Case<Reply, Expected>>> {
    const BODY: &str = "Fact: this is really forty-two bytes long.";
    let LengthRow { input, output } = serde_json::from_value(row)?;
    let response = format!("HTTP/1.1 200 OK\r\n{input}\r\n\r\n{BODY}");
    Ok(Some(Case {
        label: input,
        input: last(response),
        expected: output.map(|length| (200, length)),
    }))
}

fn status_case(row: Value) -> serde_json::Result<Option<Case<Reply, Expected>>> {
    let StatusRow { input, expected } = serde_json::from_value(row)?;
    let response = format!("{input}\r\nContent-Length: 0\r\n\r\n");
    let expected = expected.map(|expected| (expected.status, 0));
    Ok(Some(Case { label: input, input: last(response), expected }))
}

fn lone_cr_case(row: Value) -> serde_json::Result<Option<Case<Reply, Expected>>> {
    let LoneCrRow { response } = serde_json::from_value(row)?;
    Ok(Some(Case { label: response.clone(), input: last(response), expected: None }))
}

/// The connection ends behind it.
fn last(response: String) -> Reply {
    Reply { bytes: response.into(), closes: true }
}

fn judge(reply: &Reply, expected: &Expected) -> Result<(), Failed> {
    const LIMIT: Duration = Duration::from_secs(20);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(async { timeout(LIMIT, exchange(reply)).await })??;
    match found {
        Ok(found) if Some(found) == *expected => Ok(()),
        Err(_) if expected.is_none() => Ok(()),
        other => Err(format!("expected {expected:?}\n but is  {other:?}").into()),
    }
}

/// What the transport makes of `reply`.
async fn exchange(reply: &Reply) -> Result<Result<(u16, usize), BoxError>, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let uri = format!("http://{}/", listener.local_addr()?);
    let found = async {
        let transport = Transport::builder().http1_only().build()?;
        let response = transport.oneshot(Request::get(uri).body(Body::empty())?).await?;
        let status = response.status().as_u16();
        Ok((status, response.into_body().collect().await?.to_bytes().len()))
    };
    tokio::select! {
        never = serve(&listener, |_| reply.clone()) => never,
        found = found => Ok(found),
    }
}
