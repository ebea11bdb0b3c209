//! A small typed SDK: a newtype over a `Resource`, over recorded exchanges with GitHub.
//!
//! The recordings are those of the folder that the environment variable `SUITES` names, by default
//! `../shared/suites` beside the checkout. Run it with `cargo run --example github_sdk`.

use bytes::Bytes;
use http::{
    Request, Response,
    header::{ACCEPT, LINK},
    response::Parts,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::{convert::Infallible, env, fmt, fs, path::PathBuf, sync::Arc};
use tower::{service_fn, util::BoxCloneSyncService};
use tower_clients::{
    Body, BoxError, Client, Error, Failure, FromBody, Json, Resource, Session, SharedService,
};

/// What a program uses. Requests that it has no method for go through `resource`.
#[derive(Debug, Clone)]
struct GitHub<T> {
    api: Resource<Session<T>>,
}

impl<T> GitHub<T>
where
    T: SharedService<Body>,
{
    /// In a program over the network: without `transport`, and `.build()`.
    fn new(token: &str, transport: T) -> Result<Self, Error> {
        let client = Client::builder("https://api.github.com")
            .header(ACCEPT, "application/vnd.github.v3+json")
            .bearer_auth(token)
            .build_over(transport)?;
        Ok(Self { api: client.into() })
    }

    fn resource(&self) -> &Resource<Session<T>> {
        &self.api
    }

    async fn repository(&self, owner: &str, name: &str) -> Result<Repository, Error> {
        self.api.get(("repos", owner, name)).json().await
    }

    async fn issues(&self, owner: &str, name: &str) -> Result<Vec<Issue>, Error> {
        let first = self.api.get(("repos", owner, name, "issues")).query(&[("per_page", 3)]);
        let mut page: Page<Issue> = first.decode::<Page<Issue>>().await?;
        let mut issues = page.items;
        while let Some(next) = page.next {
            // The server names it, so it is checked like any reference: it cannot lead elsewhere.
            page = self.api.get(&*next).decode::<Page<Issue>>().await?;
            issues.append(&mut page.items);
        }
        Ok(issues)
    }

    async fn create_label(
        &self,
        owner: &str,
        name: &str,
        label: &Value,
    ) -> Result<(), GitHubError> {
        self.api.post(("repos", owner, name, "labels")).json(label).await?;
        Ok(())
    }
}

#[derive(Debug, Deserialize)]
struct Repository {
    full_name: String,
    default_branch: String,
}

#[derive(Debug, Deserialize)]
struct Issue {
    number: u32,
    title: String,
}

/// A list, and the way to the rest of it. A decoder of one's own sees the head of the response.
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T: DeserializeOwned> FromBody for Page<T> {
    type Output = Self;

    fn from_body(head: &Parts, body: Bytes) -> Result<Self, BoxError> {
        let links = head.headers.get(LINK).map(|links| links.to_str()).transpose()?;
        let next = links.into_iter().flat_map(|links| links.split(", ")).find_map(|link| {
            let target = link.strip_suffix("; rel=\"next\"")?;
            Some(target.strip_prefix('<')?.strip_suffix('>')?.to_owned())
        });
        Ok(Self { items: Json::<Vec<T>>::from_body(head, body)?, next })
    }
}

/// What GitHub says of a refusal, or what else went wrong.
#[derive(Debug)]
enum GitHubError {
    Refused { message: String, fields: Vec<String> },
    Failed(Error),
}

impl From<Error> for GitHubError {
    fn from(error: Error) -> Self {
        #[derive(Deserialize)]
        struct Refusal {
            message: String,
            #[serde(default)]
            errors: Vec<Map<String, Value>>,
        }
        match error.failure().map(Failure::json::<Refusal>) {
            Some(Ok(Refusal { message, errors })) => {
                let field = |error: &Map<String, Value>| error["field"].as_str().map(str::to_owned);
                Self::Refused { message, fields: errors.iter().filter_map(field).collect() }
            }
            _ => Self::Failed(error),
        }
    }
}

impl fmt::Display for GitHubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { message, fields } => write!(f, "{message}: {}", fields.join(", ")),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

#[derive(Deserialize)]
struct Exchange {
    method: String,
    path: String,
    status: u16,
    headers: Map<String, Value>,
    response: Value,
}

impl Exchange {
    fn answers<B>(&self, request: &Request<B>) -> bool {
        request.method().as_str().eq_ignore_ascii_case(&self.method)
            && request.uri().path_and_query().is_some_and(|asked| asked == self.path.as_str())
    }

    fn response(&self) -> Result<Response<Body>, http::Error> {
        let mut response = Response::builder().status(self.status);
        for name in ["content-type", "link"] {
            if let Some(value) = self.headers.get(name).and_then(Value::as_str) {
                response = response.header(name, value);
            }
        }
        response.body(self.response.to_string().into())
    }
}

type Recorded = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Answers each request by the recording of it.
fn recorded() -> Result<Option<Recorded>, BoxError> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let suites = root.join(env::var_os("SUITES").unwrap_or("../shared/suites".into()));
    let mut exchanges: Vec<Exchange> = Vec::new();
    for name in ["get-repository", "paginate-issues", "errors"] {
        let file = suites.join("octokit").join(name).join("normalized-fixture.json");
        let Ok(text) = fs::read(file) else { return Ok(None) };
        exchanges.append(&mut serde_json::from_slice(&text)?);
    }
    let exchanges: Arc<[Exchange]> = exchanges.into();
    Ok(Some(BoxCloneSyncService::new(service_fn(move |request: Request<Body>| {
        let found = exchanges.iter().find(|exchange| exchange.answers(&request));
        let response = found.and_then(|exchange| exchange.response().ok());
        let missing = || Response::builder().status(404).body(Body::empty()).unwrap_or_default();
        let response = response.unwrap_or_else(missing);
        async move { Ok(response) }
    }))))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let Some(transport) = recorded()? else {
        println!("the recordings are not in the folder of suites: nothing to show");
        return Ok(());
    };
    let github = GitHub::new("t0ken", transport)?;
    let owner = "octokit-fixture-org";

    let repository = github.repository(owner, "hello-world").await?;
    println!("{} has the branch {}", repository.full_name, repository.default_branch);

    let issues = github.issues(owner, "paginate-issues").await?;
    println!("{} issues on all pages, from", issues.len());
    println!("  {} {}", issues[0].number, issues[0].title);

    let label = json!({"name": "foo", "color": "invalid"});
    let refusal = github.create_label(owner, "errors", &label).await.expect_err("it is refused");
    println!("no label: {refusal}");
    let error = github.repository(owner, "../../user").await.expect_err("it is no segment");
    println!("no way out of the path: {error:#}");
    println!("no method for it: {:?}", github.resource().exists("rate_limit").await);
    Ok(())
}
