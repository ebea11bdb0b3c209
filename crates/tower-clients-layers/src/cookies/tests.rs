use super::*;
use http::{HeaderMap, HeaderValue, Uri, header::SET_COOKIE};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};
use tower::{ServiceExt, service_fn};

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// A jar with these lines, and whether it took each.
fn jar(lines: &[(&str, &str)]) -> (CookieJar, Vec<bool>) {
    let jar = CookieJar::new();
    let taken = lines.iter().map(|(url, line)| jar.insert(&uri(url), line).is_ok()).collect();
    (jar, taken)
}

fn sent(jar: &CookieJar, url: &str) -> String {
    let pairs = jar.pairs(&uri(url)).into_iter();
    pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

/// The headers of the request below the layer, when a response sets `lines`.
async fn exchange(layer: &CookieLayer, request: Request<()>, lines: &[&str]) -> HeaderMap {
    let set: HeaderMap =
        lines.iter().map(|line| (SET_COOKIE, HeaderValue::from_str(line).unwrap())).collect();
    let service = layer.layer(service_fn(move |request: Request<()>| {
        let mut response = Response::new(request.headers().clone());
        *response.headers_mut() = set.clone();
        async { Ok::<_, ()>(response) }
    }));
    service.oneshot(request).await.unwrap().into_body()
}

fn get(url: &str) -> Request<()> {
    Request::get(url).body(()).unwrap()
}

#[tokio::test]
async fn response_sets_what_the_next_request_sends_as_a_secret() {
    let layer = CookieLayer::new(CookieJar::new());
    assert!(exchange(&layer, get("http://h/a/"), &["a=1; Path=/", "b=2"]).await.is_empty());
    let headers = exchange(&layer, get("http://h/a/x"), &[]).await;
    assert_eq!(headers[COOKIE], "b=2; a=1");
    assert!(headers[COOKIE].is_sensitive());
    assert_eq!(exchange(&layer, get("http://h/"), &[]).await[COOKIE], "a=1");
    for other in ["http://other/", "/a/"] {
        assert!(exchange(&layer, get(other), &["c=3"]).await.is_empty());
    }
}

#[tokio::test]
async fn header_of_the_request_wins_but_the_response_counts() {
    let (jar, _) = jar(&[("http://h/", "a=1")]);
    let request = Request::get("http://h/").header(COOKIE, "own=7").body(()).unwrap();
    let headers = exchange(&CookieLayer::new(jar.clone()), request, &["b=2"]).await;
    assert_eq!(headers.get_all(COOKIE).iter().collect::<Vec<_>>(), ["own=7"]);
    assert_eq!(sent(&jar, "http://h/"), "a=1; b=2");
}

#[tokio::test]
async fn k3_bound_layer_neither_sends_nor_stores_elsewhere() {
    let (jar, _) = jar(&[("http://h/", "a=1")]);
    let layer = CookieLayer::new(jar.clone()).only("http://h:81".parse().unwrap());
    for url in ["http://h/", "https://h:81/", "http://x.h:81/", "http://h:81@evil/"] {
        assert!(exchange(&layer, get(url), &["b=2"]).await.is_empty(), "{url}");
    }
    assert_eq!(jar.len(), 1);
    assert_eq!(exchange(&layer, get("http://h:81/"), &[]).await[COOKIE], "a=1");
    assert!(exchange(&CookieLayer::none(), get("http://h/"), &["b=2"]).await.is_empty());
}

#[tokio::test]
async fn k2_fifty_lines_of_a_response_count() {
    let layer = CookieLayer::new(CookieJar::new());
    let lines: Vec<_> = (0..60).map(|n| format!("c{n}=1")).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    exchange(&layer, get("http://h/"), &lines).await;
    let value = exchange(&layer, get("http://h/"), &[]).await[COOKIE].clone();
    let text = value.to_str().unwrap();
    assert_eq!(text.split("; ").count(), 50);
    assert!(text.ends_with("c49=1"), "{text}");
}

#[tokio::test]
async fn k2_one_header_has_at_most_150_pairs_and_8190_bytes() {
    for (count, value, kept) in [(170, 1, 150), (9, 990, 8)] {
        let jar = CookieJar::new();
        for n in 0..count {
            jar.insert(&uri("http://h/"), &format!("c{n:03}={}", "x".repeat(value))).unwrap();
        }
        let headers = exchange(&CookieLayer::new(jar), get("http://h/"), &[]).await;
        let value = headers[COOKIE].to_str().unwrap();
        assert_eq!(value.split("; ").count(), kept);
        assert!(value.len() <= 8190);
    }
}

#[test]
fn k1_domain_widens_a_cookie_and_without_it_the_host_alone_gets_it() {
    let (jar, taken) = jar(&[
        ("http://a.example.com/", "host=1"),
        ("http://a.example.com/", "wide=1; Domain=.Example.COM"),
        ("http://a.example.com/", "empty=1; Domain="),
        ("http://a.example.com/", "other=1; Domain=b.example.com"),
        ("http://a.example.com/", "below=1; Domain=x.a.example.com"),
        ("http://a.example.com/", "end=1; Domain=ample.com"),
    ]);
    assert_eq!(taken, [true, true, true, false, false, false]);
    assert_eq!(sent(&jar, "http://a.example.com/"), "host=1; empty=1; wide=1");
    assert_eq!(sent(&jar, "http://x.a.example.com:81/"), "wide=1");
    assert_eq!(sent(&jar, "http://badexample.com/"), "");
}

#[test]
fn k1_public_suffix_is_no_domain_but_may_be_a_host() {
    let (jar, taken) = jar(&[
        ("http://a.example.co.uk/", "a=1; Domain=co.uk"),
        ("http://a.example.co.uk/", "a=1; Domain=uk"),
        ("http://me.github.io/", "a=1; Domain=github.io"),
        ("http://a.internal/", "a=1; Domain=internal"),
        ("http://github.io/", "a=1; Domain=github.io"),
        ("http://a.example.co.uk/", "b=1; Domain=example.co.uk"),
    ]);
    assert_eq!(taken, [false, false, false, false, true, true]);
    assert_eq!(sent(&jar, "http://github.io/"), "a=1");
    assert_eq!(sent(&jar, "http://me.github.io/"), "");
}

#[test]
fn k1_addresses_have_no_domain() {
    for host in ["192.0.2.1", "[2001:db8::1]"] {
        let url = format!("http://{host}/");
        let (jar, taken) =
            jar(&[(&url, "a=1"), (&url, "b=1; Domain=2.1"), (&url, "c=1; Domain=1")]);
        assert_eq!(taken, [true, false, false], "{host}");
        assert_eq!(sent(&jar, &url), "a=1");
    }
    let (jar, _) = jar(&[("http://192.0.2.1/", "a=1; Domain=192.0.2.1")]);
    assert_eq!(sent(&jar, "http://192.0.2.1/"), "a=1");
    assert_eq!(sent(&jar, "http://1.192.0.2.1.example/"), "");
}

#[test]
fn k1_secure_cookies_need_a_secure_connection() {
    let (jar, taken) = jar(&[
        ("http://h.example/", "a=1; Secure"),
        ("https://h.example/x/", "a=1; Secure; Path=/x"),
        ("http://h.example/x/", "a=evil; Path=/x"),
        ("http://h.example/x/y/", "a=evil; Path=/x/y"),
        ("http://h.example/x/", "a=over; Path=/x; Max-Age=0"),
        ("http://h.example/", "a=fine; Path=/"),
        ("http://localhost/", "a=1; Secure"),
        ("http://127.0.0.1/", "a=1; Secure"),
    ]);
    assert_eq!(taken, [false, true, false, false, false, true, true, true]);
    assert_eq!(sent(&jar, "https://h.example/x/y/"), "a=1; a=fine");
    assert_eq!(sent(&jar, "http://h.example/x/y/"), "a=fine");
    assert_eq!(sent(&jar, "http://127.0.0.1:8000/"), "a=1");
}

#[test]
fn k1_prefixes_demand_what_they_promise() {
    const URL: &str = "https://h.example/";
    let (_, taken) = jar(&[
        (URL, "__Secure-a=1"),
        (URL, "__secure-a=1; Secure"),
        (URL, "__Host-a=1; Secure"),
        (URL, "__Host-a=1; Path=/"),
        (URL, "__HOST-a=1; Secure; Path=/x"),
        (URL, "__Host-a=1; Secure; Path=/; Domain=h.example"),
        (URL, "__Host-a=1; Secure; Path=/"),
        ("http://h.example/", "__Host-a=1; Secure; Path=/"),
    ]);
    assert_eq!(taken, [false, true, false, false, false, false, true, false]);
}

#[test]
fn k1_cookie_ends_with_its_time_or_a_line_that_says_so() {
    let (jar, _) = jar(&[
        ("http://h/", "a=1; Max-Age=60"),
        ("http://h/", "b=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT"),
        ("http://h/", "c=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("http://h/", "d=1"),
    ]);
    assert_eq!(sent(&jar, "http://h/"), "a=1; b=1; d=1");
    jar.insert(&uri("http://h/"), "a=; Max-Age=0").unwrap();
    jar.insert(&uri("http://h/other/"), "b=; Max-Age=0").unwrap();
    jar.insert(&uri("http://h/"), "d=; Expires=Thu, 01 Jan 1970 00:00:00 GMT").unwrap();
    assert_eq!(sent(&jar, "http://h/"), "b=1");
}

#[test]
fn k1_date_counts_from_when_the_line_came() {
    let jar = CookieJar::new();
    let line = "a=1; Expires=Wed, 01 Jan 2020 00:00:00 GMT";
    let start_of_2020 = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800);
    jar.insert_at(&uri("http://h/"), line, start_of_2020).unwrap();
    assert!(jar.is_empty());
    jar.insert_at(&uri("http://h/"), line, start_of_2020 - Duration::from_secs(60)).unwrap();
    assert_eq!(jar.len(), 1);
}

#[test]
fn k2_full_domain_and_full_jar_make_room() {
    let jar = CookieJar::new();
    for n in 0..200 {
        jar.insert(&uri("http://h/"), &format!("c{n}=1")).unwrap();
    }
    assert_eq!(jar.len(), 180);
    assert_eq!(jar.get(&uri("http://h/"), "c19"), None);
    assert!(jar.get(&uri("http://h/"), "c20").is_some());
    for n in 0..3000 {
        jar.insert(&uri(&format!("http://h{n}/")), "a=1").unwrap();
    }
    assert_eq!(jar.len(), 3000);
    assert!(jar.get(&uri("http://h2999/"), "a").is_some());
}

#[test]
fn cookies_are_taken_out_one_by_one_or_all() {
    let (jar, _) = jar(&[
        ("http://h/", "a=1"),
        ("http://h/x/", "a=2"),
        ("http://h/", "b=1"),
        ("http://other/", "a=3"),
    ]);
    assert!(jar.remove(&uri("http://h/x/"), "a"));
    assert!(!jar.remove(&uri("http://h/x/"), "a") && !jar.remove(&uri("/"), "b"));
    assert_eq!(jar.len(), 2);
    assert_eq!(sent(&jar, "http://other/"), "a=3");
    jar.clear();
    assert!(jar.is_empty());
}

#[test]
fn k1_json_keeps_everything() {
    let (jar, _) = jar(&[
        ("https://a.example.com/x/y", "host=\"a b\"; Secure"),
        ("https://a.example.com/", "wide=é; Domain=example.com; Max-Age=60; HttpOnly"),
        ("http://[::1]/", "a=1"),
    ]);
    let copy = CookieJar::from_json(&jar.to_json().unwrap()).unwrap();
    assert_eq!(copy.len(), 3);
    for url in [
        "https://a.example.com/x/z",
        "http://a.example.com/x/z",
        "https://b.a.example.com/x/z",
        "https://a.example.com/",
        "http://[::1]/",
    ] {
        assert_eq!(copy.pairs(&uri(url)), jar.pairs(&uri(url)), "{url}");
    }
    assert_eq!(sent(&copy, "https://a.example.com/x/z"), "host=\"a b\"; wide=é");
    for text in ["", "{}", "[{}]", "[1]"] {
        assert!(CookieJar::from_json(text).unwrap_err().is_request(), "{text}");
    }
}

#[test]
fn x4_poisoned_jar_goes_on() {
    let (jar, _) = jar(&[("http://h/", "a=1")]);
    let poison = catch_unwind(AssertUnwindSafe(|| jar.panic_under_lock()));
    assert!(poison.is_err());
    assert_eq!(sent(&jar, "http://h/"), "a=1");
}
