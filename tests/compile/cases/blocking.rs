//! Async clients and blocking ones.

use serde_json::Value;
use tower_clients::{BoxResource, BoxService, Client, Error, RetryLayer, blocking};

fn wait_for_an_async_client(api: BoxResource) -> Result<String, Error> {
    api.get("x").text().wait()
}

async fn await_a_blocking_client(api: blocking::Resource<BoxService>) -> Result<String, Error> {
    api.get("x").text().await
}

fn send_a_blocking_request(api: blocking::Resource<BoxService>) {
    let _ = api.get("x").text().send();
}

async fn await_a_blocking_call(api: blocking::JsonRpc<BoxService>) -> Result<Value, Error> {
    api.call("add", &(1, 2)).await
}

fn wait_for_an_edit(api: blocking::Resource<BoxService>) {
    let _ = api.edit("x").wait();
}

fn layer_over_a_blocking_client(api: blocking::Resource<BoxService>) {
    let _api = api.layer(RetryLayer::new());
}

fn blocking_client_below_another(api: blocking::Client<BoxService>) {
    let _client = Client::with_service("http://h", api);
}

fn main() {}
