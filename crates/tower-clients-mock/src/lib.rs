//! Test doubles for HTTP clients made of tower layers. No network, no port, no sleep.
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
//! let mock = Mock::new();
//! let user = Reply::json(&json!({"id": 7}));
//! let users = mock.get("/users/{id}").query(&[("full", true)]).reply(user);
//! mock.post("/users").json(&json!({"name": "Ada"})).reply(Reply::status(201)).times(1);
//!
//! let get = Request::get("http://example.com/users/7?full=true").body(Body::empty())?;
//! assert_eq!(mock.clone().oneshot(get).await?.status(), 200);
//! let post = Request::post("http://example.com/users").body(Body::from(r#"{"name":"Ada"}"#))?;
//! assert_eq!(mock.clone().oneshot(post).await?.status(), 201);
//!
//! mock.verify();
//! assert_eq!(users.requests()[0].param::<u32>("id"), 7);
//! # Ok(())
//! # }
//! ```
//!
//! A mock is a service, so it goes under a client where the transport would be:
//! `Client::builder("https://api.example.com").build_over(mock.clone())?`, or
//! `Resource::with_service("https://api.example.com", mock.clone())?` without the layers of a session.
//!
//! | for | look at |
//! |---|---|
//! | answers by rules or from a script, and what was asked | [`Mock`], [`When`], [`Rule`], [`Call`] |
//! | responses, delays, bodies that break off, connections that fail | [`Reply`] |
//! | exchanges with the real server, recorded once and replayed since | [`cassette`]: [`RecordLayer`], [`Replay`] |
//! | whether a layer of your own keeps the contract of a tower middleware | [`contract`] |
//!
//! `docs/testing.md` in the repository is a guide, whose examples are tested as this one is: which double for
//! which test, virtual time, retries, faults.

mod call;
pub mod cassette;
pub mod contract;
mod faulty;
mod matcher;
mod mock;
mod reply;
mod rule;
mod template;

#[doc(inline)]
pub use self::{
    call::Call,
    cassette::{RecordLayer, Replay},
    mock::{Mock, ResponseFuture, Unanswered},
    reply::Reply,
    rule::{Rule, When},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
