//! What users implement: checks, sources of tokens, decoders, recorders.

use bytes::Bytes;
use http::response::Parts;
use serde_json::Value;
use std::net::SocketAddr;
use tower_clients::{
    BalanceLayer, BoxError, BoxService, Error, FetchTokenLayer, FromBody, MetricsLayer, Remote,
    Token, Transport, address::Name, url::Origin,
};

fn check_with_a_wrong_parameter(remote: Remote<BoxService>) {
    let _ = remote.check(|body: Value| Ok::<_, BoxError>(body));
}

fn check_that_gives_no_result(remote: Remote<BoxService>) {
    let _ = remote.check(|_: &Parts, body: Value| body);
}

fn check_of_text(remote: Remote<BoxService>) {
    let _ = remote.check(|_: &Parts, body: String| Ok::<_, BoxError>(body));
}

fn typed_output_of_another_check(remote: Remote<BoxService>) {
    let _ = remote.check(|_: &Parts, _: Value| Ok::<_, BoxError>(1)).call("x", &()).json::<u32>();
}

fn source_that_is_no_future(origin: Origin) {
    let _layer = FetchTokenLayer::new(origin, || Token::bearer("t0ken"));
}

fn source_that_gives_text(origin: Origin) {
    let _layer = FetchTokenLayer::new(origin, async || Ok::<_, Error>(String::from("t0ken")));
}

fn source_that_is_a_token(origin: Origin, token: Token) {
    let _layer = FetchTokenLayer::new(origin, token);
}

fn source_that_lends(origin: Origin) {
    let text = String::from("t0ken");
    let _layer = FetchTokenLayer::new(origin, async move || Token::bearer(&text));
}

fn nothing() {}

fn recorder_of_another_kind() {
    let _layer = MetricsLayer::new(nothing);
}

fn priority_without_types(layer: BalanceLayer) {
    let _layer = layer.priority(|_, _, upstream| Some(upstream.rank()));
}

fn loopback(_: Name) -> [SocketAddr; 1] {
    [SocketAddr::from(([127, 0, 0, 1], 80))]
}

fn resolver_that_is_a_function() {
    let _builder = Transport::builder().resolver(loopback);
}

struct Csv;

impl FromBody for Csv {
    type Output = Vec<String>;

    fn from_body(_: Bytes) -> Result<Vec<String>, BoxError> {
        Ok(vec![])
    }
}

fn main() {}
