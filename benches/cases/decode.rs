//! Decoding JSON, and how people do it by hand.

use super::{USER, request};
use crate::{
    Meter,
    no_op::{Canned, NoOp, call},
    payload::{SMALL, User, large},
};
use http::Uri;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::Layer;
use tower_clients::{Content, DecodeLayer, FromBody, Json};

/// As much as a connection gives at once.
const FRAME: usize = 8 * 1024;

/// Measures a small and a large document.
pub fn decode(meter: &mut impl Meter) {
    document::<User>(meter, "What does decoding 150 bytes cost?", Canned::whole(SMALL.into()));
    document::<Vec<User>>(meter, "What does decoding 64 KiB cost?", Canned::whole(large()));
    let frames = Canned::in_frames(large(), FRAME);
    document::<Vec<User>>(meter, "What does decoding 64 KiB in frames cost?", frames);
}

fn document<T: DeserializeOwned>(meter: &mut impl Meter, name: &str, body: Canned) {
    let no_op = NoOp::json(body);
    meter.group(name);
    by_hand::<T>(meter, "struct, by hand", no_op.clone());
    by_layer::<Json<T>>(meter, "struct, DecodeLayer", no_op.clone());
    by_hand::<Value>(meter, "Value, by hand", no_op.clone());
    by_layer::<Content>(meter, "Content, DecodeLayer", no_op);
}

/// Collects the body and parses it, as it is done without a layer.
pub(super) fn by_hand<T: DeserializeOwned>(meter: &mut impl Meter, name: &str, mut no_op: NoOp) {
    let uri = Uri::from_static(USER);
    meter.case(name, || {
        let response = call(&mut no_op, request(uri.clone()));
        async {
            let body = response.await.expect("a no-op does not fail").into_body();
            let bytes = body.collect().await.expect("a canned body does not fail").to_bytes();
            serde_json::from_slice::<T>(&bytes).expect("the document is valid")
        }
    });
}

fn by_layer<D: FromBody>(meter: &mut impl Meter, name: &str, no_op: NoOp) {
    let mut service = DecodeLayer::<D>::new().layer(no_op);
    let uri = Uri::from_static(USER);
    meter.case(name, || {
        let response = call(&mut service, request(uri.clone()));
        async { response.await.expect("the document is valid").into_body() }
    });
}
