//! What is forgotten.
#![deny(unused_must_use)]

use tower_clients::{BoxClient, BoxResource, BoxService, Client, Error, Remote, blocking};

async fn await_is_forgotten(api: BoxResource, remote: Remote<BoxService>) {
    api.get("x");
    api.get("x").text();
    api.get("x").send();
    api.get("x").download();
    api.edit("x").with(|count: &mut u32| *count += 1);
    api.updating::<u32>("x");
    remote.call("x", &());
}

async fn question_mark_is_forgotten(api: BoxResource) {
    api.delete("x").await;
}

fn wait_is_forgotten(api: blocking::Resource<BoxService>) {
    api.get("x");
}

fn change_is_forgotten(client: BoxClient) {
    Client::builder("http://h").bearer_auth("t0ken");
    client.at("x");
}

fn main() -> Result<(), Error> {
    Ok(())
}
