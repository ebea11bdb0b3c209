//! What `Graph` makes of the answers of two servers, which follow the specification differently.

use crate::servers::variable;
use graphql_client::GraphQLQuery;
use http::StatusCode;
use serde_json::Value;
use tower_clients::{
    Error, Graph,
    graph::{GraphError, GraphErrors, GraphResponse},
};

/// What tells where it is, and a path below that.
type Server = (&'static str, &'static str);

const YOGA: Server = ("INTEROP_YOGA", "");
const HTTP: Server = ("INTEROP_GRAPHQL_HTTP", "");
const NOWHERE: Server = ("INTEROP_YOGA", "/nowhere");
const NO_ANSWER: Server = ("INTEROP_HTTPBIN", "/status/200");
const BAD_GATEWAY: Server = ("INTEROP_HTTPBIN", "/status/502");

/// Query and variables.
type Case = (&'static str, &'static str);

const OK: Case = (r#"{ hello(name: "Ada") }"#, "null");
const VARIABLES: Case = ("query($n: String!) { hello(name: $n) }", r#"{"n":"\"})"}"#);
const MUTATION: Case = ("mutation($a: Int!) { add(a: $a, b: 2) }", r#"{"a":1}"#);
const PARTIAL: Case = (r#"{ hello(name: "Ada") broken }"#, "null");
const NULL: Case = (r#"{ hello(name: "Ada") fatal }"#, "null");
const INVALID: Case = ("{ nothing }", "null");
const SYNTAX: Case = ("{ hello", "null");
const NO_VARIABLE: Case = ("query($n: String!) { hello(name: $n) }", "null");

/// The `accept` header; `None` is what `Graph` sends.
type Accept = Option<&'static str>;

const JSON: Accept = Some("application/json");
const HTML: Accept = Some("text/html");

/// What is asked for and how, and what comes of it from either server: status, data, the codes of the errors;
/// or the kind of error that has none of these.
const ANSWERS: &[(Case, Accept, [(Server, &str); 2])] = &[
    (OK, None, [(YOGA, r#"200 {"hello":"hello Ada"}"#), (HTTP, r#"200 {"hello":"hello Ada"}"#)]),
    (
        VARIABLES,
        None,
        [(YOGA, r#"200 {"hello":"hello \"})"}"#), (HTTP, r#"200 {"hello":"hello \"})"}"#)],
    ),
    (MUTATION, None, [(YOGA, r#"200 {"add":3}"#), (HTTP, r#"200 {"add":3}"#)]),
    (
        PARTIAL,
        None,
        [
            (YOGA, r#"200 {"broken":null,"hello":"hello Ada"} BROKEN"#),
            (HTTP, r#"200 {"broken":null,"hello":"hello Ada"} BROKEN"#),
        ],
    ),
    (NULL, None, [(YOGA, "200 null BROKEN"), (HTTP, "200 null BROKEN")]),
    (INVALID, None, [(YOGA, "400 null GRAPHQL_VALIDATION_FAILED"), (HTTP, "400 null ?")]),
    (SYNTAX, None, [(YOGA, "400 null GRAPHQL_PARSE_FAILED"), (HTTP, "400 null ?")]),
    (NO_VARIABLE, None, [(YOGA, "400 null ?"), (HTTP, "200 null ?")]),
    (OK, JSON, [(YOGA, r#"200 {"hello":"hello Ada"}"#), (HTTP, r#"200 {"hello":"hello Ada"}"#)]),
    (
        PARTIAL,
        JSON,
        [
            (YOGA, r#"200 {"broken":null,"hello":"hello Ada"} BROKEN"#),
            (HTTP, r#"200 {"broken":null,"hello":"hello Ada"} BROKEN"#),
        ],
    ),
    (INVALID, JSON, [(YOGA, "200 null GRAPHQL_VALIDATION_FAILED"), (HTTP, "200 null ?")]),
    (SYNTAX, JSON, [(YOGA, "200 null GRAPHQL_PARSE_FAILED"), (HTTP, "200 null ?")]),
    (NO_VARIABLE, JSON, [(YOGA, "400 null ?"), (HTTP, "200 null ?")]),
    (OK, HTML, [(YOGA, "406 Status"), (HTTP, "406 Status")]),
];

/// What comes of the same from servers of something else.
const ELSEWHERE: &[(Server, &str)] =
    &[(NOWHERE, "404 Status"), (NO_ANSWER, "200 Decode"), (BAD_GATEWAY, "502 Status")];

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn servers_differ_and_their_answers_are_understood() {
    let mut wrong = Vec::new();
    let rows = ANSWERS.iter().flat_map(|(case, accept, answers)| {
        answers.iter().map(move |&(server, expected)| (server, *case, *accept, expected))
    });
    let elsewhere = ELSEWHERE.iter().map(|&(server, expected)| (server, OK, None, expected));
    for (server, (query, variables), accept, expected) in rows.chain(elsewhere) {
        let graph = graph(server);
        let variables: Value = serde_json::from_str(variables).unwrap();
        let call = || match accept {
            Some(accept) => graph.execute(query, &variables).header("accept", accept),
            None => graph.execute(query, &variables),
        };
        for outcome in [strict(call().await), lenient(call().response().await)] {
            if outcome != expected {
                wrong.push(format!("{server:?} {query} {accept:?}: {outcome}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn graph((server, path): Server) -> Graph {
    Graph::new(variable(server) + path).unwrap()
}

fn strict(result: Result<Value, Error>) -> String {
    let error = match result {
        Ok(data) => return told(StatusCode::OK, &data, &[]),
        Err(error) => error,
    };
    match error.find_source::<GraphErrors>() {
        Some(errors) => {
            assert!(error.is_check());
            let data = errors.data().unwrap_or(&Value::Null);
            told(error.status().unwrap(), data, errors.errors())
        }
        None => refused(&error),
    }
}

fn lenient(result: Result<GraphResponse<Value>, Error>) -> String {
    match result {
        Ok(GraphResponse { status, data, errors, .. }) => {
            told(status, &data.unwrap_or_default(), &errors)
        }
        Err(error) => refused(&error),
    }
}

fn told(status: StatusCode, data: &Value, errors: &[GraphError]) -> String {
    let codes = errors.iter().map(|error| error.code().unwrap_or("?"));
    let codes: String = codes.map(|code| format!(" {code}")).collect();
    format!("{} {data}{codes}", status.as_u16())
}

fn refused(error: &Error) -> String {
    format!("{} {:?}", error.status().unwrap().as_u16(), error.kind())
}

#[derive(GraphQLQuery)]
#[graphql(schema_path = "interop/servers/schema.graphql", query_path = "interop/hello.graphql")]
struct Hello;

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn derived_query_is_an_operation() {
    for server in [YOGA, HTTP] {
        let graph = graph(server);
        let query = Hello::build_query(hello::Variables { name: "Ada".into() });
        let data: hello::ResponseData = graph.operation(&query).await.unwrap();
        assert_eq!(data.hello, "hello Ada");
    }
}
