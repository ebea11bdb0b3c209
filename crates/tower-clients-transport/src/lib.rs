//! [`Transport`]: the pooled HTTP service at the bottom of a stack of layers.
//!
//! It sends an [`http::Request`] with an absolute `http` or `https` URI and any body, and answers
//! with an [`http::Response`] whose body streams. It follows no redirect, decodes nothing and adds
//! no header but those that HTTP needs: all of that is for layers.
//!
//! ```
//! use http::{Request, StatusCode};
//! use http_body_util::BodyExt;
//! use tower::ServiceExt;
//! use tower_clients_layers::Body;
//! use tower_clients_transport::Transport;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = testbed::Testbed::http().await?;
//! let transport = Transport::new();
//!
//! for _ in 0..3 {
//!     let request = Request::get(format!("{}get", server.url())).body(Body::empty())?;
//!     let response = transport.clone().oneshot(request).await?;
//!     assert_eq!(response.status(), StatusCode::OK);
//!     response.into_body().collect().await?;
//! }
//! assert_eq!((server.requests(), server.connections()), (3, 1));
//! # Ok(())
//! # }
//! ```
//!
//! | for | look at |
//! |---|---|
//! | timeouts, the pool, the version of HTTP | [`TransportBuilder`] |
//! | whom to trust, client certificates, other cryptography | [`tls`](tls/index.html) |
//! | which addresses a name has, and which may be connected to | [`address`] |
//! | proxies of HTTP and SOCKS 5 | [`ProxyConfig`](struct.ProxyConfig.html) |
//! | Unix sockets | `TransportBuilder::unix_socket` |
//! | what it is doing, and how long it took | [`Transport::stats`], [`Timings`] |
//! | the end of a program | [`Transport::shutdown`] |
//! | base URLs, redirects, retries, decoding | the crates `tower-clients-layers` and `tower-clients` |
//!
//! `docs/connections.md` in the repository is a guide to all of that, with examples that are tested.
//!
//! # The pool
//!
//! An HTTP/1.1 connection that comes back is kept for the next request to the same authority, the
//! one that came back last is used first; an HTTP/2 connection is shared. Where it is not known yet
//! what a server speaks, the first request finds out and others wait for that. A connection is not
//! used again when it is too old, when the server sent bytes that nobody asked for, when the answer
//! came before the whole request was sent or has two lengths, or when more than a little of the body was left
//! unread.
//!
//! A request that a connection gives back unwritten, as one does that was just closed, is sent once
//! more on a new connection, whatever its method: nothing of it has left. Nothing else is repeated.
//!
//! # Errors
//!
//! Every error is a [`tower_clients_layers::Error`] that names the request, and
//! [`may_have_been_sent`](tower_clients_layers::Error::may_have_been_sent) is exact:
//!
//! | what happened | kind | may have been sent |
//! |---|---|---|
//! | the URI is relative, has user information or another scheme | `Url` | no |
//! | `Content-Length` is not the length of the body | `Request`, of a stream `Transport` | no, of a stream yes |
//! | no connection: DNS, TCP, TLS, HTTP/2 preface | `Connect` | no |
//! | the transport is [shut down](Transport::shutdown) | `Unavailable` | no |
//! | [`connect_timeout`](TransportBuilder::connect_timeout) passed | `Timeout` | no |
//! | the server refuses the client certificate (after the handshake, in TLS 1.3) | `Connect` or `Transport` | as the kind says |
//! | the connection closed before the request was written, twice | `Transport` | no |
//! | an HTTP/2 server refused the stream, or went away before it looked at it | `Transport` | no |
//! | the exchange failed later | `Transport` | yes |
//! | the response has a transfer coding other than `chunked` | `Transport` | yes |
//! | the response body broke off | `Body` | yes |
//!
//! # Features
//!
//! All are additive. `docs/features.md` in the repository has what each costs.
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `http2` | on | HTTP/2, by ALPN over TLS and with prior knowledge over plain TCP |
//! | `ring` | on | TLS with the cryptography of `ring`; with `tls` |
//! | `aws-lc-rs` | | TLS with the cryptography of `aws-lc-rs`; with `tls` |
//! | `tls` | | `https` by rustls, for those who bring a cryptography provider of their own |
//! | `proxy` | | proxies of HTTP and SOCKS 5: `TransportBuilder::proxy` and [`ProxyConfig`](struct.ProxyConfig.html) |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod address;
mod body;
mod builder;
mod connect;
mod connection;
mod error;
mod exchange;
mod pool;
#[cfg(feature = "proxy")]
mod proxy;
mod route;
mod settings;
mod stats;
mod timings;
#[cfg(feature = "tls")]
pub mod tls;
mod transport;
mod upload;
mod uri;
mod version;

#[cfg(feature = "proxy")]
#[doc(inline)]
pub use self::proxy::ProxyConfig;
#[doc(inline)]
pub use self::{
    body::ResponseBody,
    builder::TransportBuilder,
    stats::{HostStats, TransportStats},
    timings::Timings,
    transport::{ResponseFuture, Transport},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
