//! Whole clients over a no-op service.

use super::{BASE, USER, configured, request};
use crate::{
    Meter,
    no_op::{Canned, NoOp, call},
    payload::{SMALL, User},
};
use http::Uri;
use std::{fmt::Debug, future::IntoFuture, time::Duration};
use tower_clients::{Body, Client, Resource, Session, SharedService};

const VALID: &str = "the settings are valid";

/// Measures clients whose requests give responses, here empty ones.
pub fn clients(meter: &mut impl Meter) {
    meter.group("What does a client cost?");
    stacks::<Get>(meter, &NoOp::empty());
}

/// Measures clients whose requests give decoded content, here [`SMALL`].
pub fn resources(meter: &mut impl Meter) {
    meter.group("What does a typed GET cost?");
    stacks::<GetJson>(meter, &NoOp::json(Canned::whole(SMALL.into())));
}

/// Measures one way to ask, over every stack.
fn stacks<A: Ask>(meter: &mut impl Meter, no_op: &NoOp) {
    let mut alone = no_op.clone();
    let uri = Uri::from_static(USER);
    meter.case("no-op", || call(&mut alone, request(uri.clone())));

    let bare = Client::with_service(BASE, no_op.clone()).expect(VALID);
    A::measure(meter, "Client<NoOp>", bare.clone());
    A::measure(meter, "Client<NoOp>, boxed", bare.boxed());

    let session = Client::with_service(BASE, Session::new(no_op.clone())).expect(VALID);
    A::measure(meter, "Client<Session<NoOp>>", session.clone());
    A::measure(meter, "Client<Session<NoOp>>, boxed", session.boxed());

    let session = configured(BASE).build_over(no_op.clone()).expect(VALID);
    A::measure(meter, "the same, 2 headers, bearer", session.clone());
    A::measure(meter, "the same, 2 headers, bearer, boxed", session.boxed());

    let session = configured(BASE).timeout(Duration::from_secs(30));
    let session = session.build_over(no_op.clone()).expect(VALID);
    A::measure(meter, "the same, 2 headers, bearer, timeout", session);
}

/// A way to ask a client.
trait Ask {
    fn measure<S>(meter: &mut impl Meter, name: &str, client: Client<S>)
    where
        S: SharedService<Body>;
}

struct Get;

impl Ask for Get {
    fn measure<S: SharedService<Body>>(meter: &mut impl Meter, name: &str, client: Client<S>) {
        meter.case(name, || ok(client.get("users/7")));
    }
}

struct GetJson;

impl Ask for GetJson {
    fn measure<S: SharedService<Body>>(meter: &mut impl Meter, name: &str, client: Client<S>) {
        let resource = Resource::from(client);
        meter.case(name, || ok(resource.get("users/7").json::<User>()));
    }
}

/// A case that failed would measure something else.
async fn ok<T, E: Debug>(request: impl IntoFuture<Output = Result<T, E>>) -> T {
    request.await.expect("a no-op does not fail")
}
