//! No secret shows in any text that a program may log.

use crate::spans::Exported;
use axum::extract::Request;
use futures_util::stream;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use std::{
    convert::Infallible, error::Error as StdError, fmt::Debug, iter::successors, time::Duration,
};
use testbed::Testbed;
use tower::Layer;
use tower_clients::{
    BalanceLayer, BaseUrl, Body, BreakerLayer, Client, CoalesceLayer, ConcurrencyLayer, CookieJar,
    CookieLayer, Error, ErrorKind, FetchTokenLayer, Form, Graph, HedgeLayer, Json, JsonRpc, Proxy,
    RateLimitLayer, RedirectLayer, Remote, RequestOptions, Resource, ResumeLayer, RetryLayer,
    Token, TraceLayer, Transport,
    oauth::{Grant, OAuthError, TokenEndpoint},
    redirect::{RedirectError, Redirected},
    resume::ResumeError,
};
use tower_clients_mock::{Mock, Reply};

const CANARY: &str = "CANARY";

fn assert_clean(texts: impl IntoIterator<Item = String>) {
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
        assert!(!text.contains("Q0FOQVJZ"), "as base64: {text}");
    }
}

fn debug(value: &impl Debug) -> [String; 2] {
    [format!("{value:?}"), format!("{value:#?}")]
}

fn all_texts(error: &Error) -> Vec<String> {
    let chain = successors(Some(error as &dyn StdError), |error| (*error).source());
    let mut texts: Vec<_> = chain
        .flat_map(|error| [format!("{error}"), format!("{error:?}"), format!("{error:#}")])
        .collect();
    texts.extend(debug(error));
    texts
}

#[tokio::test]
async fn downloads_show_none() {
    let server = Testbed::http().await.unwrap();
    let download = client(server.url()).get("range/9").download();
    assert_clean(debug(&download));
    let error = download.to_path("").await.unwrap_err();
    assert!(error.is_io());
    assert_clean(all_texts(&error));
}

#[tokio::test(start_paused = true)]
async fn limits_show_none() {
    let mock = (0..4).fold(Mock::new(), |mock, _| mock.reply(Reply::fail("reset")));
    let client = Client::builder("http://h").query(&[("key", CANARY)]).bearer_auth(CANARY);
    let client = client
        .build_over(mock)
        .unwrap()
        .layer(ConcurrencyLayer::per_origin(1))
        .layer(RateLimitLayer::new(1, Duration::from_secs(9)).burst(2))
        .layer(BreakerLayer::new().failures(3))
        .layer(HedgeLayer::percentile(95))
        .layer(CoalesceLayer::new());
    assert_clean(debug(&client));
    for _ in 0..5 {
        let hurried = RequestOptions::new().timeout(Duration::from_secs(5));
        let get = client.get("x?key=CANARY").extension(hurried);
        assert_clean(debug(&get));
        assert_clean(all_texts(&get.await.unwrap_err()));
    }
}

#[tokio::test]
async fn resumptions_show_none() {
    let begun = || Reply::status(200).header("etag", "\"1\"").cut_body(CANARY);
    let mock = Mock::new().reply(begun()).reply(begun()).reply(Reply::status(412).body(CANARY));
    let client = Client::builder("http://h").query(&[("key", CANARY)]).bearer_auth(CANARY);
    let client = client.build_over(mock).unwrap().layer(ResumeLayer::new(1));
    assert_clean(debug(&client));
    assert_clean(debug(client.get("x?key=CANARY").await.unwrap().body()));
    let error = Resource::from(client).get("x?key=CANARY").bytes().await.unwrap_err();
    assert!(error.find_source::<ResumeError>().is_some());
    assert_clean(all_texts(&error));
}

