//! A server beside the clients.

use crate::payload::SMALL;
use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use std::{future::pending, net::SocketAddr, sync::mpsc, thread};
use testbed::Testbed;

/// The base path of what is served.
pub const BASE: &str = "/v1";

/// The path of [`SMALL`] below the base.
pub const USER: &str = "users/7";

/// Serves [`SMALL`] on a loopback port until the program ends: on a thread and runtime of its own,
/// so that nothing of it is counted as a client's.
#[must_use]
pub fn start() -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        crate::runtime().block_on(async {
            let canned = get(async || ([(CONTENT_TYPE, "application/json")], SMALL));
            let router = Router::new().route(&format!("{BASE}/{USER}"), canned);
            let server = Testbed::serve(router).await.expect("a loopback port is free");
            sender.send(server.addr()).expect("the clients wait for the address");
            pending::<()>().await;
        });
    });
    receiver.recv().expect("the server starts")
}
