//! Access tokens of an OAuth 2 server, over the testbed and over scripted answers.

use http::header::{AUTHORIZATION, COOKIE, DATE};
use serde_json::{Value, json};
use std::{future::pending, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, advance},
};
use tower::Layer;
use tower_clients::{
    BalanceLayer, Client, CookieJar, Error, Graph, JsonRpc, Proxy, Remote, Resource, Session,
    SharedService, Token,
    oauth::{Grant, OAuthError},
};
use tower_clients_mock::{Mock, Reply};

const SECOND: Duration = Duration::from_secs(1);

fn testbed() -> Resource<Session<axum::Router>> {
    Client::builder("http://in.process").build_over(testbed::router()).unwrap().into()
}

fn credentials() -> Grant {
    Grant::client_credentials("demo", "s3cret")
}

fn password() -> Grant {
    Grant::password("ada", "opensesame").client("demo", "s3cret")
}

async fn subject<S: SharedService<tower_clients::Body>>(api: &Resource<S>) -> String {
    let info: Value = api.get("oauth/userinfo").json().await.unwrap();
    info["sub"].as_str().unwrap().to_owned()
}

/// How many tokens were issued, and how many requests there were with them.
async fn stats<S: SharedService<tower_clients::Body>>(api: &Resource<S>) -> (u64, u64) {
    let stats: Value = api.get("oauth/stats").json().await.unwrap();
    (stats["issued"].as_u64().unwrap(), stats["userinfo"].as_u64().unwrap())
}

async fn revoke(api: &Resource<Session<axum::Router>>, token: &str) {
    let revoke = api.post("oauth/revoke").basic_auth("demo", "s3cret");
    revoke.form(&[("token", token)]).await.unwrap();
}

fn code(error: &Error) -> &str {
    assert!(error.is_authorize(), "{error:#}");
    error.find_source::<OAuthError>().unwrap().code()
}

fn answer(members: &Value) -> Reply {
    let mut answer = json!({"access_token": "a", "token_type": "bearer"});
    answer.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    Reply::json(&answer)
}

