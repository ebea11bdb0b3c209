//! GraphQL over HTTP.
//!
//! ```
//! use axum::{Json, Router, routing::post};
//! use serde::Deserialize;
//! use serde_json::{Value, json};
//! use tower_clients::{Graph, graph::{GraphErrors, GraphResponse}};
//!
//! #[derive(Debug, Deserialize)]
//! struct Data {
//!     hello: Option<String>,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients::Error> {
//! let server = Router::new().route("/graphql", post(async |Json(body): Json<Value>| {
//!     Json(match body["variables"]["name"].as_str() {
//!         Some(name) => json!({"data": {"hello": format!("hello {name}")}}),
//!         None => json!({
//!             "data": {"hello": null},
//!             "errors": [{"message": "who?", "path": ["hello"], "extensions": {"code": "NO_NAME"}}],
//!         }),
//!     })
//! }));
//! // In a program: Graph::new("https://example.com/graphql")?
//! let graph = Graph::with_service("http://in.process/graphql", server)?;
//! let query = "query($name: String) { hello(name: $name) }";
//!
//! let data: Data = graph.execute(query, &json!({"name": "Ada"})).await?;
//! assert_eq!(data.hello.as_deref(), Some("hello Ada"));
//!
//! // With any error at all, an answer is an error that keeps the data ...
//! let error = graph.execute::<Data>(query, &()).await.unwrap_err();
//! let errors: &GraphErrors = error.find_source().unwrap();
//! assert_eq!(errors.errors()[0].code(), Some("NO_NAME"));
//!
//! // ... unless the response is asked for.
//! let response: GraphResponse<Data> = graph.execute(query, &()).response().await?;
//! assert!(response.data.unwrap().hello.is_none());
//! assert_eq!(response.errors[0].message(), "who?");
//! # Ok(())
//! # }
//! ```
//!
//! # Which answers are GraphQL responses
//!
//! The status alone cannot decide: servers answer the same invalid query with 200 or with 400. So
//! the content type is looked at first, the body second, the status last.
//!
//! | content type | status | body | gives |
//! |---|---|---|---|
//! | `application/graphql-response+json` | any | `data` or `errors` | the response |
//! | any other | 2xx | `data` or `errors` | the response |
//! | any other | any other | `errors` with a `message` each | the response |
//! | any | 2xx | anything else | an [`ErrorKind::Decode`] error |
//! | any | any other | anything else | an [`ErrorKind::Status`] error |
//!
//! `errors` that are null or empty are none. Every error that the answer causes keeps status,
//! headers and body in its [`failure`](crate::Error::failure).

mod error;
mod judge;

pub use self::{
    error::{GraphError, GraphErrors, Location, NoResponse, PathSegment},
    judge::{GraphResponse, Lenient, Strict},
};

use crate::{
    Client, Session,
    call::{Call, object},
    over_client::{authorizes, blocking_forms, constructors, shows_client},
};
use http::{HeaderValue, header::ACCEPT};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tower_clients_layers::{Error, ErrorKind};
use tower_clients_transport::Transport;

/// What the specification of GraphQL over HTTP tells a client to send when it does not know the
/// server.
const ACCEPTED: HeaderValue =
    HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");

/// A GraphQL client. See the [module docs](self).
///
/// Operations go to the base URL by POST, as JSON. Subscriptions, uploads and incremental delivery
/// are not supported.
#[derive(Clone)]
pub struct Graph<S = Session<Transport>> {
    client: Client<S>,
}

constructors!(Graph, "GraphQL client");
shows_client!(Graph);
blocking_forms!(Graph {});
authorizes!(Graph);

impl<S: Clone> Graph<S> {
    /// Executes a query or mutation; awaiting it gives the data decoded as `T`, if there is no
    /// error.
    ///
    /// `variables` are anything that serializes as a JSON object, or as null for none. They are
    /// sent beside the query and are never part of its text; a variable that is null is sent as
    /// null.
    ///
    /// # Errors
    ///
    /// Of the `await`: [`ErrorKind::Check`] with [`GraphErrors`] when the response has errors, even
    /// beside data; see [`Call::response`]. [`ErrorKind::Status`] or [`ErrorKind::Decode`] when the
    /// answer is [no GraphQL response](self#which-answers-are-graphql-responses); and those of any
    /// request.
    pub fn execute<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: &(impl Serialize + ?Sized),
    ) -> Call<S, Strict<T>> {
        let mut body = Map::new();
        body.insert("query".into(), query.into());
        let body = serde_json::to_value(variables).ok().and_then(|variables| {
            let is_fit = variables.is_null() || variables.is_object();
            body.insert("variables".into(), variables);
            is_fit.then_some(body)
        });
        self.start(body.ok_or("the variables do not serialize as a JSON object"))
    }

    /// Executes an operation that another crate made: anything that serializes as the body of a
    /// GraphQL request, such as those of `cynic` and `graphql_client`.
    ///
    /// A member that is null is left out: some servers refuse it. Otherwise like
    /// [`execute`](Self::execute).
    pub fn operation<T: DeserializeOwned>(
        &self,
        operation: &(impl Serialize + ?Sized),
    ) -> Call<S, Strict<T>> {
        let body = object(operation);
        self.start(
            body.and_then(
                |body| if body.is_empty() { Err("there is no operation") } else { Ok(body) },
            ),
        )
    }

    fn start<T>(&self, body: Result<Map<String, Value>, &'static str>) -> Call<S, Strict<T>> {
        let request = self.client.post("").header(ACCEPT, ACCEPTED);
        let request = match body {
            Ok(mut body) => {
                body.retain(|_, value| !value.is_null());
                request.json(&body)
            }
            Err(reason) => request.fail(Error::new(ErrorKind::Request, reason)),
        };
        Call::new(request, Strict::new())
    }
}

impl<S, T> Call<S, Strict<T>> {
    /// Asks for the whole response: data as far as there is, and all errors.
    ///
    /// Data that is no `T` beside errors is an [`ErrorKind::Check`] error with the [`GraphErrors`],
    /// which has the data: a field that failed may be null.
    pub fn response(self) -> Call<S, Lenient<T>> {
        self.map_judge(|_| Lenient::new())
    }
}

impl<S> From<Client<S>> for Graph<S> {
    fn from(client: Client<S>) -> Self {
        Self { client }
    }
}
