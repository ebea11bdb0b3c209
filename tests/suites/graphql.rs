//! Replies of real GraphQL servers: which status and content type they choose is their own affair.

use crate::suite::{Case, Suite};
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::{Map, Value};
use tower_clients::{
    Error, Graph,
    graph::{GraphErrors, GraphResponse},
};
use tower_clients_mock::{Mock, Reply};

/// Nothing differs.
pub(crate) const SUITE: Suite<Row, Outcome> = Suite::new(
    &[
        "graphql/ag.txt",
        "graphql/agsub.txt",
        "graphql/graphql-http.txt",
        "graphql/graphql-sse.txt",
        "graphql/strawberry-stream.txt",
        "graphql/yoga.txt",
        "graphql/yogasse.txt",
    ],
    case,
    judge,
);

#[derive(Deserialize)]
pub(crate) struct Row {
    case: String,
    status: u16,
    #[serde(rename = "type")]
    content_type: Option<String>,
    body: String,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Data(Value),
    Errors {
        messages: Vec<String>,
        data: Value,
    },
    /// Batches, streams, pages and nothing at all.
    NoResponse,
}

/// A body that reads as a response is one, for all of these servers.
fn case(row: Value) -> serde_json::Result<Option<Case<Row, Outcome>>> {
    let row: Row = serde_json::from_value(row)?;
    let body: Map<String, Value> = serde_json::from_str(&row.body).unwrap_or_default();
    let data = body.get("data").cloned().unwrap_or_default();
    let expected = match body.get("errors").and_then(Value::as_array) {
        Some(errors) => Outcome::Errors {
            messages: errors.iter().filter_map(|e| e["message"].as_str()).map(Into::into).collect(),
            data,
        },
        None if body.contains_key("data") => Outcome::Data(data),
        None => Outcome::NoResponse,
    };
    Ok(Some(Case { label: row.case.clone(), expected, input: row }))
}

fn judge(row: &Row, expected: &Outcome) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let graph = || {
        let reply = Reply::status(row.status).body(row.body.clone());
        let reply = match &row.content_type {
            Some(content_type) => reply.header("content-type", content_type.as_str()),
            None => reply,
        };
        Graph::with_service("http://h", Mock::new().reply(reply))
    };
    let strict = strict(row, runtime.block_on(graph()?.execute("{a}", &()).send()))?;
    let lenient = lenient(runtime.block_on(graph()?.execute("{a}", &()).response().send()));
    if (&strict, &lenient) == (expected, expected) {
        return Ok(());
    }
    Err(format!("expected {expected:?}\n strict  {strict:?}\n lenient {lenient:?}").into())
}

fn strict(row: &Row, result: Result<Value, Error>) -> Result<Outcome, Failed> {
    let error = match result {
        Ok(data) => return Ok(Outcome::Data(data)),
        Err(error) => error,
    };
    let failure = error.failure().ok_or("the response is lost")?;
    if (failure.status().as_u16(), failure.bytes())
        != (row.status, &row.body.as_bytes().to_vec().into())
    {
        return Err("status and body are not those of the response".into());
    }
    Ok(match error.find_source::<GraphErrors>() {
        Some(errors) => Outcome::Errors {
            messages: errors.errors().iter().map(|error| error.message().to_owned()).collect(),
            data: errors.data().cloned().unwrap_or_default(),
        },
        None if error.is_status() == (row.status >= 300) => Outcome::NoResponse,
        None => return Err(format!("of the wrong kind: {error:?}").into()),
    })
}

fn lenient(result: Result<GraphResponse<Value>, Error>) -> Outcome {
    match result {
        Ok(GraphResponse { data, errors, .. }) if errors.is_empty() => {
            Outcome::Data(data.unwrap_or_default())
        }
        Ok(GraphResponse { data, errors, .. }) => Outcome::Errors {
            messages: errors.iter().map(|error| error.message().to_owned()).collect(),
            data: data.unwrap_or_default(),
        },
        Err(_) => Outcome::NoResponse,
    }
}
