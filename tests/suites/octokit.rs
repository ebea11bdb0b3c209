//! Recorded exchanges with GitHub: what a resource sends, and what it makes of the answer.

use crate::suite::{Case, Suite};
use http::Method;
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::{Map, Value};
use tower_clients::{Content, Json, Resource};
use tower_clients_mock::{Mock, Reply};

/// Nothing differs. What is expected is in each exchange.
pub(crate) const SUITE: Suite<Row, ()> = Suite::new(
    &[
        "octokit/errors/normalized-fixture.json",
        "octokit/get-repository/normalized-fixture.json",
        "octokit/paginate-issues/normalized-fixture.json",
    ],
    case,
    judge,
);

#[derive(Deserialize)]
pub(crate) struct Row {
    scope: String,
    method: String,
    path: String,
    body: Value,
    status: u16,
    response: Value,
    headers: Map<String, Value>,
}

fn case(row: Value) -> serde_json::Result<Option<Case<Row, ()>>> {
    let row: Row = serde_json::from_value(row)?;
    let label = format!("{} {}", row.method, row.path);
    Ok(Some(Case { label, expected: (), input: row }))
}

fn judge(row: &Row, (): &()) -> Result<(), Failed> {
    let reply = Reply::status(row.status).body(row.response.to_string());
    // Of numbers there are only counts, which nothing here looks at.
    let headers = row.headers.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let headers = headers.filter(|(name, _)| *name != "content-length");
    let reply = headers.fold(reply, |reply, (name, value)| reply.header(name.as_str(), value));
    let mock = Mock::new().reply(reply);
    let api = Resource::with_service(&*row.scope, mock.clone())?.blocking()?;

    let method = Method::from_bytes(row.method.to_uppercase().as_bytes())?;
    let request = api.request(method.clone(), &*row.path);
    let answer = match row.body.is_object() {
        true => request.body(Json(&row.body)).wait(),
        false => request.wait(),
    };
    let got = match answer {
        Ok(Content::Json(value)) if row.status < 300 => value,
        Err(error) if error.status().is_some_and(|status| status == row.status) => {
            error.failure().ok_or("there is no failure")?.json()?
        }
        other => return Err(format!("it gave {other:?}").into()),
    };
    if got != row.response {
        return Err("the answer is another one".into());
    }
    let sent = &mock.requests()[0];
    let is_same = *sent.method() == method
        && sent.uri().path_and_query().is_some_and(|asked| asked == row.path.as_str())
        && (!row.body.is_object() || serde_json::from_slice::<Value>(sent.body())? == row.body);
    if is_same { Ok(()) } else { Err(format!("it sent {} {}", sent.method(), sent.uri()).into()) }
}