#[tokio::test(start_paused = true)]
async fn retries_show_none() {
    let layer = RetryLayer::new().attempts(2).replay_up_to(1024);
    assert_clean(debug(&layer));
    assert_clean(debug(&layer.layer(Mock::new())));
    let fail = || Reply::fail(Error::new(ErrorKind::Transport, "reset"));
    let busy = || Reply::status(503).header("x-key", CANARY).body(CANARY);
    for reply in [fail, busy] {
        let mock = Mock::new().reply(reply()).reply(reply());
        let client = Client::builder("http://h").retry(layer.clone()).bearer_auth(CANARY);
        assert_clean(debug(&client));
        let api = Resource::from(client.build_over(mock).unwrap());
        let chunks = stream::iter([Ok::<_, Infallible>(CANARY)]);
        let request = api
            .post("x?key=CANARY")
            .header("idempotency-key", CANARY)
            .attempt_timeout(Duration::from_secs(1))
            .idle_timeout(Duration::from_secs(1))
            .body(Body::from_stream(chunks));
        assert_clean(debug(&request));
        let error = request.await.unwrap_err();
        assert_eq!(error.attempts().unwrap().count(), 2);
        assert_clean(all_texts(&error));
        assert_clean(debug(error.attempts().unwrap()));
    }
}

#[tokio::test]
async fn spans_show_none() {
    let exported = Exported::here();
    let fail = || Reply::fail(Error::new(ErrorKind::Transport, "reset"));
    let redirect = Reply::status(307).header("location", "http://h/?key=CANARY&CANARY");
    let mock = Mock::new().reply(redirect).reply(fail()).reply(fail());
    let layer = TraceLayer::new().record_request_header(AUTHORIZATION);
    let client = Client::builder("http://h")
        .trace(layer)
        .retry(RetryLayer::new().attempts(2).backoff(Duration::ZERO, Duration::ZERO))
        .header("x-api-key", CANARY)
        .query(&[("key", CANARY)])
        .basic_auth("user", CANARY)
        .build_over(mock)
        .unwrap();
    client.put("x?CANARY").header("cookie", CANARY).body(CANARY).await.unwrap_err();
    assert_eq!(exported.spans().len(), 4);
    assert_clean(debug(&exported.spans()));
}

fn client(url: &str) -> Client {
    Client::builder(url)
        .header("x-api-key", CANARY)
        .query(&[("key", CANARY)])
        .bearer_auth(CANARY)
        .build()
        .unwrap()
}

/// Says what it does not like.
#[derive(Debug, serde::Deserialize)]
#[serde(try_from = "Value")]
struct Picky;

impl TryFrom<Value> for Picky {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        Err(format!("{value} is not for me"))
    }
}

#[test]
fn clients_and_builders_show_none() {
    let builder = Client::builder("http://h").header("x-api-key", CANARY).query(&[("key", CANARY)]);
    assert_clean(debug(&builder.basic_auth("user", CANARY)));
    let client = client("http://h");
    assert_clean(debug(&client));
    assert_clean(debug(client.get_ref()));
    assert_clean(debug(&Resource::from(client.clone())));
    assert_clean([client.to_string()]);
    assert_clean(debug(&client.boxed()));
}

#[tokio::test(start_paused = true)]
async fn tokens_show_none() {
    let grant = || {
        Grant::password("CANARY", CANARY)
            .client(CANARY, CANARY)
            .scope(CANARY)
            .parameter("audience", CANARY)
    };
    let body = json!({"key": CANARY});
    let grants = [
        grant(),
        grant().client_in_body(),
        Grant::refresh_token(CANARY).public_client(CANARY),
        Grant::form(&body),
        Grant::json(&body),
        Grant::json(CANARY),
    ];
    let refused = json!({"error": "invalid_grant", "error_description": CANARY, "x": CANARY});
    let token = json!({"access_token": CANARY, "token_type": "bearer", "refresh_token": CANARY});
    for (number, grant) in grants.into_iter().enumerate() {
        assert_clean(debug(&grant));
        let mock = Mock::new()
            .reply(Reply::json(&token))
            .reply(Reply::status(401).body(CANARY))
            .reply(Reply::json(&refused))
            .reply(Reply::json(&refused));
        assert_clean(debug(&TokenEndpoint::new("/?a=CANARY".parse().unwrap(), grant.clone(), ())));
        let lazy = client("http://h").authorize_lazily("token?key=CANARY", grant.clone()).unwrap();
        assert_clean(debug(&lazy));
        assert_clean(debug(lazy.get_ref()));
        let client = Client::builder("http://h").build_over(mock).unwrap();
        let client = match client.authorize("token?key=CANARY", grant).await {
            Ok(client) => client,
            Err(error) => {
                assert_clean(all_texts(&error));
                assert_eq!(number, 5);
                continue;
            }
        };
        assert_clean(debug(&client.get("x").send()));
        tokio::time::advance(Duration::from_secs(1)).await;
        let error = client.get("x").await.unwrap_err();
        assert_clean(all_texts(&error));
        assert_clean(debug(error.find_source::<OAuthError>().unwrap()));
    }
    let token = Token::bearer(CANARY).unwrap().refresh_token(CANARY);
    assert_clean(debug(&token));
    let layer =
        FetchTokenLayer::new("http://h".parse().unwrap(), async || Token::bearer("CANARY\n"));
    assert_clean(debug(&layer));
    assert_clean(all_texts(&layer.fetch().await.unwrap_err()));
}

