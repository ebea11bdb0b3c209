//! One request, and whether its answer is the right one.

use crate::{AUTHORIZATION, Result, plan::payload};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use std::{env, time::Duration};
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_clients::{
    Body, Client, ClientBuilder, DeadlineLayer, DecodeLayer, DecompressLayer, Error, RetryLayer,
    deadline::DeadlineBody, retry::Outcome,
};

const ATTEMPT: Duration = Duration::from_secs(1);
const TOTAL: Duration = Duration::from_secs(30);

/// What a call gives.
pub(crate) trait Answers:
    Service<Request<Body>, Response = Response<Bytes>, Error = Error, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Answers for S where
    S: Service<Request<Body>, Response = Response<Bytes>, Error = Error, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The client with all layers that it has.
pub(crate) fn builder() -> Result<ClientBuilder> {
    let token = AUTHORIZATION.trim_start_matches("Bearer ");
    Ok(Client::builder(server()?)
        .bearer_auth(token)
        .header("user-agent", "soak")
        .query(&[("soak", 1)])
        .cookies()
        .decompression(DecompressLayer::new())
        .timeout(TOTAL)
        .attempt_timeout(ATTEMPT)
        .idle_timeout(ATTEMPT))
}

pub(crate) fn server() -> Result<String> {
    env::var("SOAK_SERVER")
        .map_err(|_| "the variable SOAK_SERVER must have the server's URL".into())
}

/// A client with retries of all that may go wrong until a body has come: so they lie above what reads
/// it, and look at its errors too.
pub(crate) fn retried(client: Client, layer: RetryLayer) -> impl Answers {
    let transient = |outcome: &Outcome<'_>| {
        outcome.is_transient() || outcome.error().is_some_and(Error::is_body)
    };
    ServiceBuilder::new()
        .map_response(|answer: Response<DeadlineBody<Bytes>>| answer.map(DeadlineBody::into_inner))
        .layer(DeadlineLayer::new(TOTAL))
        .layer(layer.retry_if(transient))
        .layer(whole())
        .service(client)
}

/// Reads the body.
pub(crate) const fn whole() -> DecodeLayer<Bytes> {
    DecodeLayer::new()
}

/// A request that says who it is: by its path, and by its body.
pub(crate) fn request(method: &Method, mode: &str, id: u64) -> http::request::Builder {
    Request::builder().method(method).uri(format!("/{mode}/{id}"))
}

pub(crate) fn body(method: &Method, id: u64) -> Body {
    if method == Method::POST { Body::from(payload(id)) } else { Body::empty() }
}

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Came {
    Right,
    /// The answer of another request, or a part of one, as if it were whole.
    Wrong,
    /// A response that is no answer.
    Refused,
    Failed(Error),
}

impl Came {
    pub(crate) fn is_right(&self) -> bool {
        matches!(self, Self::Right)
    }

    pub(crate) fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong)
    }
}

pub(crate) async fn call(service: impl Answers, request: Request<Body>, id: u64) -> Came {
    match service.oneshot(request).await {
        Ok(answer) if answer.status() != StatusCode::OK => Came::Refused,
        Ok(answer) if answer.body() == payload(id).as_bytes() => Came::Right,
        Ok(_) => Came::Wrong,
        Err(error) => Came::Failed(error),
    }
}

/// A `GET` without a body of its own, whatever becomes of it.
pub(crate) async fn get(service: impl Answers, mode: &str, id: u64) -> Result<Came> {
    Ok(call(service, request(&Method::GET, mode, id).body(Body::empty())?, id).await)
}

/// What the server has seen so far.
#[derive(Debug)]
pub(crate) struct Seen(String);

impl Seen {
    pub(crate) async fn now() -> Result<Self> {
        Ok(Self(tell("seen").await?))
    }

    pub(crate) fn count(&self, name: &str) -> Result<u64> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        Ok(line.ok_or("the server does not count that")?.parse()?)
    }
}

/// Tells the server what to do from now on, over a connection of its own.
pub(crate) async fn tell(what: &str) -> Result<String> {
    Ok(Client::new(server()?)?.get(what).text().await?)
}
