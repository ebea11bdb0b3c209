//! What is measured.

pub mod decode;
pub mod join;
pub mod layers;
pub mod loopback;
pub mod stacks;

use http::{Request, Uri};
use tower_clients::{Body, Client, ClientBuilder};

/// The URL that is joined to.
const BASE: &str = "http://api.example.com/v1";

/// The URL of a user, below the base.
const USER: &str = "http://api.example.com/v1/users/7";

/// An empty request, which allocates nothing.
fn request(uri: Uri) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    request
}

/// A client as people configure one: two headers and a credential.
fn configured(url: &str) -> ClientBuilder {
    Client::builder(url)
        .header("user-agent", "bench/1")
        .header("accept", "application/json")
        .bearer_auth("t0ken")
}
