//! GraphQL: data, partial data with its errors, and a request that is refused.
//!
//! Run it with `cargo run --example graph`.

use serde::Deserialize;
use serde_json::json;
use tower_clients::{Error, Graph, graph::GraphErrors};

const QUERY: &str = "query($id: ID!) { user(id: $id) { name email } }";

#[derive(Debug, Deserialize)]
struct Data {
    user: Option<User>,
}

#[derive(Debug, Deserialize)]
struct User {
    name: String,
    email: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let graph = Graph::with_service("http://in.process/graphql", testbed::router())?;

    // Variables are never part of the query.
    let data: Data = graph.execute(QUERY, &json!({"id": "1"})).await?;
    println!("{data:?}");
    assert!(data.user.is_some_and(|user| user.email.is_some()));

    // Strict: any error is an error. It is typed, and keeps the data and the response.
    for variables in [json!({"id": "2"}), json!({})] {
        let error = graph.execute::<Data>(QUERY, &variables).await.expect_err("it is refused");
        println!("{error:#}");
        let errors = error.find_source::<GraphErrors>().expect("the server says why");
        for error in errors.errors() {
            println!("  {} {:?} {:?}", error.message(), error.path(), error.code());
        }
    }

    // Lenient: what there is, and what went wrong.
    let response = graph.execute::<Data>(QUERY, &json!({"id": "2"})).response().await?;
    let user = response.data.and_then(|data| data.user);
    println!("{user:?} in spite of {} error", response.errors.len());
    assert!(matches!(user, Some(User { name, email: None }) if name == "Charles"));
    Ok(())
}
