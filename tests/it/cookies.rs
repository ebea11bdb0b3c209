//! Cookies over a whole client.

use http::{HeaderValue, StatusCode, Uri};
use serde_json::{Value, json};
use testbed::Testbed;
use tower_clients::{Client, ClientBuilder, CookieJar, Redirects, Resource};

/// What the server sees.
async fn seen(client: &Client) -> Value {
    let api = Resource::from(client.clone());
    let mut answer: Value = api.get("/cookies").json().await.unwrap();
    answer["cookies"].take()
}

async fn redirects(client: &Client, path: &str) -> HeaderValue {
    let response = client.get(path).redirect(Redirects::Never).await.unwrap();
    assert_eq!(response.status(), StatusCode::FOUND);
    response.headers()["set-cookie"].clone()
}

fn with_cookies(server: &Testbed) -> ClientBuilder {
    Client::builder(server.url()).cookies()
}

#[tokio::test]
async fn cookie_that_is_set_is_sent_until_it_is_deleted() {
    let server = Testbed::http().await.unwrap();
    let client = with_cookies(&server).build().unwrap();
    assert_eq!(seen(&client).await, json!({}));
    assert_eq!(redirects(&client, "cookies/set/a/1").await, "a=1; Path=/");
    redirects(&client, "cookies/set?b=2&c=x,y").await;
    assert_eq!(seen(&client).await, json!({"a": "1", "b": "2", "c": "x,y"}));
    redirects(&client, "cookies/set/a/9").await;
    redirects(&client, "cookies/delete?b&c").await;
    assert_eq!(seen(&client).await, json!({"a": "9"}));
}

#[tokio::test]
async fn clones_and_children_share_the_jar() {
    let server = Testbed::http().await.unwrap();
    let client = with_cookies(&server).build().unwrap();
    let (clone, child) = (client.clone(), &client / "cookies");
    redirects(&child, "set/a/1").await;
    redirects(&clone, "cookies/set/b/2").await;
    for client in [&client, &clone, &child] {
        assert_eq!(seen(client).await, json!({"a": "1", "b": "2"}));
    }
}

#[tokio::test]
async fn without_the_setting_nothing_is_kept() {
    let server = Testbed::http().await.unwrap();
    let client = Client::new(server.url()).unwrap();
    redirects(&client, "cookies/set/a/1").await;
    assert_eq!(seen(&client).await, json!({}));
}

#[tokio::test]
async fn k3_other_origin_gets_none_and_sets_none() {
    // They differ by the port, at which cookies alone do not look.
    let server = Testbed::http().await.unwrap();
    let friend = Testbed::http().await.unwrap();
    let jar = CookieJar::new();
    let client = with_cookies(&server).allow_origin(friend.url()).cookie_jar(jar.clone());
    let client = client.build().unwrap();
    redirects(&client, "cookies/set/a/1").await;
    let there = client.at(friend.url());
    assert_eq!(seen(&there).await, json!({}));
    redirects(&there, "cookies/set/a/2").await;
    redirects(&there, "cookies/set/b/2").await;
    assert_eq!(seen(&client).await, json!({"a": "1"}));
    assert_eq!(jar.len(), 1);
}

#[tokio::test]
async fn k1_given_jar_is_filled_and_can_be_saved() {
    let server = Testbed::http().await.unwrap();
    let uri: Uri = server.url().parse().unwrap();
    let jar = CookieJar::new();
    jar.insert(&uri, "a=1; Path=/").unwrap();
    let client = Client::builder(server.url()).cookie_jar(jar.clone()).build().unwrap();
    redirects(&client, "cookies/set/b/2").await;
    assert_eq!(jar.get(&uri, "b").as_deref(), Some("2"));

    let jar = CookieJar::from_json(&jar.to_json().unwrap()).unwrap();
    let later = Client::builder(server.url()).cookie_jar(jar).build().unwrap();
    assert_eq!(seen(&later).await, json!({"a": "1", "b": "2"}));
}

#[tokio::test]
async fn header_of_the_request_wins_entirely() {
    let server = Testbed::http().await.unwrap();
    let client = with_cookies(&server).build().unwrap();
    redirects(&client, "cookies/set/a/1").await;
    let api = Resource::from(client);
    let answer: Value = api.get("cookies").header("cookie", "own=7").json().await.unwrap();
    assert_eq!(answer["cookies"], json!({"own": "7"}));
}
