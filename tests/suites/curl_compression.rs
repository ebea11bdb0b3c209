//! The tests of curl that ask for compressed bodies: whether they are decoded.

use crate::{
    curl::{Command, Row, replies},
    suite::{Case, Suite},
};
use http::Request;
use http_body_util::{BodyExt, Collected};
use libtest_mimic::Failed;
use serde_json::Value;
use std::convert::Infallible;
use tokio::runtime::Builder;
use tower::{Layer, ServiceExt, service_fn};
use tower_clients_layers::{Body, DecompressLayer};

pub(crate) const SUITE: Suite<Row, bool> =
    Suite { files: &["curl/http-cases.json"], case, left_out: &[], differences: &[], judge };

const OPTIONS: [&str; 2] = ["--compressed", "--max-filesize"];

fn case(row: Value) -> serde_json::Result<Option<Case<Row, bool>>> {
    let row: Row = serde_json::from_value(row)?;
    let command = Command::of(&row, &OPTIONS);
    let Some(_) = command.filter(|command| command.has("--compressed")) else { return Ok(None) };
    Ok(Some(Case {
        label: format!("{} {}", row.test, row.name),
        expected: !row.fails(),
        input: row,
    }))
}

fn judge(row: &Row, expected: &bool) -> Result<(), Failed> {
    let command = Command::of(row, &OPTIONS).ok_or("it was read before")?;
    let reply = replies(row)?.into_iter().next().ok_or("there is a reply")?;
    let size = reply.body().len();
    let server = service_fn(async |_| Ok::<_, Infallible>(reply.clone().map(Body::from)));
    let mut layer = DecompressLayer::new();
    if let Some(limit) = command.value("--max-filesize") {
        layer = layer.limit(limit.parse()?);
    }
    let exchange = async {
        let response = layer.layer(server).oneshot(Request::new(())).await?;
        Ok::<_, Failed>(response.into_body().collect().await.map(Collected::to_bytes))
    };
    match Builder::new_current_thread().build()?.block_on(exchange)? {
        Ok(plain) if *expected && plain.len() >= size => Ok(()),
        Err(_) if !*expected => Ok(()),
        other => Err(format!("expected to be decoded: {expected}, but is {other:?}").into()),
    }
}
