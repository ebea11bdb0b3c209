//! `/graphql`: a few users, some of whose fields fail.
//!
//! The schema is in `assets/schema.graphql`.

use super::echo::text;
use async_graphql::{EmptySubscription, Error, ErrorExtensions, ID, Object, Request, Schema};
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use http::{HeaderMap, StatusCode, header};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) fn routes() -> Router {
    Router::new().route("/graphql", post(graphql)).with_state(schema())
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    let user = |id, name: &str| User { id, name: name.to_owned() };
    let users = Users(Arc::new(Mutex::new([user("1", "Ada"), user("2", "Charles")])));
    Schema::new(Query(users.clone()), Mutation(users), EmptySubscription)
}

async fn graphql(
    State(schema): State<Schema<Query, Mutation, EmptySubscription>>,
    headers: HeaderMap,
    Json(request): Json<Request>,
) -> Response {
    const OFFICIAL: &str = "application/graphql-response+json";

    let answer = schema.execute(request).await;
    let mut accepted = headers.get_all(header::ACCEPT).into_iter();
    if !accepted.any(|line| text(line).contains(OFFICIAL)) {
        return Json(answer).into_response();
    }
    // An error without a path is one of the request, which was not executed.
    let is_executed = answer.errors.iter().all(|error| !error.path.is_empty());
    let status = if is_executed { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    (status, [(header::CONTENT_TYPE, OFFICIAL)], Json(answer)).into_response()
}

#[derive(Clone)]
struct Users(Arc<Mutex<[User; 2]>>);

impl Users {
    fn lock(&self) -> MutexGuard<'_, [User; 2]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(message: &str, code: &str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

#[derive(Clone)]
struct User {
    id: &'static str,
    name: String,
}

#[Object]
impl User {
    async fn id(&self) -> ID {
        self.id.into()
    }

    async fn name(&self) -> &str {
        &self.name
    }

    /// Only the first user shows theirs.
    async fn email(&self) -> Option<Result<&str, Error>> {
        Some(match self.id {
            "1" => Ok("ada@example.com"),
            _ => Err(failed("not yours to see", "FORBIDDEN")),
        })
    }
}

struct Query(Users);

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.as_deref().unwrap_or("world"))
    }

    async fn user(&self, id: ID) -> Option<User> {
        self.0.lock().iter().find(|user| *id == user.id).cloned()
    }

    async fn users(&self) -> Vec<User> {
        self.0.lock().to_vec()
    }

    /// Always fails, and all the data with it.
    async fn broken(&self) -> Result<String, Error> {
        Err(failed("it is broken", "BROKEN"))
    }
}

struct Mutation(Users);

#[Object]
impl Mutation {
    async fn rename(&self, id: ID, name: String) -> Result<User, Error> {
        let mut users = self.0.lock();
        let user = users.iter_mut().find(|user| *id == user.id);
        let user = user.ok_or_else(|| failed("no such user", "NOT_FOUND"))?;
        user.name = name;
        Ok(user.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing, routes, schema};
    use axum::{Router, body::Body};
    use http::{Request, Response, StatusCode};
    use serde_json::{Value, json};
    use tower::ServiceExt;

    async fn send(router: &Router, accept: &str, body: &Value) -> Response<Body> {
        let request = Request::post("/graphql").header("content-type", "application/json");
        let request = request.header("accept", accept).body(Body::from(body.to_string())).unwrap();
        router.clone().oneshot(request).await.unwrap()
    }

    async fn execute(router: &Router, body: Value) -> Value {
        testing::json(send(router, "*/*", &body).await).await
    }

    #[test]
    fn schema_is_the_published_one() {
        assert_eq!(schema().sdl(), include_str!("../../assets/schema.graphql"));
    }

    #[tokio::test]
    async fn queries_have_variables() {
        let query = "query Q($name: String, $id: ID!) { hello(name: $name) user(id: $id) { id } }";
        for (variables, data) in [
            (json!({"id": 3}), json!({"hello": "hello world", "user": null})),
            (json!({"name": "you", "id": "1"}), json!({"hello": "hello you", "user": {"id": "1"}})),
        ] {
            let body = json!({"query": query, "operationName": "Q", "variables": variables});
            assert_eq!(execute(&routes(), body).await, json!({"data": data}));
        }
    }

    #[tokio::test]
    async fn field_that_may_be_null_fails_alone() {
        let answer = execute(&routes(), json!({"query": "{ users { name email } }"})).await;
        assert_eq!(
            answer,
            json!({
                "data": {"users": [
                    {"name": "Ada", "email": "ada@example.com"},
                    {"name": "Charles", "email": null},
                ]},
                "errors": [{
                    "message": "not yours to see",
                    "locations": [{"line": 1, "column": 16}],
                    "path": ["users", 1, "email"],
                    "extensions": {"code": "FORBIDDEN"},
                }],
            })
        );
    }

    #[tokio::test]
    async fn field_that_is_never_null_fails_with_all_data() {
        let answer = execute(&routes(), json!({"query": "{ hello broken }"})).await;
        assert_eq!(answer["data"], json!(null));
        assert_eq!(answer["errors"][0]["extensions"], json!({"code": "BROKEN"}));
    }

    #[tokio::test]
    async fn new_name_is_kept() {
        let router = routes();
        let rename = |id| {
            let query = format!("mutation {{ rename(id: {id}, name: \"Eve\") {{ name }} }}");
            execute(&router, json!({"query": query}))
        };
        assert_eq!(rename(2).await, json!({"data": {"rename": {"name": "Eve"}}}));
        assert_eq!(rename(3).await["errors"][0]["extensions"]["code"], "NOT_FOUND");
        let users = execute(&router, json!({"query": "{ users { name } }"})).await;
        assert_eq!(users["data"], json!({"users": [{"name": "Ada"}, {"name": "Eve"}]}));
    }

    #[tokio::test]
    async fn only_the_official_type_has_a_status_of_its_own() {
        const OFFICIAL: &str = "application/graphql-response+json";
        const BOTH: &str = "application/graphql-response+json, application/json;q=0.9";

        for (accept, query, status, content_type) in [
            (BOTH, "{ hello }", 200, OFFICIAL),
            (BOTH, "{ broken }", 200, OFFICIAL),
            (BOTH, "{ nothing }", 400, OFFICIAL),
            (BOTH, "{", 400, OFFICIAL),
            ("*/*", "{ hello }", 200, "application/json"),
            ("*/*", "{ nothing }", 200, "application/json"),
        ] {
            let response = send(&routes(), accept, &json!({"query": query})).await;
            assert_eq!(response.status(), status, "{accept} {query}");
            assert_eq!(response.headers()["content-type"], content_type, "{accept} {query}");
        }
    }

    #[tokio::test]
    async fn what_is_no_request_is_refused() {
        let response = send(&routes(), "*/*", &json!({"query": 1})).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}
