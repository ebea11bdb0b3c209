//! GraphQL: what is sent, and which answers are responses.

use proptest::prelude::*;
use serde_json::{Value, json};
use testbed::Testbed;
use tower_clients::{
    Body, ContentError, Error, Graph, SharedService,
    graph::{GraphErrors, GraphResponse, Location, NoResponse, PathSegment},
};
use tower_clients_mock::{Call, Mock, Reply};

const OFFICIAL: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json";

fn answering(status: u16, content_type: &str, body: &str) -> Graph<Mock> {
    let mut reply = Reply::status(status).body(body.to_owned());
    if !content_type.is_empty() {
        reply = reply.header("content-type", content_type);
    }
    Graph::with_service("http://h/graphql", Mock::new().reply(reply)).unwrap()
}

async fn data(status: u16, content_type: &str, body: &str) -> Result<Value, Error> {
    answering(status, content_type, body).execute("{a}", &()).await
}

async fn response(
    status: u16,
    content_type: &str,
    body: &str,
) -> Result<GraphResponse<Value>, Error> {
    answering(status, content_type, body).execute("{a}", &()).response().await
}

async fn sent(send: impl AsyncFnOnce(Graph<Mock>)) -> Call {
    let mock = Mock::new().reply(Reply::json(&json!({"data": null})));
    send(Graph::with_service("http://h/graphql", mock.clone()).unwrap()).await;
    mock.requests().pop().unwrap()
}

