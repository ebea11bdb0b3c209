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

    // Strict: any error is an error. It is typed, and keeps the data and the response.
    for variables in [json!({"id": "2"}), json!({})] {
        if let Err(error) = graph.execute::<Data>(QUERY, &variables).await {
            println!("{error:#}");
            let errors = error.find_source::<GraphErrors>().map_or(&[][..], GraphErrors::errors);
            for error in errors {
                println!("  {} {:?} {:?}", error.message(), error.path(), error.code());
            }
        }
    }

    // Lenient: what there is, and what went wrong.
    let response = graph.execute::<Data>(QUERY, &json!({"id": "2"})).response().await?;
    let user = response.data.and_then(|data| data.user);
    println!("{user:?} in spite of {} error", response.errors.len());
    if let Some(User { name, email: None }) = user {
        println!("{name} shows no address");
    }
    Ok(())
}
