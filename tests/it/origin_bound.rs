//! What is bound to an origin never reaches another one, in any order of layers.

use crate::stacks::{Wrap, permutations, wrap};
use axum::{Extension, Router, response::IntoResponse};
use futures_util::stream;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri,
    header::{CONTENT_RANGE, ETAG, RANGE},
};
use std::sync::{Arc, Mutex};
use testbed::Testbed;
use tower::{Layer, ServiceExt, layer::layer_fn, util::BoxCloneSyncService};
use tower_clients::{
    AuthorizeLayer, BaseUrl, Body, BoxError, BoxService, CheckStatusLayer, Client, CookieJar,
    CookieLayer, DecompressLayer, DefaultHeadersLayer, DefaultQueryLayer, Error, FetchTokenLayer,
    JoinUrlLayer, Query, RedirectLayer, RequestOptions, Resource, ResumeLayer, RetryBudget,
    RetryLayer, Token,
};

const BASE: &str = "http://base.example";
const CANARY: &str = "CANARY";

/// All layers that add something bound, the one that joins and the one that asks again.
fn layers() -> Result<Vec<Wrap>, Error> {
    let base: BaseUrl = BASE.parse()?;
    let base = base.allow_origin("http://friend.example".parse()?);
    let origin = || base.origin().clone();
    let key = (HeaderName::from_static("x-api-key"), HeaderValue::from_static(CANARY));
    let jar = CookieJar::new();
    jar.insert(&"http://base.example/".parse().unwrap(), "key=CANARY")?;
    // The jar alone would send this one; the layer is bound.
    jar.insert(&"http://friend.example/".parse().unwrap(), "key=CANARY")?;
    Ok(vec![
        wrap(JoinUrlLayer::new(base.clone())),
        wrap(DefaultHeadersLayer::new(origin(), HeaderMap::from_iter([key]))),
        wrap(DefaultQueryLayer::new(origin(), Query::new(&[("key", CANARY)])?)),
        wrap(AuthorizeLayer::bearer(origin(), CANARY)?),
        wrap(FetchTokenLayer::new(origin(), async || Token::bearer(CANARY))),
        wrap(CookieLayer::new(jar).only(origin())),
        wrap(ResumeLayer::new(1)),
    ])
}

/// Two sets of those with the one that follows, as all orders of all are too many.
fn following_layers() -> Result<[Vec<Wrap>; 2], Error> {
    let redirect = || wrap(RedirectLayer::new().allow_cross_origin());
    let mut bound = layers()?;
    bound.truncate(6);
    bound.push(redirect());
    let of_each_kind = layers()?.into_iter().enumerate();
    let mut others: Vec<_> =
        of_each_kind.filter(|(at, _)| [0, 1, 3, 5].contains(at)).map(|(_, layer)| layer).collect();
    others.extend([redirect(), wrap(CheckStatusLayer::new()), wrap(DecompressLayer::new())]);
    Ok([bound, others])
}

