//! Data of a GraphQL answer is given only where there is no error, and errors are never lost.
//!
//! Input: status and content type, then the body; see `answer.rs`.

use crate::{answer::Answer, paused};
use serde_json::Value;
use tower_clients::{
    Graph,
    graph::{GraphErrors, GraphResponse},
};

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let Some(answer) = Answer::read(input) else { return };
    let graph = Graph::with_service("http://h/graphql", answer.service()).unwrap();
    let strict = paused::run(async { graph.execute::<Value>("{a}", &()).await });
    let lenient: Result<GraphResponse<Value>, _> =
        paused::run(async { graph.execute("{a}", &()).response().await });
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let errors = value["errors"].as_array().map_or(0, Vec::len);

    match &strict {
        Ok(data) => {
            assert_eq!((data, errors), (&value["data"], 0));
            assert!(value["errors"].is_null() || value["errors"].is_array());
        }
        Err(error) => {
            assert!(error.is_check() || error.is_decode() || error.is_status(), "{error:?}");
            if let Some(found) = error.find_source::<GraphErrors>() {
                assert!(error.is_check());
                assert_eq!(found.errors().len(), errors);
                assert_eq!(found.data(), Some(&value["data"]).filter(|data| !data.is_null()));
            }
            let failure = error.failure().unwrap();
            assert_eq!(failure.status(), answer.status);
            assert!(answer.body.starts_with(failure.bytes()));
            assert!(!answer.status.is_success() || !error.is_status());
        }
    }
    match lenient {
        Ok(response) => {
            assert_eq!(response.errors.len(), errors);
            assert_eq!(response.data.unwrap_or_default(), value["data"]);
            assert_eq!(response.status, answer.status);
            for (error, raw) in response.errors.iter().zip(value["errors"].as_array().unwrap_or(&vec![])) {
                assert!(raw["message"].as_str().is_none_or(|message| message == error.message()));
            }
        }
        Err(error) => assert!(strict.is_err() && !error.is_check(), "{error:?}"),
    }
}
