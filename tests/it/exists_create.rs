//! What came of a request: `exists` and `create`.

use http::{Method, StatusCode};
use tower::service_fn;
use tower_clients::{Body, Client, Error, Failure, Resource, Session, UrlError};
use tower_clients_mock::{Mock, Reply};

fn api() -> Resource<axum::Router> {
    Resource::with_service("http://in.process", testbed::router()).unwrap()
}

fn scripted(replies: impl IntoIterator<Item = Reply>) -> (Resource<Session<Mock>>, Mock) {
    let mock = replies.into_iter().fold(Mock::new(), Mock::reply);
    let client = Client::builder("http://mock/v1").bearer_auth("t0ken");
    (client.build_over(mock.clone()).unwrap().into(), mock)
}

fn methods(mock: &Mock) -> Vec<Method> {
    mock.requests().iter().map(|request| request.method().clone()).collect()
}

#[tokio::test]
async fn f2s_status_says_whether_it_exists_or_nothing() {
    for code in [200, 201, 204, 301, 302, 304, 307] {
        assert!(api().exists(("status", code)).await.unwrap(), "{code}");
    }
    for code in [404, 410] {
        assert!(!api().exists(("status", code)).await.unwrap(), "{code}");
    }
    for code in [400, 401, 403, 405, 418, 429, 500, 501, 503] {
        let error = api().exists(("status", code)).await.unwrap_err();
        assert_eq!(error.status().unwrap(), code);
        assert_eq!(error.method(), Some(&Method::HEAD));
    }
}

#[tokio::test]
async fn f2s_status_of_another_exchange_is_no_answer() {
    let failure = || Failure::new(http::Response::builder().status(404).body("".into()).unwrap());
    let service = service_fn(move |_: http::Request<Body>| {
        std::future::ready(Err::<http::Response<Body>, _>(Error::status_failure(failure())))
    });
    let api = Resource::with_service("http://h", service).unwrap();
    assert!(api.exists("x").await.unwrap_err().is_status());
}

#[tokio::test]
async fn f3s_head_that_is_refused_is_an_error_without_the_fallback() {
    for code in [405, 501] {
        let (api, mock) = scripted([Reply::status(code)]);
        assert_eq!(api.exists("x").await.unwrap_err().status().unwrap(), code);
        assert_eq!(methods(&mock), [Method::HEAD]);
    }
}

#[tokio::test]
async fn f3s_get_answers_where_head_is_refused() {
    for (refusal, code, exists) in [(405, 200, true), (501, 302, true), (405, 404, false)] {
        let (api, mock) = scripted([Reply::status(refusal), Reply::status(code).body("body")]);
        let request = api.exists("x").query(&[("q", 1)]).header("x-a", "1").or_get();
        assert_eq!(request.await.unwrap(), exists);
        assert_eq!(methods(&mock), [Method::HEAD, Method::GET]);
        for request in mock.requests() {
            assert_eq!(request.uri(), "http://mock/v1/x?q=1");
            assert_eq!(request.headers()["authorization"], "Bearer t0ken");
            assert_eq!(request.headers()["x-a"], "1");
        }
    }
    let (api, _) = scripted([Reply::status(405), Reply::status(405)]);
    assert_eq!(api.exists("x").or_get().await.unwrap_err().status().unwrap(), 405);
    let (api, mock) = scripted([Reply::status(200)]);
    assert!(api.exists("x").or_get().await.unwrap());
    assert_eq!(methods(&mock), [Method::HEAD]);
}

#[tokio::test]
async fn exists_is_a_request_like_any_other() {
    assert!(tokio::spawn(api().exists("get").send()).await.unwrap().unwrap());
    assert!(api().exists("bearer").bearer_auth("t0ken").await.unwrap());
    assert!(api().exists("//evil/x").await.unwrap_err().is_url());
}

fn created(location: &'static [u8]) -> Reply {
    Reply::status(201).header("location", location)
}

#[tokio::test]
async fn a7_location_is_resolved_against_the_request() {
    for (location, uri) in [
        (&b"/v1/users/7"[..], "http://mock/v1/users/7"),
        (b"users/7", "http://mock/v1/users/7"),
        (b"http://mock/v1/users/7#top", "http://mock/v1/users/7"),
        (b"@host", "http://mock/v1/@host"),
    ] {
        let (api, mock) = scripted([created(location), Reply::text("Ada")]);
        let user = api.create("users").json(&["Ada"]).await.unwrap().unwrap();
        assert_eq!(user, uri);
        assert_eq!(mock.requests()[0].body(), r#"["Ada"]"#);
        assert_eq!(api.get(user).text().await.unwrap(), "Ada");
    }
}

#[tokio::test]
async fn a7_missing_location_is_none_and_any_success_will_do() {
    for code in [200, 201, 202, 204] {
        let (api, _) = scripted([Reply::status(code)]);
        assert_eq!(api.create("users").form(&[("a", 1)]).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a7_foreign_location_is_data_that_is_not_followed() {
    for location in ["//evil/x", "https://mock/v1/x", "http://mock:81/", "http://mock.evil/"] {
        let (api, mock) = scripted([created(location.as_bytes())]);
        let uri = api.create("users").body("x").await.unwrap().unwrap();
        for error in [
            api.get(&uri).await.unwrap_err(),
            api.at(&uri).get("").await.unwrap_err(),
            api.exists(&uri).await.unwrap_err(),
        ] {
            assert!(error.find_source::<UrlError>().unwrap().is_origin_escape(), "{error:#}");
        }
        assert_eq!(mock.requests().len(), 1);
    }
}

#[tokio::test]
async fn a7_location_that_cannot_be_read_is_an_error_of_a_request_that_was_sent() {
    let two = created(b"/a").header("location", "/b");
    let replies = [created(b"/\xff"), created(b"http://u:CANARY@mock/"), created(b"ftp://h/"), two];
    for reply in replies {
        let (api, _) = scripted([reply]);
        let error = api.create("users").json(&1).await.unwrap_err();
        assert!(error.is_decode() && error.may_have_been_sent());
        assert!(error.find_source::<UrlError>().is_some());
        assert_eq!(
            (error.method(), error.url()),
            (Some(&Method::POST), Some("http://mock/v1/users"))
        );
        assert!(!format!("{error:#} {error:?}").contains("CANARY"));
    }
    let (api, _) = scripted([created(b"/a").header("location", "/a")]);
    assert_eq!(api.create("").await.unwrap().unwrap(), "http://mock/a");
}

#[tokio::test]
async fn status_that_is_no_success_is_the_error_of_create() {
    for code in [303, 409, 500] {
        let (api, _) = scripted([Reply::status(code).header("location", "/v1/users/7")]);
        let error = api.create("users").await.unwrap_err();
        assert_eq!(error.status(), StatusCode::from_u16(code).ok());
        assert_eq!(error.failure().unwrap().headers()["location"], "/v1/users/7");
    }
}
