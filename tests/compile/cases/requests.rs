//! What goes into a request, and what is asked for.

use serde::{Deserialize, Serialize};
use tower_clients::{BoxResource, Error};

struct Plain;

#[derive(Deserialize)]
struct Received;

#[derive(Serialize)]
struct Sent;

fn decoded_from_json_without_deserialize(api: BoxResource) {
    let _ = api.get("x").json::<Plain>();
}

fn decoded_without_a_decoder(api: BoxResource) {
    let _ = api.get("x").decode::<Received>();
}

fn sent_as_json_without_serialize(api: BoxResource) {
    let _ = api.post("x").json(&Plain);
}

fn query_without_serialize(api: BoxResource) {
    let _ = api.get("x").query(&Plain);
}

fn body_that_has_to_be_encoded(api: BoxResource) {
    let _ = api.post("x").body(Sent);
}

fn body_that_is_borrowed(api: BoxResource, text: String) {
    let _ = api.post("x").body(&text);
}

fn body_of_a_question(api: BoxResource) {
    let _ = api.exists("x").body("text");
}

fn path_of_another_type(api: BoxResource, id: Option<u32>) {
    let _ = api.get(id);
}

fn child_of_another_type(api: BoxResource) {
    let _ = &api / 1.5;
}

async fn edit_without_a_change(api: BoxResource) -> Result<(), Error> {
    api.edit("x").await
}

fn edit_that_is_sent(api: BoxResource) {
    let _ = api.edit("x").send();
}

async fn request_as_a_task(api: BoxResource) {
    tokio::spawn(api.get("x").text());
}

fn main() {}
