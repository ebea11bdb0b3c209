//! The client that nobody configures.

use std::sync::LazyLock;
use testbed::Testbed;
use tower_clients::{Client, Resource};

static API: LazyLock<Resource> = LazyLock::new(|| Resource::new("http://127.0.0.1:9").unwrap());

/// A field needs no type parameter.
#[derive(Debug, Clone)]
struct App {
    api: Resource,
}

#[test]
fn static_is_first_touched_outside_of_a_runtime() {
    assert_eq!(API.to_string(), "http://127.0.0.1:9/");
    let app = App { api: API.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(app.api.get("x").send()).unwrap_err();
    assert!(error.is_connect() && !error.may_have_been_sent(), "{error:#}");
}

#[tokio::test]
async fn base_url_and_trailing_show() {
    let client = Client::builder("https://example.com/v1").trailing(".json").build().unwrap();
    assert_eq!(client.to_string(), "https://example.com/v1/*.json");
    assert_eq!(format!("{client:?}"), r#"Client { base_url: https://example.com/v1/*.json, .. }"#);
    let api = Resource::from(client) / "users";
    assert_eq!(
        format!("{api:?}"),
        r#"Resource { base_url: https://example.com/v1/users/*.json, .. }"#
    );
}

#[tokio::test]
async fn children_are_made_by_division() {
    let server = Testbed::http().await.unwrap();
    let mut api = Resource::new(server.url()).unwrap();
    api /= "anything";
    let child = &api / 7 / ("a/b", "c");
    let echo: serde_json::Value = child.get("").json().await.unwrap();
    assert_eq!(echo["url"], format!("{}anything/7/a%2Fb/c", server.url()));
    assert_eq!(api.client().to_string(), format!("{}anything", server.url()));
}

#[tokio::test]
async fn child_at_a_bad_reference_tells_at_its_requests() {
    let api = Resource::new("http://127.0.0.1:9").unwrap() / ("..",) / "more";
    let error = api.get("x").await.unwrap_err();
    assert!(error.is_url());
    assert!(api.client().base_url().is_err());
    assert!(api.to_string().contains("dot segment"), "{api}");
}
