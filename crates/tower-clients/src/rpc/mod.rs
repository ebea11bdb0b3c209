//! JSON-RPC 2.0 over HTTP.
//!
//! ```
//! use axum::{Json, Router, routing::post};
//! use serde_json::{Value, json};
//! use tower_clients::{JsonRpc, rpc::RpcError};
//!
//! fn answer(call: &Value) -> Value {
//!     match call["params"].as_array() {
//!         Some(terms) => {
//!             let sum: u64 = terms.iter().filter_map(Value::as_u64).sum();
//!             json!({"jsonrpc": "2.0", "id": call["id"], "result": sum})
//!         }
//!         None => {
//!             let error = json!({"code": -32602, "message": "an array, please"});
//!             json!({"jsonrpc": "2.0", "id": call["id"], "error": error})
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients::Error> {
//! let server = Router::new().route("/rpc", post(async |Json(body): Json<Value>| {
//!     Json(match &body {
//!         Value::Array(calls) => calls.iter().rev().map(answer).collect(),
//!         call => answer(call),
//!     })
//! }));
//! // In a program: JsonRpc::new("https://example.com/rpc")?
//! let rpc = JsonRpc::with_service("http://in.process/rpc", server)?;
//!
//! let sum: u64 = rpc.call("add", &(1, 2)).await?;
//! assert_eq!(sum, 3);
//! let error = rpc.call::<u64>("add", &json!({"a": 1})).await.unwrap_err();
//! assert_eq!(error.find_source::<RpcError>().unwrap().code(), -32602);
//!
//! // Many calls in one request. The server may answer them in any order.
//! let mut batch = rpc.batch();
//! let (small, large) = (batch.call::<u64>("add", &(1, 2)), batch.call::<u64>("add", &(30, 40)));
//! let mut answers = batch.await?;
//! assert_eq!(answers.take(large)?, 70);
//! assert_eq!(answers.take(small)?, 3);
//! # Ok(())
//! # }
//! ```

mod batch;
mod error;
mod judge;
mod message;

pub use self::{
    batch::{Answers, Batch, BatchAnswer, Handle},
    error::{ProtocolError, RpcError},
    judge::{Answer, Notified},
};

use crate::{
    Client, RequestBuilder, Session,
    call::Call,
    over_client::{authorizes, blocking_forms, constructors, shows_client},
};
use http::{HeaderValue, header::ACCEPT};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tower_clients_transport::Transport;

/// A JSON-RPC 2.0 client. See the [module docs](self).
///
/// Calls go to the base URL by POST. Parameters are anything that serializes as an array (by
/// position), as an object (by name) or as null (none); anything else is an error of the call. Ids
/// count up from 1; clones share the counter.
///
/// The answer decides, not its status: an error object in a 500 is an [`RpcError`], of an error
/// that keeps the response. A status outside of 2xx with any other body is an
/// [`ErrorKind::Status`](crate::ErrorKind::Status) error. Servers may leave out `jsonrpc`, add
/// `"error": null` to a result, or give an id back as a string.
#[derive(Clone)]
pub struct JsonRpc<S = Session<Transport>> {
    client: Client<S>,
    ids: Ids,
}

constructors!(JsonRpc, "JSON-RPC client");
shows_client!(JsonRpc);
blocking_forms!(JsonRpc { ids });
authorizes!(JsonRpc);

impl<S: Clone> JsonRpc<S> {
    /// Calls a method; awaiting it gives the result decoded as `T`.
    ///
    /// # Errors
    ///
    /// Of the `await`: [`ErrorKind::Check`](crate::ErrorKind::Check) with an [`RpcError`] for an
    /// error object, [`ErrorKind::Decode`](crate::ErrorKind::Decode) with a [`ProtocolError`] for
    /// an answer that is none to this call, and those of any request.
    pub fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &(impl Serialize + ?Sized),
    ) -> Call<S, Answer<T>> {
        let id = self.ids.next();
        let request = match message::request(Some(id), method, parameters) {
            Ok(message) => self.request().json(&message),
            Err(error) => self.request().fail(error),
        };
        Call::new(request, Answer::new(id))
    }

    /// Notifies the server: there is no id, and no result is expected. Any body will do, but for an
    /// error object.
    pub fn notify(
        &self,
        method: &str,
        parameters: &(impl Serialize + ?Sized),
    ) -> Call<S, Notified> {
        let request = match message::request(None, method, parameters) {
            Ok(message) => self.request().json(&message),
            Err(error) => self.request().fail(error),
        };
        Call::new(request, Notified::new())
    }

    /// Starts a batch: many calls in one request.
    pub fn batch(&self) -> Batch<S> {
        Batch::new(self.request(), self.ids.clone())
    }

    fn request(&self) -> RequestBuilder<S> {
        self.client.post("").header(ACCEPT, HeaderValue::from_static("application/json"))
    }
}

#[derive(Clone)]
struct Ids(Arc<AtomicU64>);

impl Ids {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

impl<S> From<Client<S>> for JsonRpc<S> {
    fn from(client: Client<S>) -> Self {
        Self { client, ids: Ids(Arc::new(AtomicU64::new(1))) }
    }
}
