//! Test doubles for HTTP clients made of tower layers. No network, no port, no sleep.
//!
//! * [`Mock`]: a service that answers from a script and remembers what it was asked.
//! * [`contract`]: checks that a layer keeps the contract of a tower middleware.
//!
//! ```
//! use http::Request;
//! use serde_json::json;
//! use tower::ServiceExt;
//! use tower_clients_layers::Body;
//! use tower_clients_mock::{Mock, Reply};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let mock = Mock::new()
//!     .reply(Reply::json(&json!({"id": 7})))
//!     .reply(Reply::status(503).header("retry-after", "1"));
//!
//! let post = Request::post("http://example.com/users").body(Body::from("Ada"))?;
//! assert_eq!(mock.clone().oneshot(post).await?.status(), 200);
//! let get = Request::get("http://example.com/users/7").body(Body::empty())?;
//! assert_eq!(mock.clone().oneshot(get).await?.status(), 503);
//!
//! let seen = mock.requests();
//! assert_eq!((seen[0].method().as_str(), seen[0].body().as_ref()), ("POST", b"Ada".as_slice()));
//! assert_eq!(seen[1].uri(), "http://example.com/users/7");
//! # Ok(())
//! # }
//! ```
//!
//! It is a service, so it goes under a client where the transport would be, in place of a server:
//! `Resource::with_service("https://api.example.com", mock.clone())?`.

pub mod contract;
mod mock;
mod reply;

pub use self::{
    mock::{Mock, ResponseFuture},
    reply::Reply,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
