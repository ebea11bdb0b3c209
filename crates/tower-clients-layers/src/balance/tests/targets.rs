//! Where requests may go, and what the settings may be.

use super::*;

async fn seen(upstreams: [BaseUrl; 2], uri: &str) -> Result<String, Error> {
    let echo = tower::service_fn(async |request: Request<Body>| {
        Ok::<_, BoxError>(Response::new(Body::from(request.uri().to_string())))
    });
    let last = |_: &Method, _: &Uri, upstream: &Snapshot<'_>| {
        Some(std::cmp::Reverse(upstream.url().to_string()))
    };
    let service = BalanceLayer::new(upstreams)?.priority(last).layer(echo);
    let request = Request::get(uri).body(Body::empty()).unwrap();
    let body = service.oneshot(request).await?.into_body();
    let bytes = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

fn pair() -> [BaseUrl; 2] {
    ["http://a/v1", "http://b/api"].map(|url| url.parse().unwrap())
}

#[tokio::test]
async fn path_and_query_are_carried_over() {
    let seen = seen(pair(), "http://a/v1/x%2F?q=%20").await.unwrap();
    assert_eq!(seen, "http://b/api/x%2F?q=%20");
}

#[tokio::test]
async fn foreign_uris_are_refused_before_anything_is_sent() {
    for uri in [
        "http://evil/v1/x",
        "https://a/v1/x",
        "http://a:81/v1/x",
        "http://user@a/v1/x",
        "http://b/api/x",
        "http://a/v2",
        "http://a/v11",
        "http://a/v1/../x",
        "http://a/v1/%2e%2E/x",
        "/v1/x",
        "a",
    ] {
        let error = seen(pair(), uri).await.unwrap_err();
        assert!(error.is_url() && !error.may_have_been_sent(), "{uri}");
    }
}

#[tokio::test]
async fn allowed_origin_is_passed_through() {
    let [a, b] = pair();
    let a = a.allow_origin("http://uploads".parse().unwrap());
    assert_eq!(seen([a, b], "http://uploads/x").await.unwrap(), "http://uploads/x");
}

#[test]
fn l6_lists_without_sense_are_refused() {
    let of = |urls: &[&str]| BalanceLayer::new(urls.iter().copied()).unwrap_err();
    assert!(of(&[]).is_config());
    assert!(of(&["http://a", "http://A:80/"]).is_config());
    assert!(of(&["http://a", "b"]).is_url());
    assert!(BalanceLayer::new(["http://a/1", "http://a/2"]).is_ok());
}

#[tokio::test(start_paused = true)]
async fn l6_priority_takes_upstreams_out_and_in_while_they_are_used() {
    let hosts = Hosts::default();
    let (h0, h1) = ("http://h0/v1", "http://h1/v1");
    let used = Arc::new(Mutex::new(vec![h0]));
    let among = Arc::clone(&used);
    let service =
        hosts.under(layer(2).priority(move |_: &Method, _: &Uri, upstream: &Snapshot<'_>| {
            let is_used =
                among.lock().unwrap().iter().any(|url| upstream.url().to_string() == *url);
            is_used.then(|| upstream.rank())
        }));
    let set = |upstreams: &[&'static str]| *used.lock().unwrap() = upstreams.to_vec();

    // What is under way at one that is taken out comes to its end.
    let (first, ()) = tokio::join!(get(&service), async { set(&[h1]) });
    assert_eq!(first.unwrap(), StatusCode::OK);
    get(&service).await.unwrap();
    assert_eq!(hosts.asked(), ["h0", "h1"]);

    set(&[]);
    assert!(get(&service).await.unwrap_err().find_source::<NoUpstream>().is_some());
    set(&[h0]);
    get(&service).await.unwrap();
    assert_eq!((hosts.asked(), actives(&service)), (vec!["h0".to_owned()], vec![0, 0]));
}

#[test]
fn refused_request_leaves_no_trace() {
    let hosts = Hosts::default();
    let mut service = hosts.under(layer(2));
    let evil = Request::get("http://evil/").body(Body::empty()).unwrap();
    let exchange = service.call(evil);
    assert_eq!(actives(&service), [0, 0]);
    drop(exchange);
}