#[tokio::test(start_paused = true)]
async fn first_token_is_fetched_at_once_and_shared() {
    for (grant, sub) in [
        (credentials(), "demo"),
        (credentials().client_in_body(), "demo"),
        (password(), "ada"),
        (
            Grant::json(&json!({"grant_type": "client_credentials"})).client("demo", "s3cret"),
            "demo",
        ),
    ] {
        let api = testbed().authorize("oauth/token", grant.scope("a b")).await.unwrap();
        assert_eq!(stats(&api).await, (1, 0));
        let child = (&api / "x").at("/");
        assert_eq!((subject(&api).await, subject(&child).await), (sub.into(), sub.into()));
        assert_eq!(stats(&api).await, (1, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn lazily_the_first_request_fetches() {
    let client = Client::from(testbed()).authorize_lazily("oauth/token", credentials()).unwrap();
    let api = Resource::from(client);
    let (a, b) = tokio::join!(subject(&api), subject(&api));
    assert_eq!((a.as_str(), b.as_str(), stats(&api).await), ("demo", "demo", (1, 2)));
    let client = Client::from(testbed());
    assert!(client.authorize_lazily("//other/token", credentials()).unwrap_err().is_url());
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_a_typed_error() {
    for (grant, expected, status) in [
        (Grant::client_credentials("demo", "CANARY"), "invalid_client", 401),
        (Grant::client_credentials("demo", "x").client_in_body(), "invalid_client", 400),
        (Grant::password("ada", "x").client("demo", "s3cret"), "invalid_grant", 400),
        (
            Grant::form(&json!({"grant_type": "odd"})).client("demo", "s3cret"),
            "unsupported_grant_type",
            400,
        ),
    ] {
        let error = testbed().authorize("oauth/token", grant).await.unwrap_err();
        // The status is that of another request than the one that was to be sent.
        assert_eq!((code(&error), error.status()), (expected, None));
        assert_eq!(error.url(), Some("http://in.process/oauth/token"));
        let cause: &Error = error.find_source().unwrap();
        assert_eq!(cause.status().unwrap().as_u16(), status);
        assert!(cause.failure().unwrap().json::<Value>().unwrap()["error"] == expected);
    }
    let error = testbed().authorize("status/503", credentials()).await.unwrap_err();
    let cause: &Error = error.find_source().unwrap();
    assert!(error.is_authorize() && cause.status().unwrap() == 503);
}

#[tokio::test(start_paused = true)]
async fn token_is_refreshed_ahead_of_its_end_and_rotates() {
    let api = testbed().authorize("oauth/token?expires_in=100", password()).await.unwrap();
    for issued in 1..=5 {
        assert_eq!(subject(&api).await, "ada");
        assert_eq!(stats(&api).await.0, issued);
        advance(91 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn o1_thousand_requests_with_an_ended_or_revoked_token_cost_one_refresh() {
    for is_revoked in [false, true] {
        let api = testbed().authorize("oauth/token?expires_in=100", password()).await.unwrap();
        if is_revoked {
            revoke(&api, "access-1").await;
            advance(SECOND).await;
        } else {
            advance(100 * SECOND).await;
        }
        let requests = (0..1000).map(|_| {
            let api = api.clone();
            async move { subject(&api).await }
        });
        let subjects = requests.collect::<JoinSet<_>>().join_all().await;
        assert!(subjects.len() == 1000 && subjects.iter().all(|subject| subject == "ada"));
        let (issued, requests) = stats(&api).await;
        // Those that were not yet under way when the new token came are sent once.
        assert_eq!((issued, requests > 1000), (2, is_revoked));
        assert!(requests <= 2000);
    }
}

#[tokio::test(start_paused = true)]
async fn revoked_token_costs_one_repetition() {
    let api = testbed().authorize("oauth/token", credentials()).await.unwrap();
    subject(&api).await;
    revoke(&api, "access-1").await;
    advance(SECOND).await;
    assert_eq!(subject(&api).await, "demo");
    assert_eq!(stats(&api).await, (2, 3));
}

#[tokio::test(start_paused = true)]
async fn grant_is_asked_for_again_when_the_refresh_token_is_no_longer_valid() {
    let api = testbed().authorize("oauth/token", password()).await.unwrap();
    revoke(&api, "refresh-1").await;
    advance(SECOND).await;
    assert_eq!(subject(&api).await, "ada");

    let refresh_token = Grant::refresh_token("refresh-2").client("demo", "s3cret");
    let api = api.authorize("oauth/token", refresh_token).await.unwrap();
    revoke(&api, "refresh-3").await;
    advance(SECOND).await;
    let error = api.get("oauth/userinfo").await.unwrap_err();
    assert!(code(&error) == "invalid_grant" && error.may_have_been_sent());
}

/// The bodies that the token endpoint was sent.
fn asked(mock: &Mock) -> Vec<String> {
    let requests = mock.requests().into_iter().filter(|request| request.uri().path() == "/token");
    requests.map(|request| request.text().into_owned()).collect()
}

/// The bodies that the token endpoint was sent by a client that met these answers, each at the end of
/// the token before.
async fn conversation(grant: Grant, answers: impl IntoIterator<Item = Vec<Reply>>) -> Vec<String> {
    let replies =
        answers.into_iter().flat_map(|replies| replies.into_iter().chain([Reply::status(204)]));
    let mock = replies.fold(Mock::new(), Mock::reply);
    let client = Client::builder("http://h").build_over(mock.clone()).unwrap();
    let client = client.authorize_lazily("token", grant).unwrap();
    while mock.remaining() > 0 {
        assert_eq!(client.get("x").await.unwrap().status(), 204);
        advance(100 * SECOND).await;
    }
    asked(&mock)
}

#[tokio::test(start_paused = true)]
async fn refresh_token_rotates_stays_where_no_new_one_comes_and_gives_way_to_the_grant() {
    let with = |token: &str| answer(&json!({"refresh_token": token, "expires_in": 100}));
    let without = || answer(&json!({"expires_in": 100}));
    let invalid = || Reply::json(&json!({"error": "invalid_grant"}));
    let grant = Grant::password("ada", "x").public_client("id");
    let answers = [
        vec![with("r1")],
        vec![without()],
        vec![with("r2")],
        vec![invalid(), without()],
        vec![without()],
    ];
    let first = "client_id=id&grant_type=password&password=x&username=ada";
    let refresh = |token| format!("client_id=id&grant_type=refresh_token&refresh_token={token}");
    let expected = [first, &refresh("r1"), &refresh("r1"), &refresh("r2"), first, first];
    assert_eq!(conversation(grant, answers).await, expected);
}

#[tokio::test(start_paused = true)]
async fn body_of_no_standard_is_always_sent_again() {
    let with = || vec![answer(&json!({"refresh_token": "r", "expires_in": 100}))];
    let body = json!({"user": "ada", "pin": 1});
    let asked = conversation(Grant::json(&body), [with(), with()]).await;
    assert_eq!(asked, [body.to_string(), body.to_string()]);
}

#[tokio::test(start_paused = true)]
async fn o4_clock_of_the_server_does_not_matter() {
    for date in ["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 2199 23:59:59 GMT"] {
        let token = || answer(&json!({"expires_in": 100})).header(DATE, date);
        let sent = || Reply::status(204);
        let mock = [token(), sent(), token(), sent(), sent()];
        let mock = mock.into_iter().fold(Mock::new(), Mock::reply);
        let client = Client::builder("http://h").build_over(mock.clone()).unwrap();
        let client = client.authorize("token", credentials()).await.unwrap();
        for wait in [89, 1, 0] {
            advance(wait * SECOND).await;
            assert_eq!(client.get("x").await.unwrap().status(), 204);
        }
        assert_eq!((asked(&mock).len(), mock.remaining()), (2, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn o2_silent_token_endpoint_hangs_nobody() {
    let silent = || axum::Router::new().fallback(async || pending::<()>().await);
    let client = Client::builder("http://h").build_over(silent()).unwrap();
    for (grant, limit) in [(credentials(), 30), (credentials().timeout(SECOND), 1)] {
        let start = Instant::now();
        let error = client.clone().authorize("token", grant).await.unwrap_err();
        assert!(error.is_authorize());
        assert_eq!(
            (start.elapsed(), error.timeout().unwrap().after()),
            (limit * SECOND, limit * SECOND)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn o3_endless_answer_is_cut_off() {
    let long = json!({"access_token": "a".repeat(100_000), "token_type": "bearer"});
    let client = Client::builder("http://h").build_over(Mock::new().reply(Reply::json(&long)));
    let error = client.unwrap().authorize("token", credentials()).await.unwrap_err();
    assert!(error.is_authorize() && error.find_source::<Error>().unwrap().is_body());
}

#[tokio::test(start_paused = true)]
async fn token_endpoint_gets_what_is_bound_to_its_origin_but_no_other_credential() {
    for (reference, is_home) in [("token", true), ("https://login.example/token", false)] {
        let jar = CookieJar::new();
        jar.insert(&"http://h/".parse().unwrap(), "id=CANARY").unwrap();
        let mock = Mock::new().reply(answer(&json!({}))).reply(Reply::status(204));
        let client = Client::builder("http://h")
            .header("x-api-key", "CANARY")
            .query(&[("key", "CANARY")])
            .cookie_jar(jar)
            .bearer_auth("CANARY")
            .build_over(mock.clone())
            .unwrap();
        let grant = Grant::password("ada", "x").public_client("id");
        let client = client.authorize(reference, grant).await.unwrap();
        client.get("x").await.unwrap();

        let [token, request] = mock.requests().try_into().unwrap();
        assert!(!token.headers().contains_key(AUTHORIZATION));
        assert_eq!(token.headers().contains_key("x-api-key"), is_home);
        assert_eq!(
            (token.headers().contains_key(COOKIE), token.uri().query().is_some()),
            (is_home, is_home)
        );
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer a");
        assert_eq!(request.headers()[COOKIE], "id=CANARY");
    }
}

#[tokio::test(start_paused = true)]
async fn last_credential_of_a_builder_counts() {
    let mock = Mock::new().reply(Reply::status(204)).reply(Reply::status(204));
    let builder = || Client::builder("http://h").bearer_auth("first");
    let source = || async { Token::bearer("fetched") };
    let client = builder().token_source(source).build_over(mock.clone()).unwrap();
    client.get("x").await.unwrap();
    let client = builder().token_source(source).basic_auth("a", "b");
    client.build_over(mock.clone()).unwrap().get("x").await.unwrap();
    let sent = mock.requests().into_iter().map(|request| request.headers()[AUTHORIZATION].clone());
    assert_eq!(sent.collect::<Vec<_>>(), ["Bearer fetched", "Basic YTpi"]);
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_client_can_be_authorized() {
    let mock = || {
        let reply = json!({"id": 1, "result": 7, "data": 7});
        Mock::new().reply(answer(&json!({}))).reply(Reply::json(&reply))
    };
    let over = |mock: &Mock| Client::builder("http://h").build_over(mock.clone()).unwrap();
    let is_authorized = |mock: &Mock| {
        let [_, request] = mock.requests().try_into().unwrap();
        request.headers()[AUTHORIZATION] == "Bearer a"
    };

    let server = mock();
    let remote = Remote::from(over(&server)).authorize("token", credentials()).await.unwrap();
    assert_eq!(remote.call("x", &()).await.unwrap()["result"], 7);
    assert!(is_authorized(&server));

    let server = mock();
    let rpc = JsonRpc::from(over(&server)).authorize("token", credentials()).await.unwrap();
    assert_eq!(rpc.call::<u8>("x", &()).await.unwrap(), 7);
    assert!(is_authorized(&server));

    let server = mock();
    let graph = Graph::from(over(&server)).authorize("token", credentials()).await.unwrap();
    assert_eq!(graph.execute::<u8>("x", &()).await.unwrap(), 7);
    assert!(is_authorized(&server));

    let server = mock();
    let balance = BalanceLayer::new(["http://h", "http://i"]).unwrap();
    let client = Client::builder("http://h").build_over(balance.layer(server.clone())).unwrap();
    let proxy = Proxy::from(client).authorize("token", credentials()).await.unwrap();
    assert_eq!(proxy.get("x").await.unwrap().status(), 200);
    assert!(is_authorized(&server));
}
