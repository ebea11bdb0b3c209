//! HTTP for humanitarians: HTTP clients that are nothing but tower layers in a fixed order.
//!
//! They lie over any service: the pooled [`Transport`], an `axum::Router`, a mock, another client. Here, over
//! a router:
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
//! | for | look at |
//! |---|---|
//! | content, checked and decoded | [`Resource`] |
//! | responses, whatever their status | [`Client`] |
//! | settings: credentials, timeouts, retries, redirects | [`ClientBuilder`]; from a file, [`config`](config/index.html) |
//! | what a request can have, and be asked for | [`RequestBuilder`], [`request`] |
//! | streams of lines and values, files | [`stream`], [`request::download`] |
//! | procedures: a body to each, JSON-RPC 2.0, GraphQL | [`Remote`], [`JsonRpc`], [`Graph`] |
//! | several hosts that serve the same | [`Proxy`] |
//! | no `async` | [`blocking`] |
//! | access tokens of OAuth 2 | [`oauth`] |
//! | what went wrong | [`Error`], [`ErrorKind`], [`Failure`] |
//! | base URLs, paths, values in them | [`url`], [`Segment`](url::Segment) |
//! | a type without a parameter for any stack | [`BoxClient`], [`BoxResource`] |
//! | backends: calls that inherit, errors as answers, gateways | [`Inherit`], [`Upstream`](struct.Upstream.html), [`Gateway`](type.Gateway.html) |
//! | connections: the pool, TLS, proxies, addresses | [`TransportBuilder`], [`tls`](tls/index.html), [`address`] |
//! | every layer, and what a stack is | [`tower_clients_layers`], all of which is here, too |
//! | tests without a server | the crate `tower-clients-mock` |
//!
//! Guides are in the folder `docs` of the repository, and are tested as this page is: `tour.md` begins,
//! `layers.md` has the order and all settings; further `errors.md`, `configuration.md`, `connections.md`,
//! `backends.md`, `observability.md` and `testing.md`. `migrating.md` is for those who come from another
//! client.
//!
//! # Defaults
//!
//! Until [`ClientBuilder::retry`] is set, nothing is retried but what provably did not leave (a [`Proxy`]
//! goes on to another host, where that is safe; a request whose access token was refused is sent with a new
//! one). There is no time limit but 10 s to connect; bodies that are decoded have up to 10 MiB, and up to 10
//! redirects are followed, inside of the boundary, the origin. No `accept` or `user-agent` header is sent unless it is set.
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
//! All are additive. `docs/features.md` in the repository has what each costs.
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `charset` | on | text in every encoding of the WHATWG Encoding Standard, not only UTF-8 |
//! | `http2` | on | HTTP/2, by ALPN or prior knowledge |
//! | `ring` | on | TLS with the cryptography of ring |
//! | `aws-lc-rs` | | TLS with the cryptography of AWS-LC |
//! | `tls` | | TLS with a cryptography provider that the program brings |
//! | `proxy` | | proxies of HTTP and SOCKS 5: `TransportBuilder::proxy`, [`ProxyConfig`](struct.ProxyConfig.html) |
//! | `compression` | | compressed responses: `ClientBuilder::decompression` |
//! | `cookies` | | cookies that persist across requests: `ClientBuilder::cookies` |
//! | `config` | | clients that are described in a file: [`config::ClientConfig`](config/struct.ClientConfig.html) |
//! | `axum` | | [`Error`] as a response of axum handlers, [`Upstream`](struct.Upstream.html) as an extractor; with `forward` |
//! | `forward` | | `Client::forward` and `Client::into_gateway` |
//! | `tracing` | | spans of every attempt: `ClientBuilder::trace` |
//! | `metrics` | | a recorder for the crate `metrics`: `metrics::MetricsCrate` |
//! | `opentelemetry` | | a recorder for a meter, `metrics::OpenTelemetry`, and `PropagateLayer` |

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
pub mod config;
pub mod graph;
pub mod inherit;
pub mod oauth;
pub mod remote;
pub mod request;
pub mod rpc;
pub mod session;

#[cfg(feature = "forward")]
#[doc(inline)]
pub use self::forwarding::Gateway;
#[cfg(feature = "axum")]
#[doc(inline)]
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
// The layers have a page of their own. Here is what programs name that only use clients.
#[doc(no_inline)]
pub use tower_clients_layers::*;
#[doc(inline)]
pub use tower_clients_layers::{
    Attempts, BaseUrl, Body, BoxError, Check, Content, ContentError, Error, ErrorKind, Failure,
    Form, FromBody, HttpService, IntoBody, Json, JsonError, MediaType, NoValidator, NotRetried,
    Problem, Query, Redirects, RequestOptions, Retries, SharedService, TimeoutError, TooLarge,
    UnavailableError, Unchecked, UrlError, Validator, stream, url,
};
#[cfg(feature = "proxy")]
#[doc(inline)]
pub use tower_clients_transport::ProxyConfig;
#[cfg(feature = "tls")]
#[doc(inline)]
pub use tower_clients_transport::tls;
#[doc(inline)]
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
