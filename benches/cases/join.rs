//! Joining a reference to a base URL, and how people do it by hand.

use super::BASE;
use crate::Meter;
use http::Uri;
use std::{future::ready, hint::black_box};
use tower_clients::{BaseUrl, url::ToReference};
use url::Url;

const PLAIN: &str = "users/7";
const QUERY: &str = "users?page=2&lang=en";
/// The space must be encoded.
const PARSED: &str = "users/Ada Lovelace";

/// Measures every kind of reference.
pub fn join(meter: &mut impl Meter) {
    let base = BaseUrl::parse(BASE).expect("the URL is valid");
    let url = Url::parse(&format!("{BASE}/")).expect("the URL is valid");

    meter.group("How long does it take to join a plain reference?");
    ours(meter, &base, PLAIN);
    by_url(meter, &url, PLAIN);
    by_format(meter, || format!("{}/{}", black_box(BASE), black_box(PLAIN)));

    meter.group("How long does it take to join a reference with a query?");
    ours(meter, &base, QUERY);
    by_url(meter, &url, QUERY);
    by_format(meter, || format!("{}/{}", black_box(BASE), black_box(QUERY)));

    meter.group("How long does it take to join a reference that needs the parser?");
    ours(meter, &base, PARSED);
    by_url(meter, &url, PARSED);

    meter.group("How long does it take to join segments?");
    ours(meter, &base, ("users", 7));
    // This one encodes nothing, so it is right only for segments that need none.
    by_format(meter, || format!("{}/{}/{}", black_box(BASE), black_box("users"), black_box(7)));
}

fn ours(meter: &mut impl Meter, base: &BaseUrl, reference: impl ToReference) {
    meter.case("BaseUrl::join", || ready(base.join(black_box(&reference)).expect("it is joined")));
}

fn by_url(meter: &mut impl Meter, url: &Url, reference: &str) {
    meter.case("Url::join, parsed", || {
        let joined = url.join(black_box(reference)).expect("it is joined");
        ready(joined.as_str().parse::<Uri>().expect("it parses"))
    });
}

fn by_format(meter: &mut impl Meter, format: impl Fn() -> String) {
    meter.case("format!, parsed", || ready(format().parse::<Uri>().expect("it parses")));
}
