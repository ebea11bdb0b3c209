//! What is measured.

pub mod decode;
pub mod join;
pub mod layers;
pub mod loopback;
pub mod stacks;

use tower_clients::{Client, ClientBuilder};

/// The URL that is joined to.
const BASE: &str = "http://api.example.com/v1";

/// A client as people configure one: two headers and a credential.
fn configured(url: &str) -> ClientBuilder {
    Client::builder(url)
        .header("user-agent", "bench/1")
        .header("accept", "application/json")
        .bearer_auth("t0ken")
}
