//! An embedded server that answers like httpbin, and speaks GraphQL, JSON-RPC and OAuth 2.0.
//!
//! [`router`] is the routes alone: a service to call in process, with no socket.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::body::{Body, to_bytes};
//! use http::Request;
//! use tower::ServiceExt;
//!
//! let request = Request::get("/get?language=rust").body(Body::empty())?;
//! let response = testbed::router().oneshot(request).await?;
//!
//! let body = to_bytes(response.into_body(), usize::MAX).await?;
//! let echo: serde_json::Value = serde_json::from_slice(&body)?;
//! assert_eq!(echo["args"]["language"], "rust");
//! assert_eq!(echo["url"], "http://localhost/get?language=rust");
//! # Ok(())
//! # }
//! ```
//!
//! [`Testbed`] serves them on a loopback port, with or without TLS, and counts the connections
//! and requests it sees.

mod connections;
mod routes;
mod server;
mod tls;

pub use crate::{routes::router, server::Testbed};