#[tokio::test]
async fn cookies_show_none() {
    let jar = CookieJar::new();
    let uri = http::Uri::from_static("http://h/");
    jar.insert(&uri, "key=CANARY").unwrap();
    let client = Client::builder("http://h").cookie_jar(jar.clone());
    assert_clean(debug(&client));
    let client = client.build_over(axum::Router::new().fallback(async |request: Request| {
        assert_eq!(request.headers()["cookie"], "key=CANARY");
        format!("{request:?}")
    }));
    let client = client.unwrap();
    assert_clean(debug(&jar));
    assert_clean(debug(&client));
    assert_clean(debug(client.get_ref()));
    assert_clean(debug(&CookieLayer::new(jar.clone())));
    assert_clean([Resource::from(client).get("x").text().await.unwrap()]);
    for line in ["CANARY", "a=CANARY; Domain=CANARY.evil", "__Host-a=CANARY", "a=CANARY\n"] {
        assert_clean(all_texts(&jar.insert(&uri, line).unwrap_err()));
    }
    let json = jar.to_json().unwrap();
    for text in [json.replace("key=", "CANARY"), json[..json.len() - 9].into(), "CANARY".into()] {
        assert_clean(all_texts(&CookieJar::from_json(&text).unwrap_err()));
    }
}

#[test]
fn proxies_show_none() {
    let balance = BalanceLayer::new(["http://a", "http://b"]).unwrap();
    assert_clean(debug(&balance));
    let service = balance.layer(Transport::new());
    assert_clean(debug(&service));
    let client = Client::builder("http://a").bearer_auth(CANARY).query(&[("key", CANARY)]);
    let proxy = Proxy::from(client.build_over(service).unwrap());
    assert_clean(debug(&proxy));
    assert_clean(debug(proxy.client().get_ref()));
    assert_clean(debug(&proxy.upstreams().collect::<Vec<_>>()));
    assert_clean(debug(&proxy.get("x?key=CANARY").send()));
}

#[test]
fn requests_show_none() {
    let request = client("http://h")
        .post("x?key=CANARY&CANARY")
        .header("x-api-key", CANARY)
        .query(&[("q", CANARY)])
        .basic_auth("user", CANARY)
        .json(&[CANARY]);
    assert_clean(debug(&request));
    assert_clean(debug(&request.send()));
    assert_clean(debug(&client("http://h").post("x").form(&[("a", CANARY)])));
    assert_clean(debug(&client("http://h").post("x").body(CANARY)));
}

#[tokio::test]
async fn errors_about_input_show_none() {
    assert_clean(all_texts(&BaseUrl::parse("http://user:CANARY@h").unwrap_err()));
    assert_clean(all_texts(&BaseUrl::parse("http://h/?key=CANARY").unwrap_err()));
    for request in [
        client("http://h").get("//user:CANARY@h/"),
        client("http://h").get("//evil/?key=CANARY"),
        client("http://h").get("x\nCANARY"),
        client("http://h").get("x?key=CANARY").header("x\n", CANARY),
        client("http://h").get("x").header("x", "CANARY\n"),
        client("http://h").get("x").bearer_auth("CANARY CANARY"),
        client("http://h").get("x").basic_auth("CANARY:CANARY", CANARY),
    ] {
        assert_clean(debug(&request));
        assert_clean(all_texts(&request.await.unwrap_err()));
    }
}

