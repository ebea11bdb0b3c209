//! Exchanges that are recorded once, and answered from a file since.
//!
//! [`RecordLayer`] goes around the transport and writes what passes to a file. [`Replay`] takes the place of
//! both, and needs no network. The file is for people too: sorted, so that only what changed is a difference,
//! with JSON as it is, and what is no text as base64. Secrets are not in it.
//!
//! ```
//! use serde_json::{Value, json};
//! use tower::{Layer, ServiceExt};
//! use tower_clients_layers::Body;
//! use tower_clients_mock::{Mock, RecordLayer, Replay, Reply};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! // In earnest, a `Transport` and a path below `tests`.
//! let network = Mock::new();
//! network.get("/users/7").reply(Reply::json(&json!({"name": "Ada", "session": "5e55"})));
//! let path = std::env::temp_dir().join(format!("cassette-{}.json", std::process::id()));
//! let request = || {
//!     let request = http::Request::get("https://api.example.com/users/7");
//!     request.header("authorization", "Bearer t0ken").body(Body::empty())
//! };
//!
//! let service = RecordLayer::new(&path).redact("session").layer(network);
//! service.oneshot(request()?).await?;
//!
//! let file: Value = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
//! assert_eq!(file["exchanges"][0]["request"]["headers"]["authorization"], json!(["REDACTED"]));
//! assert_eq!(
//!     file["exchanges"][0]["response"]["body"]["json"],
//!     json!({"name": "Ada", "session": "REDACTED"})
//! );
//!
//! let replay = Replay::open(&path)?;
//! assert_eq!(replay.clone().oneshot(request()?).await?.status(), 200);
//! let error = replay.oneshot(request()?).await.unwrap_err();
//! assert!(error.to_string().contains("no exchange for GET https://api.example.com/users/7"));
//! # std::fs::remove_file(path)?;
//! # Ok(())
//! # }
//! ```
//!
//! Bodies are read to their end before they go on, so no stream can be recorded that waits for its reader,
//! and a fault of the network is not recorded at all. JSON comes back as the same value, not the same bytes,
//! and trailers do not come back.
//!
//! Secrets are looked for by name: in headers, in the query, and in bodies that are one JSON value or a form.
//! So servers are asked not to compress; one that does all the same has its body recorded as it came. Whoever
//! knows of other secrets, as in a `location` or in a body of lines, looks at the file before it is shared.

mod content;
mod record;
mod redact;
mod replay;

pub use self::{
    record::{Record, RecordLayer},
    replay::{NotRecorded, Replay},
};

use self::{content::Content, redact::Redact};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, future::Future, pin::Pin};
use tower_clients_layers::{Body, BoxError};

/// The future of [`Record`] and [`Replay`]. A box is little beside a network or a file.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

/// A file.
#[derive(Serialize, Deserialize)]
struct Cassette {
    /// So that it says by itself how to look at requests.
    redacted: Redact,
    exchanges: Vec<Exchange>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Exchange {
    request: Asked,
    response: Answered,
}

#[derive(Clone, Serialize, Deserialize)]
struct Asked {
    method: String,
    url: String,
    headers: Headers,
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    body: Content,
}

#[derive(Clone, Serialize, Deserialize)]
struct Answered {
    status: u16,
    headers: Headers,
    #[serde(default, skip_serializing_if = "Content::is_empty")]
    body: Content,
}

type Headers = BTreeMap<String, Vec<String>>;

impl Asked {
    fn new(request: &Request<Bytes>, redact: &Redact) -> Self {
        Self {
            method: request.method().to_string(),
            url: redact.url(request.uri()),
            headers: headers(request.headers(), redact),
            body: Content::new(request.headers(), request.body(), redact),
        }
    }
}

impl Answered {
    fn new(response: &Response<Bytes>, redact: &Redact) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: headers(response.headers(), redact),
            body: Content::new(response.headers(), response.body(), redact),
        }
    }
}

fn headers(headers: &HeaderMap, redact: &Redact) -> Headers {
    let mut sorted = Headers::new();
    for (name, value) in headers {
        sorted.entry(name.to_string()).or_default().push(redact.header(name, value));
    }
    sorted
}

#[cfg(test)]
mod tests;
