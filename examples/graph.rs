//! GraphQL: data, partial data with its errors, and answers that are no GraphQL at all.
//!
//! Run it with `cargo run --example graph`.

use axum::{Json, Router, http::StatusCode, response::IntoResponse, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_clients::{Error, Graph, graph::GraphErrors};

const QUERY: &str = "query($login: String!) { user(login: $login) { name friends { name } } }";

#[derive(Debug, Deserialize)]
struct Data {
    user: Option<User>,
}

#[derive(Debug, Deserialize)]
struct User {
    name: String,
    friends: Option<Vec<Self>>,
}

fn server() -> Router {
    let answer = async |Json(body): Json<Value>| match body["variables"]["login"].as_str() {
        Some("ada") => {
            let friends = [json!({"name": "Charles", "friends": null})];
            Json(json!({"data": {"user": {"name": "Ada", "friends": friends}}})).into_response()
        }
        Some("eve") => Json(json!({
            "data": {"user": {"name": "Eve", "friends": null}},
            "errors": [{
                "message": "not yours to see",
                "path": ["user", "friends"],
                "extensions": {"code": "FORBIDDEN"},
            }],
        }))
        .into_response(),
        Some(_) => (StatusCode::BAD_GATEWAY, "no server today").into_response(),
        None => {
            let errors = json!({"errors": [{"message": "$login is required"}]});
            (StatusCode::BAD_REQUEST, Json(errors)).into_response()
        }
    };
    Router::new().route("/graphql", post(answer))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let graph = Graph::with_service("http://in.process/graphql", server())?;

    // Variables are never part of the query.
    let data: Data = graph.execute(QUERY, &json!({"login": "ada"})).await?;
    println!("{data:?}");

    // Strict: any error is an error. It is typed, and keeps the data and the response.
    for variables in [json!({"login": "eve"}), json!({}), json!({"login": "bob"})] {
        if let Err(error) = graph.execute::<Data>(QUERY, &variables).await {
            println!("{error:#}");
            let errors = error.find_source::<GraphErrors>().map_or(&[][..], GraphErrors::errors);
            for error in errors {
                println!("  {} {:?} {:?}", error.message(), error.path(), error.code());
            }
        }
    }

    // Lenient: what there is, and what went wrong.
    let response = graph.execute::<Data>(QUERY, &json!({"login": "eve"})).response().await?;
    let user = response.data.and_then(|data| data.user);
    println!("{user:?} in spite of {} error", response.errors.len());
    if let Some(User { name, friends }) = user {
        println!("{name} has {} friends to show", friends.map_or(0, |friends| friends.len()));
    }
    Ok(())
}