#[tokio::test]
async fn redirects_show_none() {
    let to = |location: &str| {
        let mock = Mock::new().reply(Reply::status(307).header("location", location).body(CANARY));
        let client = Client::builder("http://h").bearer_auth(CANARY).query(&[("key", CANARY)]);
        client.build_over(mock.reply(Reply::status(200))).unwrap()
    };
    for location in [
        "http://evil/?key=CANARY",
        "http://user:CANARY@h/",
        "data:,CANARY",
        "/x\\CANARY",
        "http://CANARY:CANARY@",
        "",
    ] {
        let error = to(location).get("x").await.unwrap_err();
        assert!(error.is_redirect(), "{error:#}");
        assert_clean(all_texts(&error));
        assert_clean(debug(error.find_source::<RedirectError>().unwrap()));
    }
    let client = to("/y?key=CANARY");
    assert_clean(debug(&RedirectLayer::new().within("http://h".parse().unwrap())));
    let response = client.get("x").await.unwrap();
    assert_clean(debug(Redirected::of(&response).unwrap()));
    assert_clean(debug(&response));
}

#[tokio::test]
async fn errors_about_exchanges_show_none() {
    let server = Testbed::http().await.unwrap();
    let api = || Resource::from(client(server.url()));
    let get = |path: &str| api().get(path).query(&[("q", CANARY)]);
    for error in [
        // The server says the secret back, in a status error and in documents of the wrong shape.
        api().get("status/500").json::<Value>().await.unwrap_err(),
        api().post("status/400").body(Form([("a", CANARY)])).await.unwrap_err(),
        get("anything").json::<Vec<u8>>().await.unwrap_err(),
        get("bearer").json::<std::collections::HashMap<String, u8>>().await.unwrap_err(),
        get("anything").json::<Picky>().await.unwrap_err(),
        get("html").json::<Value>().await.unwrap_err(),
        get("anything").limit(1).await.unwrap_err(),
        get("delay/9").timeout(Duration::ZERO).await.unwrap_err(),
        Resource::from(client("http://127.0.0.1:9"))
            .post("x")
            .body(Json(CANARY))
            .await
            .unwrap_err(),
    ] {
        assert_clean(all_texts(&error));
    }
}

#[tokio::test]
async fn edits_show_none() {
    let read = || Reply::json(&json!({"key": CANARY})).header("etag", "\"CANARY\"");
    let mock = Mock::new().reply(read()).reply(Reply::json(&CANARY).header("etag", "W/\"CANARY\""));
    let mock = mock.reply(read()).reply(Reply::status(412).body(CANARY));
    let api = Resource::with_service("http://h", mock).unwrap();
    let edit = || api.edit("x?key=CANARY").header("x-api-key", CANARY).rounds(0);
    assert_clean(debug(&edit()));
    assert_clean(debug(&edit().read::<Value>().await.unwrap()));
    assert_clean(all_texts(&edit().with(|_: &mut Value| ()).await.unwrap_err()));
    assert_clean(all_texts(&edit().with(|_: &mut Value| ()).await.unwrap_err()));
}

#[tokio::test]
async fn streams_show_none() {
    const LINES: &str = "ok\nCANARY\nCANARY";
    let app = axum::Router::new().fallback(async || LINES);
    let api = Resource::with_service("http://h", app).unwrap();
    let get = || api.get("x").query(&[("q", CANARY)]);

    let mut lines = get().limit(2).lines().await.unwrap();
    lines.next().await.unwrap().unwrap();
    assert_clean(debug(&lines));
    assert_clean(all_texts(&lines.next().await.unwrap().unwrap_err()));
    let mut items = get().items().await.unwrap();
    items.next().await.unwrap().unwrap();
    assert_clean(debug(&items));
    let mut values = get().json_lines::<Value>().await.unwrap();
    assert_clean(all_texts(&values.next().await.unwrap().unwrap_err()));
    assert_clean(debug(&values));
}

