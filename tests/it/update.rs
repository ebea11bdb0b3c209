//! Conditional updates.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tower::{ServiceExt, service_fn, util::MapResponse};
use tower_clients::{BalanceLayer, Body, Error, ErrorKind, NoValidator, Resource, SharedService};
use tower_clients_mock::{Mock, Reply};

fn scripted(replies: impl IntoIterator<Item = Reply>) -> (Resource<Mock>, Mock) {
    let mock = replies.into_iter().fold(Mock::new(), Mock::reply);
    (Resource::with_service("http://h", mock.clone()).unwrap(), mock)
}

fn document(value: u64, tag: &'static str) -> Reply {
    Reply::json(&value).header("etag", tag)
}

fn methods(mock: &Mock) -> Vec<Method> {
    mock.requests().iter().map(|request| request.method().clone()).collect()
}

fn increment(n: &mut u64) {
    *n += 1;
}

#[tokio::test]
async fn update_patches_with_json() {
    let api = Resource::with_service("http://in.process", testbed::router()).unwrap();
    let echo: Value = api.update("patch").json(&json!({"a": 1})).json().await.unwrap();
    assert_eq!(echo["json"], json!({"a": 1}));
}

#[tokio::test]
async fn u1_strong_tag_becomes_the_condition() {
    let (api, mock) = scripted([document(1, "\"a\""), Reply::json(&2)]);
    let edit = api.edit("x?q=1").header("x-key", "k").rounds(0);
    let answer = edit.with(increment).await.unwrap();
    assert_eq!(answer.as_json(), Some(&json!(2)));
    let [get, put] = &mock.requests()[..] else { panic!("two requests") };
    assert_eq!(get.headers()["accept-encoding"], "identity");
    assert_eq!(get.headers()["cache-control"], "no-cache");
    assert_eq!((put.method(), put.body().as_ref()), (&Method::PUT, &b"2"[..]));
    assert_eq!(put.headers()["content-type"], "application/json");
    assert_eq!(put.headers()["if-match"], "\"a\"");
    assert!(!put.headers().contains_key("cache-control"));
    for request in [get, put] {
        assert_eq!(
            (request.uri().query(), &request.headers()["x-key"]),
            (Some("q=1"), &"k".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn u1_without_a_validator_nothing_is_put() {
    let old = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (reply, reason) in [
        (Reply::json(&1), NoValidator::Missing),
        (document(1, "W/\"a\""), NoValidator::WeakTag),
        (document(1, "*"), NoValidator::MalformedTag),
        (Reply::json(&1).header("last-modified", old).header("date", old), NoValidator::Young),
    ] {
        let (api, mock) = scripted([reply]);
        let error = api.edit("x").with(increment).await.unwrap_err();
        assert_eq!((error.kind(), error.find_source()), (ErrorKind::Validator, Some(&reason)));
        assert_eq!(methods(&mock), [Method::GET]);
    }
}

#[tokio::test]
async fn u1_coded_body_is_refused_with_its_tag() {
    let (api, mock) = scripted([document(1, "\"a-gzip\"").header("content-encoding", "gzip")]);
    assert!(api.edit("x").with(increment).await.unwrap_err().is_decode());
    assert_eq!(methods(&mock), [Method::GET]);
}

#[tokio::test]
async fn u1_unconditional_is_asked_for() {
    let (api, mock) = scripted([document(1, "W/\"a\""), Reply::status(204)]);
    api.edit("x").unconditional().with(increment).await.unwrap();
    assert!(!mock.requests()[1].headers().contains_key("if-match"));
}

#[tokio::test]
async fn u1_date_serves_where_there_is_no_tag() {
    let without_tag = |mut response: http::Response<axum::body::Body>| {
        response.headers_mut().remove("etag");
        response
    };
    let service = MapResponse::new(testbed::router(), without_tag);
    let api = Resource::with_service("http://in.process", service).unwrap();
    api.put("documents/n").json(&0).await.unwrap();
    let mut stale = api.updating::<u64>("documents/n").await.unwrap();
    assert_eq!(stale.validator().unwrap().name(), "if-unmodified-since");
    api.edit("documents/n").with(increment).await.unwrap();
    stale.value = 9;
    let error = stale.put().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::PRECONDITION_FAILED));
    assert_eq!(api.get("documents/n").json::<u64>().await.unwrap(), 1);
}

#[tokio::test]
async fn u2_conflict_is_read_and_changed_again() {
    let replies = [document(1, "\"a\""), Reply::status(412), document(5, "\"b\""), Reply::json(&6)];
    let (api, mock) = scripted(replies);
    api.edit("x").with(increment).await.unwrap();
    let put = &mock.requests()[3];
    assert_eq!(
        (&put.headers()["if-match"], put.body().as_ref()),
        (&"\"b\"".parse().unwrap(), &b"6"[..])
    );
}

#[tokio::test]
async fn u2_rounds_are_bounded() {
    for rounds in [0, 1, 3] {
        let replies = (0..=rounds).flat_map(|_| [document(1, "\"a\""), Reply::status(412)]);
        let (api, mock) = scripted(replies);
        let edit = api.edit("x");
        let edit = if rounds == 3 { edit } else { edit.rounds(rounds) };
        let error = edit.with(increment).await.unwrap_err();
        assert_eq!(
            (error.status().unwrap(), error.method()),
            (StatusCode::PRECONDITION_FAILED, Some(&Method::PUT))
        );
        assert_eq!(mock.remaining(), 0);
    }
}

fn spawn_increments<S: SharedService<Body>>(api: &Resource<S>) -> tokio::task::JoinHandle<()> {
    let api = api.clone();
    tokio::spawn(async move {
        for _ in 0..1000 {
            api.edit("documents/n").rounds(u32::MAX).with(increment).await.unwrap();
        }
    })
}

#[tokio::test]
async fn u2_no_increment_of_concurrent_writers_is_lost() {
    let (reads, conflicts) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (router, refused) = (testbed::router(), conflicts.clone());
    let service = service_fn(move |request: Request<Body>| {
        let (router, reads, refused) = (router.clone(), reads.clone(), refused.clone());
        async move {
            let is_get = request.method() == Method::GET;
            let response = router.oneshot(request).await?;
            // Others write between some of the reads and their writes.
            if is_get && reads.fetch_add(1, Ordering::Relaxed).is_multiple_of(5) {
                tokio::task::yield_now().await;
            }
            if response.status() == StatusCode::PRECONDITION_FAILED {
                refused.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let api = Resource::with_service("http://in.process", service).unwrap();
    api.put("documents/n").json(&0).await.unwrap();
    let tasks: Vec<_> = (0..8).map(|_| spawn_increments(&api)).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(api.get("documents/n").json::<u64>().await.unwrap(), 8000);
    assert!(conflicts.load(Ordering::Relaxed) > 100, "{conflicts:?}");
}

#[tokio::test]
async fn u3_lost_answer_is_an_error_that_says_so() {
    let (api, mock) = scripted([document(1, "\"a\""), Reply::fail("reset")]);
    let error = api.edit("x").with(increment).await.unwrap_err();
    assert!(error.is_transport() && error.may_have_been_sent());
    assert_eq!(error.method(), Some(&Method::PUT));
    assert_eq!(mock.remaining(), 0);
}

/// Loses the answers of some exchanges, or the request before.
fn losing(router: axum::Router, lost: &'static [(usize, bool)]) -> impl SharedService<Body> {
    let exchanges = Arc::new(AtomicUsize::new(0));
    service_fn(move |request: Request<Body>| {
        let number = exchanges.fetch_add(1, Ordering::Relaxed);
        let lost = lost.iter().find(|(lost, _)| *lost == number);
        let router = router.clone();
        async move {
            let reset = || Err(Error::new(ErrorKind::Transport, "reset"));
            if lost.is_some_and(|(_, is_made)| !is_made) {
                return reset();
            }
            let Ok(response) = router.oneshot(request).await;
            if lost.is_some() { reset() } else { Ok(response) }
        }
    })
}

#[tokio::test]
async fn u3_same_change_of_another_is_not_taken_for_ones_own() {
    let router = testbed::router();
    let other = Resource::with_service("http://in.process", router.clone()).unwrap();
    other.put("documents/n").json(&1).await.unwrap();
    let api = Resource::with_service("http://in.process", losing(router, &[(1, false)])).unwrap();
    let mut document = api.updating::<u64>("documents/n").await.unwrap();
    document.value += 1;
    other.edit("documents/n").with(increment).await.unwrap();
    // What is read now is what should have been put, and yet it is not by it.
    assert!(document.put().await.unwrap_err().may_have_been_sent());
    assert_eq!(other.get("documents/n").json::<u64>().await.unwrap(), 2);
    api.edit("documents/n").with(increment).await.unwrap();
    assert_eq!(other.get("documents/n").json::<u64>().await.unwrap(), 3);
}

#[tokio::test]
async fn u3_change_that_knows_itself_is_made_once_however_often_it_is_edited() {
    for is_made in [false, true] {
        let router = testbed::router();
        let lost: &[_] = if is_made { &[(2, true)] } else { &[(2, false)] };
        let api = Resource::with_service("http://in.process", losing(router, lost)).unwrap();
        api.put("documents/n").json(&json!([])).await.unwrap();
        let add = |entries: &mut Vec<String>| {
            if !entries.iter().any(|entry| entry == "id-7") {
                entries.push("id-7".into());
            }
        };
        assert!(api.edit("documents/n").with(add).await.unwrap_err().may_have_been_sent());
        api.edit("documents/n").with(add).await.unwrap();
        assert_eq!(api.get("documents/n").json::<Value>().await.unwrap(), json!(["id-7"]));
    }
}

#[tokio::test]
async fn u3_no_upstream_is_sent_the_change_of_another() {
    let mock = Mock::new().reply(document(1, "\"a\"")).reply(Reply::fail("reset"));
    let balance = BalanceLayer::new(["http://a", "http://b"]).unwrap();
    let api = Resource::with_service("http://a", mock.clone()).unwrap().layer(balance);
    let error = api.edit("x").with(increment).await.unwrap_err();
    assert!(error.is_transport() && error.may_have_been_sent());
    assert_eq!(methods(&mock), [Method::GET, Method::PUT]);
}

#[tokio::test]
async fn u4_guard_that_is_dropped_puts_nothing() {
    let (api, mock) = scripted([document(1, "\"a\"")]);
    let mut edit = api.updating::<u64>("x").await.unwrap();
    edit.value = 2;
    drop(edit);
    let (again, _) = scripted([document(1, "\"a\"")]);
    drop(again.updating::<u64>("x").await.unwrap().put());
    assert_eq!(methods(&mock), [Method::GET]);
}

#[tokio::test]
async fn u4_change_that_fails_or_panics_puts_nothing() {
    let (api, mock) = scripted([document(1, "\"a\""), document(1, "\"a\"")]);
    let error = api.edit("x").try_with(|_: &mut u64| Err("no")).await.unwrap_err();
    assert!(error.is_request() && !error.may_have_been_sent());
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no");
    let edit = api.edit("x");
    let panics = tokio::spawn(edit.with(|_: &mut u64| panic!("not this")));
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(methods(&mock), [Method::GET, Method::GET]);
}

fn spawn_guard<S: SharedService<Body>>(api: &Resource<S>) -> tokio::task::JoinHandle<()> {
    let api = api.clone();
    tokio::spawn(async move {
        let edit = api.updating::<u64>("x").await.unwrap();
        edit.put().await.unwrap();
    })
}

#[tokio::test]
async fn u4_guard_can_be_held_and_put_in_a_task() {
    let (api, mock) = scripted([document(1, "\"a\""), Reply::json(&1)]);
    spawn_guard(&api).await.unwrap();
    assert_eq!(methods(&mock), [Method::GET, Method::PUT]);
}

#[tokio::test]
async fn u4_own_error_of_a_change_comes_back() {
    let (api, _) = scripted([document(1, "\"a\"")]);
    let fail = |_: &mut u64| Err(Error::new(ErrorKind::Config, "no"));
    assert!(api.edit("x").try_with(fail).await.unwrap_err().is_config());
}