#[tokio::test]
async fn request_is_what_the_specification_asks_for() {
    let request = sent(async |graph| {
        graph.execute::<()>("query Q($a: Int) { a }", &json!({"a": null, "b": 1})).await.unwrap();
    })
    .await;
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/graphql"));
    assert_eq!(
        request.headers()["accept"],
        "application/graphql-response+json, application/json;q=0.9"
    );
    assert_eq!(request.headers()["content-type"], "application/json");
    // A null variable is a value; a null beside the query is not.
    assert_eq!(
        request.body(),
        r#"{"query":"query Q($a: Int) { a }","variables":{"a":null,"b":1}}"#
    );
    let request = sent(async |graph| graph.execute::<()>("{a}", &()).await.unwrap()).await;
    assert_eq!(request.body(), r#"{"query":"{a}"}"#);
    let request = sent(async |graph| {
        let body = json!({"query": "{a}", "operationName": null, "variables": {"v": null}, "extensions": null});
        graph.operation::<()>(&body).header("accept", "x/y").await.unwrap();
    })
    .await;
    assert_eq!(request.body(), r#"{"query":"{a}","variables":{"v":null}}"#);
    assert_eq!(request.headers()["accept"], "x/y");
}

#[tokio::test]
async fn what_is_no_object_is_not_sent() {
    let graph = answering(200, JSON, "{}");
    for error in [
        graph.execute::<()>("{a}", &[1]).await.unwrap_err(),
        graph.execute::<()>("{a}", "x").await.unwrap_err(),
        graph.operation::<()>("{a}").await.unwrap_err(),
        graph.operation::<()>(&()).await.unwrap_err(),
    ] {
        assert!(error.is_request() && !error.may_have_been_sent());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn g2_variables_are_only_in_the_variables(name in "\\PC{1,8}", value in any::<String>()) {
        let hostile = format!("{value}\"}}){{\u{0}\\\n");
        let variables = json!({(name): [hostile]});
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let request = runtime.block_on(sent(async |graph| {
            graph.execute::<()>("query($a: [String]) { a }", &variables).await.unwrap();
        }));
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        prop_assert_eq!(body, json!({"query": "query($a: [String]) { a }", "variables": variables}));
    }
}

#[tokio::test]
async fn g1_errors_that_are_null_or_empty_are_none() {
    for content_type in [OFFICIAL, JSON, "", "text/plain"] {
        for body in [
            r#"{"data":{"a":1}}"#,
            r#"{"data":{"a":1},"errors":null}"#,
            r#"{"data":{"a":1},"errors":[],"extensions":{"cost":3}}"#,
            "\u{feff}{\"data\":{\"a\":1}}",
        ] {
            for status in [200, 294] {
                assert_eq!(data(status, content_type, body).await.unwrap(), json!({"a": 1}));
            }
        }
    }
    assert_eq!(data(200, JSON, r#"{"data":null}"#).await.unwrap(), Value::Null);
    let response = response(200, JSON, r#"{"data":null,"extensions":{"cost":3}}"#).await.unwrap();
    assert_eq!((response.data, response.extensions["cost"].as_u64()), (None, Some(3)));
}

#[tokio::test]
async fn g1_partial_data_is_kept_with_all_errors() {
    let body = r#"{"data":{"a":1,"b":null},"errors":[
        {"message":"boom","locations":[{"line":1,"column":8}],"path":["b",0,"c"],"extensions":{"code":"BOOM"}},
        {"message":"again"}]}"#;
    let error = data(200, OFFICIAL, body).await.unwrap_err();
    assert!(error.is_check());
    assert_eq!(
        format!("{error:#}"),
        "POST http://h/graphql: the answer says that the call failed: the response has partial data and 2 errors"
    );
    let errors: &GraphErrors = error.find_source().unwrap();
    assert_eq!(errors.data(), Some(&json!({"a": 1, "b": null})));
    let first = &errors.errors()[0];
    assert_eq!((first.message(), first.code()), ("boom", Some("BOOM")));
    assert_eq!(first.locations(), [Location { line: 1, column: 8 }]);
    let field = |name: &str| PathSegment::Field(name.into());
    assert_eq!(first.path(), [field("b"), PathSegment::Index(0), field("c")]);
    assert_eq!((errors.errors()[1].message(), errors.errors()[1].path()), ("again", [].as_slice()));

    let response = response(200, OFFICIAL, body).await.unwrap();
    assert_eq!(response.data, Some(json!({"a": 1, "b": null})));
    assert_eq!(response.errors, errors.errors());
    assert_eq!(
        (response.status.as_u16(), &response.headers["content-type"]),
        (200, &OFFICIAL.parse().unwrap())
    );
}

#[tokio::test]
async fn g1_partial_data_that_is_no_t_keeps_the_errors() {
    let body = r#"{"data":{"a":null},"errors":[{"message":"boom"}]}"#;
    let call = answering(200, JSON, body);
    let error = call
        .execute::<std::collections::BTreeMap<String, u8>>("{a}", &())
        .response()
        .await
        .unwrap_err();
    let errors: &GraphErrors = error.find_source().unwrap();
    assert_eq!((errors.errors()[0].message(), errors.data()), ("boom", Some(&json!({"a": null}))));
}

#[tokio::test]
async fn g1_content_type_decides_first_and_the_status_last() {
    let errors = r#"{"errors":[{"message":"boom"}]}"#;
    for (status, content_type) in [
        (400, OFFICIAL),
        (404, OFFICIAL),
        (200, JSON),
        (400, JSON),
        (422, JSON),
        (500, ""),
        (200, ""),
    ] {
        let error = data(status, content_type, errors).await.unwrap_err();
        assert!(error.is_check(), "{status} {content_type}");
        assert_eq!(error.find_source::<GraphErrors>().unwrap().errors()[0].message(), "boom");
        assert_eq!(
            (error.status().unwrap().as_u16(), error.failure().unwrap().text().as_ref()),
            (status, errors)
        );
        let response = response(status, content_type, errors).await.unwrap();
        assert_eq!((response.data, response.status.as_u16()), (None, status));
    }
    // By its type alone, a document is a response at any status.
    assert_eq!(data(500, OFFICIAL, r#"{"data":1}"#).await.unwrap(), 1);
    assert!(data(500, JSON, r#"{"data":1}"#).await.unwrap_err().is_status());
}

#[tokio::test]
async fn g1_anything_else_is_an_error_that_keeps_the_body() {
    for body in [
        "{}",
        "[]",
        "7",
        "null",
        r#"{"message":"timeout"}"#,
        r#"{"errors":[]}"#,
        r#"{"errors":null}"#,
        r#"{"errors":"x"}"#,
        r#"[{"data":1}]"#,
    ] {
        for content_type in [JSON, OFFICIAL] {
            let error = data(200, content_type, body).await.unwrap_err();
            assert!(error.is_decode(), "{body}");
            assert_eq!(error.find_source(), Some(&NoResponse));
            assert_eq!(error.failure().unwrap().text(), body);
            assert!(data(502, content_type, body).await.unwrap_err().is_status(), "{body}");
        }
    }
    for body in [r#"{"error":"UNAUTHORIZED"}"#, r#"{"errors":["x"]}"#, r#"{"errors":[{"code":1}]}"#]
    {
        let error = data(401, JSON, body).await.unwrap_err();
        assert_eq!((error.is_status(), error.failure().unwrap().text().as_ref()), (true, body));
    }
    let error = data(200, "text/html", "<p>").await.unwrap_err();
    assert!(matches!(error.find_source(), Some(ContentError::NotJson { .. })));
    assert!(data(502, "text/html", "<p>").await.unwrap_err().is_status());
    assert!(data(200, OFFICIAL, "").await.unwrap_err().is_decode());
    assert!(data(400, "", "InvalidRequest").await.unwrap_err().is_status());
}

#[tokio::test]
async fn g1_response_over_the_limit_is_an_error() {
    let body = json!({"data": 1, "extensions": {"log": "x".repeat(10 * 1024 * 1024)}}).to_string();
    let error = data(200, JSON, &body).await.unwrap_err();
    assert!(error.is_body());
    let call = answering(200, JSON, &body).execute::<u8>("{a}", &()).limit(usize::MAX);
    assert_eq!(call.await.unwrap(), 1);
}

/// What the testbed makes of queries and mutations.
async fn converses<S: SharedService<Body>>(graph: Graph<S>) {
    let query = "query($name: String) { hello(name: $name) }";
    let hello: Value = graph.execute(query, &json!({"name": "Ada"})).await.unwrap();
    assert_eq!(hello, json!({"hello": "hello Ada"}));

    let call = || graph.execute::<Value>("{ users { name email } }", &());
    let error = call().await.unwrap_err();
    let errors: &GraphErrors = error.find_source().unwrap();
    let field = |name: &str| PathSegment::Field(name.into());
    assert_eq!(errors.errors()[0].path(), [field("users"), PathSegment::Index(1), field("email")]);
    assert_eq!(errors.errors()[0].code(), Some("FORBIDDEN"));
    let response = call().response().await.unwrap();
    assert_eq!(response.data.as_ref(), errors.data());
    assert_eq!(response.data.unwrap()["users"][1], json!({"name": "Charles", "email": null}));
    assert_eq!(response.headers["content-type"], "application/graphql-response+json");

    // Neither has data, but only one of them was executed.
    for (query, status) in [("{ hello broken }", 200), ("{ nothing }", 400)] {
        let error = graph.execute::<Value>(query, &()).await.unwrap_err();
        assert!(error.is_check() && error.status().unwrap() == status, "{query}");
        assert_eq!(error.find_source::<GraphErrors>().unwrap().data(), None);
    }

    let rename = "mutation($name: String!) { rename(id: 2, name: $name) { id name } }";
    let renamed: Value = graph.execute(rename, &json!({"name": "Eve"})).await.unwrap();
    assert_eq!(renamed, json!({"rename": {"id": "2", "name": "Eve"}}));
    let user: Value = graph.execute("{ user(id: 2) { name } }", &()).await.unwrap();
    assert_eq!(user, json!({"user": {"name": "Eve"}}));
}

#[tokio::test]
async fn server_in_process_is_understood() {
    converses(Graph::with_service("http://h/graphql", testbed::router()).unwrap()).await;
}

#[tokio::test]
async fn server_on_a_port_is_understood() {
    let server = Testbed::http().await.unwrap();
    converses(Graph::new(format!("{}graphql", server.url())).unwrap()).await;
}