#[tokio::test]
async fn s2_echoed_secret_is_only_in_what_is_asked_for() {
    let app = axum::Router::new()
        .fallback(async || (http::StatusCode::BAD_REQUEST, [("x-echo", CANARY)], CANARY));
    let error = Resource::with_service("http://h", app).unwrap().get("x").await.unwrap_err();
    assert_clean(all_texts(&error));
    assert_eq!(error.failure().unwrap().text(), CANARY);
}

#[test]
fn calls_show_none() {
    let secret = json!({"key": CANARY});
    let remote = Remote::from(client("http://h")).defaults(&secret);
    assert_clean(debug(&remote));
    assert_clean(debug(&remote.call("x?key=CANARY", &secret)));
    assert_clean(debug(&remote.form().call("x", &secret).send()));
    let rpc = JsonRpc::from(client("http://h"));
    assert_clean(debug(&rpc));
    assert_clean(debug(&rpc.call::<Value>("x", &secret)));
    let mut batch = rpc.batch();
    assert_clean(debug(&batch.call::<Value>("x", &secret)));
    assert_clean(debug(&batch));
    let graph = Graph::from(client("http://h"));
    assert_clean(debug(&graph));
    assert_clean(debug(&graph.execute::<Value>(CANARY, &secret)));
    assert_clean(debug(&graph.operation::<Value>(&secret).response().send()));
}

#[tokio::test]
async fn errors_of_calls_show_none() {
    let secret = json!({"key": CANARY});
    let nested = json!({"key": {CANARY: CANARY}});
    let mock =
        || Client::with_service("http://h", Mock::new().reply(Reply::json(&nested))).unwrap();
    assert_clean(all_texts(&Remote::from(mock()).call("x", CANARY).await.unwrap_err()));
    assert_clean(all_texts(&Remote::from(mock()).form().call("x", &nested).await.unwrap_err()));
    let vague = Remote::from(mock()).call("x", &secret).json::<Picky>().await.unwrap_err();
    assert_clean(all_texts(&vague));
    assert_clean(all_texts(&JsonRpc::from(mock()).call::<u8>("x", CANARY).await.unwrap_err()));
    assert_clean(all_texts(&JsonRpc::from(mock()).call::<u8>("x", &secret).await.unwrap_err()));
    assert_clean(all_texts(&Graph::from(mock()).execute::<u8>("x", CANARY).await.unwrap_err()));
    assert_clean(all_texts(&Graph::from(mock()).execute::<u8>("x", &secret).await.unwrap_err()));

    let error = json!({"code": 1, "message": CANARY, "data": CANARY});
    for reply in [
        json!({"id": 1, "error": error}),
        json!({"id": 1, "result": CANARY}),
        json!({"id": CANARY, "result": 1}),
    ] {
        let rpc =
            JsonRpc::with_service("http://h", Mock::new().reply(Reply::json(&reply))).unwrap();
        assert_clean(all_texts(&rpc.call::<u8>("x", &secret).await.unwrap_err()));
        let replies = Mock::new().reply(Reply::json(&json!([reply])));
        let rpc = JsonRpc::with_service("http://h", replies).unwrap();
        let mut batch = rpc.batch();
        let handle = batch.call::<u8>("x", &secret);
        match batch.await {
            Err(error) => assert_clean(all_texts(&error)),
            Ok(mut answers) => {
                assert_clean(debug(&answers));
                assert_clean(all_texts(&answers.take(handle).unwrap_err()));
            }
        }
    }

    let error = json!({"message": CANARY, "path": [CANARY], "extensions": {"code": CANARY}});
    for reply in [json!({"errors": [error], "data": {CANARY: CANARY}}), json!({"data": CANARY})] {
        let mock = Mock::new().reply(Reply::json(&reply)).reply(Reply::json(&reply));
        let graph = Graph::with_service("http://h", mock).unwrap();
        assert_clean(all_texts(&graph.execute::<u8>("x", &secret).await.unwrap_err()));
        let response = graph.execute::<Value>("x", &secret).response().await.unwrap();
        assert_clean(debug(&response));
    }
}