/// Answers with everything that it was sent, breaks off, and does so for the rest too. Of requests that
/// may be retried, it refuses the first attempt.
fn echo() -> Router {
    Router::new().fallback(
        async |options: Option<Extension<RequestOptions>>, uri: Uri, headers: HeaderMap| {
            if options.is_some_and(|options| options.attempt_value() == Some(1)) {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            let values: Vec<_> =
                headers.values().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
            let seen = format!("{uri} {}", values.join(" "));
            let tag = [(ETAG, "\"1\"")];
            let Some(range) = headers.get(RANGE) else {
                let broken = stream::iter([Ok(seen), Err("reset")]);
                return (tag, axum::body::Body::from_stream(broken)).into_response();
            };
            let range = range.to_str().unwrap();
            let first: usize = range["bytes=".len()..range.len() - 1].parse().unwrap();
            let end = first + seen.len();
            let range = [(CONTENT_RANGE, format!("bytes {first}-{}/{end}", end - 1))];
            (StatusCode::PARTIAL_CONTENT, tag, range, seen).into_response()
        },
    )
}

async fn sent(order: &[usize], uri: &str) -> Result<String, BoxError> {
    sent_by(&layers()?, order, uri).await
}

async fn sent_by(layers: &[Wrap], order: &[usize], uri: &str) -> Result<String, BoxError> {
    let stack = order.iter().fold(BoxService::new(echo()), |inner, &layer| layers[layer](inner));
    let response = stack.oneshot(Request::get(uri).body(Body::empty())?).await?;
    let body = http_body_util::BodyExt::collect(response.into_body()).await?.to_bytes();
    Ok(String::from_utf8(body.to_vec())?)
}

#[tokio::test]
async fn no_order_of_layers_leaks() {
    for order in permutations(7) {
        let seen = sent(&order, "http://friend.example/x").await.unwrap();
        assert!(!seen.contains(CANARY), "{order:?} sent {seen}");
        let seen = sent(&order, "http://base.example/x").await.unwrap();
        // There is one credential: whichever layer comes first adds it.
        assert_eq!(seen.matches(CANARY).count(), 2 * 4, "{order:?} sent {seen}");
    }
    assert_eq!(permutations(7).len(), 5040);
}

#[tokio::test(start_paused = true)]
async fn retries_leak_nothing_at_any_place_among_them() {
    let mut layers = layers().unwrap();
    let budget = RetryBudget::percent(100);
    layers.push(wrap(RetryLayer::new().budget(budget)));
    for (number, mut order) in permutations(7).into_iter().enumerate() {
        order.insert(number % 8, 7);
        let seen = sent_by(&layers, &order, "http://friend.example/x").await.unwrap();
        assert!(!seen.contains(CANARY), "{order:?} sent {seen}");
        let seen = sent_by(&layers, &order, "http://base.example/x").await.unwrap();
        assert_eq!(seen.matches(CANARY).count(), 2 * 4, "{order:?} sent {seen}");
    }
}

/// Redirects from the base to another origin, there, and back to the base; each server keeps what it got.
/// Of requests that may be retried, the first attempt is refused.
async fn b2_chain(order: &[usize], layers: &[Wrap]) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let server = Router::new().fallback(async move |request: axum::extract::Request| {
        let (head, _) = request.into_parts();
        let options = head.extensions.get::<RequestOptions>();
        let is_refused = options.is_some_and(|options| options.attempt_value() == Some(1));
        let values =
            head.headers.iter().map(|(name, value)| format!(" {name}={}", value.to_str().unwrap()));
        log.lock().unwrap().push(format!("{}{}", head.uri, values.collect::<String>()));
        if is_refused {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let to = match &*head.uri.to_string() {
            uri if uri.starts_with("http://base.example/1") => "http://friend.example/2",
            "http://friend.example/2" => "/3",
            "http://friend.example/3" => "http://base.example/4",
            "http://base.example/4" => "/5",
            _ => return "end".into_response(),
        };
        axum::response::Redirect::temporary(to).into_response()
    });
    let stack = order.iter().fold(BoxService::new(server), |inner, &layer| layers[layer](inner));
    let mut request = Request::get("http://base.example/1").header("accept", "shared");
    for name in ["x-caller", "proxy-authorization"] {
        request = request.header(name, CANARY);
    }
    match stack.oneshot(request.body(Body::empty()).unwrap()).await {
        Ok(response) => assert_eq!(response.status(), 200),
        // Below the redirects, a status that redirects is none that is accepted.
        Err(error) => assert_eq!(Error::from_service(error).status().unwrap(), 307),
    }
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[tokio::test]
async fn b2_b4_no_order_of_layers_leaks_by_redirects() {
    for (layers, secrets) in following_layers().unwrap().iter().zip([6, 5]) {
        let mut followed = 0;
        for order in permutations(7) {
            let seen = b2_chain(&order, layers).await;
            assert_eq!(seen[0].matches(CANARY).count(), secrets, "{order:?} sent {seen:?}");
            followed += usize::from(seen.len() == 5);
            assert!(matches!(seen.len(), 1 | 5), "{order:?} sent {seen:?}");
            // Not even at home again: there another server has chosen the URL.
            for request in &seen[1..] {
                assert!(request.contains("shared"), "{order:?} sent {seen:?}");
                assert!(!request.contains(CANARY), "{order:?} sent {seen:?}");
            }
        }
        assert!(followed >= 5040 / 2);
    }
}

#[tokio::test(start_paused = true)]
async fn b2_b4_retries_leak_nothing_at_any_place_among_redirects() {
    for (mut layers, secrets) in following_layers().unwrap().into_iter().zip([6, 5]) {
        layers.push(wrap(RetryLayer::new().budget(RetryBudget::percent(100))));
        let mut followed = 0;
        for (number, mut order) in permutations(7).into_iter().enumerate() {
            order.insert(number % 8, 7);
            let seen = b2_chain(&order, &layers).await;
            let (first, others): (Vec<_>, Vec<_>) =
                seen.iter().partition(|request| request.starts_with("http://base.example/1"));
            assert_eq!(first.len(), 2, "{order:?} sent {seen:?}");
            for request in first {
                assert_eq!(request.matches(CANARY).count(), secrets, "{order:?} sent {seen:?}");
            }
            // Four more hops, each once or twice, or none where the status is an error.
            assert!(matches!(others.len(), 0 | 4 | 8), "{order:?} sent {seen:?}");
            followed += usize::from(!others.is_empty());
            assert!(!others.iter().any(|request| request.contains(CANARY)), "{order:?} {seen:?}");
        }
        assert!(followed >= 5040 / 2);
    }
}

#[tokio::test]
async fn a1_a2_nothing_reaches_another_origin() {
    let (server, evil) = (Testbed::http().await.unwrap(), Testbed::http().await.unwrap());
    let host = evil.url().trim_start_matches("http:").trim_end_matches('/');
    let client = Client::builder(server.url()).bearer_auth(CANARY).build().unwrap();
    let references = [
        format!("http:{host}/x"),
        format!("HTTP:{host}"),
        format!("{host}/x"),
        format!(" {host}/x"),
        format!("/\t{host}"),
        host.replace("//", "/\\"),
        host.replace("//", "\\\\"),
        format!("\x01{host}"),
        format!("//user@{}", &host[2..]),
    ];
    for reference in &references {
        let error = client.get(reference).await.unwrap_err();
        assert!(error.is_url() && !error.may_have_been_sent(), "{reference:?}");
        let error = client.at(reference).get("x").await.unwrap_err();
        assert!(error.is_url(), "{reference:?}");
    }
    let request = Request::get(format!("http:{host}/x")).body(Body::empty()).unwrap();
    assert!(client.oneshot(request).await.unwrap_err().is_url());
    assert_eq!((evil.connections(), server.connections()), (0, 0));
}

#[tokio::test]
async fn allowed_origin_gets_the_request_but_nothing_bound() {
    let server = Testbed::http().await.unwrap();
    let friend = Testbed::http().await.unwrap();
    let builder = || {
        Client::builder(server.url())
            .allow_origin(friend.url())
            .header("x-api-key", CANARY)
            .header("user-agent", "demo/1")
            .query(&[("key", CANARY)])
    };
    let source = async || Token::bearer(CANARY);
    for builder in [builder().bearer_auth(CANARY), builder().token_source(source)] {
        let api = Resource::from(builder.build().unwrap());
        let url = format!("{}anything", friend.url());
        let text = api.get(&url).text().await.unwrap();
        assert!(text.contains("demo/1") && !text.contains(CANARY), "{text}");
        assert!(api.at(&url).get("x").text().await.is_ok_and(|text| !text.contains(CANARY)));
        assert_eq!(api.get("anything").text().await.unwrap().matches(CANARY).count(), 4);
    }
}

#[tokio::test]
async fn layer_function_of_others_may_lie_between() {
    let boxed = layer_fn(BoxCloneSyncService::new);
    let client = Client::with_service(BASE, boxed.layer(echo())).unwrap();
    assert_eq!(client.get("x").await.unwrap().status(), 200);
}
