//! HTTP for humanitarians: HTTP clients made of tower layers.
//!
//! * [`Client`]: a base URL over a pooled connection; requests give responses.
//! * [`Resource`]: a client whose requests give checked and decoded content.
//! * [`Remote`]: a client that POSTs objects and checks the answers; [`JsonRpc`] and [`Graph`] do so in
//!   the ways of JSON-RPC 2.0 and of GraphQL.
//! * [`Proxy`]: a client over several hosts.
//! * [`blocking`]: all of them without `async`.
//! * [`oauth`]: access tokens for all of them.
//!
//! All are nothing but the layers of [`tower_clients_layers`] in a fixed order, over any service:
//! the pooled [`Transport`], an `axum::Router`, a mock, another client. All of it is re-exported
//! here.
//!
//! ```
//! use axum::{Json, Router, extract::Path, routing::get};
//! use serde_json::{Value, json};
//! use tower_clients::{Content, Resource};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients::Error> {
//! // In a program: Resource::new("https://api.example.com/v1")?
//! let server = Router::new().route("/v1/users/{id}", get(async |Path(id): Path<u32>| {
//!     Json(json!({"id": id}))
//! }));
//! let api = Resource::with_service("https://api.example.com/v1", server)?;
//!
//! // A string is a reference, a tuple is a list of encoded segments.
//! let user: Value = api.get(("users", 7)).json().await?;
//! assert_eq!(user["id"], 7);
//!
//! let users = &api / "users";
//! assert_eq!(users.get("8").await?, Content::Json(json!({"id": 8})));
//!
//! let error = users.get("x").await.unwrap_err();
//! assert_eq!(error.status().unwrap(), 400);
//! # Ok(())
//! # }
//! ```
//!
//! Until [`ClientBuilder::retry`] is set, nothing is retried but what provably did not leave (a [`Proxy`]
//! goes on to another host, where that is safe; a request whose access token was refused is sent with a
//! new one). No `accept` or `user-agent` header is sent unless it is set.
//!
//! A client is `Clone + Send + Sync`, shares its connections with its clones and children, and can
//! be constructed outside of a runtime:
//!
//! ```
//! use std::sync::LazyLock;
//! use tower_clients::Resource;
//!
//! static API: LazyLock<Resource> =
//!     LazyLock::new(|| Resource::new("https://api.example.com/v1").expect("the URL is valid"));
//! assert_eq!(API.to_string(), "https://api.example.com/v1");
//! ```
//!
//! # Features
//!
//! * `charset` (on): text in every encoding of the WHATWG Encoding Standard.
//! * `compression`: compressed responses are asked for and decoded; `ClientBuilder::decompression`.
//! * `config`: clients that are described in a file, by `config::ClientConfig`.
//! * `cookies`: cookies that persist across requests, by `ClientBuilder::cookies`.
//! * `axum`: [`Error`] is a response of axum handlers, and `Upstream` an extractor; with `forward`.
//! * `forward`: `Client::forward` and `Client::into_proxy`.
//! * `tracing`: spans of every attempt, by `ClientBuilder::trace`.
//! * `metrics`: `metrics::MetricsCrate`, a recorder for the crate of that name.
//! * `opentelemetry`: `metrics::OpenTelemetry`, a recorder for a meter, and `PropagateLayer`.
//! * `http2` (on): HTTP/2, by ALPN or prior knowledge.
//! * `proxy`: proxies of HTTP and SOCKS 5, by `TransportBuilder::proxy` and `ProxyConfig`.
//! * `ring` (on): TLS with the cryptography of ring.
//! * `aws-lc-rs`: TLS with the cryptography of AWS-LC.
//! * `tls`: TLS with a cryptography provider that the program brings.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
#[cfg(feature = "forward")]
mod forwarding;
mod over_client;
mod paths;
mod proxy;
mod resource;
mod shutdown;
#[cfg(feature = "axum")]
mod upstream;

pub mod blocking;
pub mod boxed;
pub mod call;
#[cfg(feature = "config")]
#[cfg_attr(docsrs, doc(cfg(feature = "config")))]
pub mod config;
pub mod graph;
pub mod inherit;
pub mod oauth;
pub mod remote;
pub mod request;
pub mod rpc;
pub mod session;

#[cfg(feature = "forward")]
pub use self::forwarding::Gateway;
#[cfg(feature = "axum")]
pub use self::upstream::Upstream;
#[doc(inline)]
pub use self::{
    boxed::{BoxClient, BoxResource, BoxService},
    builder::ClientBuilder,
    client::Client,
    graph::Graph,
    inherit::{Inherit, Inheritance, Inherits},
    proxy::Proxy,
    remote::Remote,
    request::RequestBuilder,
    resource::Resource,
    rpc::JsonRpc,
    session::Session,
};
pub use tower_clients_layers::*;
#[cfg(feature = "proxy")]
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
pub use tower_clients_transport::ProxyConfig;
#[cfg(feature = "tls")]
pub use tower_clients_transport::tls;
pub use tower_clients_transport::{
    HostStats, Timings, Transport, TransportBuilder, TransportStats, address,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/errors.md")]
struct Errors;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/layers.md")]
struct Layers;

#[cfg(all(doctest, feature = "opentelemetry", feature = "tracing"))]
#[doc = include_str!("../../../docs/observability.md")]
struct Observability;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/testing.md")]
struct Testing;

#[cfg(all(doctest, feature = "config"))]
#[doc = include_str!("../../../docs/configuration.md")]
struct Configuration;

#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../../../docs/backends.md")]
struct Backends;

#[cfg(all(doctest, feature = "proxy", feature = "ring"))]
#[doc = include_str!("../../../docs/connections.md")]
struct Connections;
