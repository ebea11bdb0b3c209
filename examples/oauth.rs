//! Access tokens: fetched, refreshed at the end of their life, and replaced when they are revoked.
//!
//! Run it with `cargo run --example oauth`.

use serde_json::Value;
use std::time::Duration;
use testbed::Testbed;
use tower_clients::{
    BoxError, Resource,
    oauth::{Grant, OAuthError},
};

const SECOND: Duration = Duration::from_secs(1);

/// Asks who the token stands for, and says what that took so far.
async fn who(title: &str, api: &Resource) -> Result<(), BoxError> {
    let user: Value = api.get("userinfo").json().await?;
    let stats: Value = api.get("stats").json().await?;
    println!("{title}: {} with {stats}", user["sub"]);
    assert_eq!(user["sub"], "ada");
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let server = Testbed::http().await?;
    let anonymous = Resource::new(server.url())? / "oauth";

    // Bad credentials are found out at once.
    let wrong = Grant::client_credentials("demo", "guessed");
    let error = anonymous.clone().authorize("token", wrong).await.expect_err("it is refused");
    let refusal = error.find_source::<OAuthError>().map(OAuthError::code);
    println!("{error:#}\n   the code is {refusal:?}");
    assert_eq!(refusal, Some("invalid_client"));

    // All clones and children share the token, which here lives for a second.
    let grant = Grant::password("ada", "opensesame").client("demo", "s3cret").scope("read");
    let api = anonymous.authorize("token?expires_in=1", grant.clone()).await?;
    who("fetched", &api).await?;
    who("kept", &api).await?;
    tokio::time::sleep(SECOND).await;
    who("refreshed", &api).await?;

    // The server takes a token back: the request is refused, and sent once more with a new one.
    let api = api.authorize("token", grant).await?;
    let stats: Value = api.get("stats").json().await?;
    let token = format!("access-{}", stats["issued"]);
    let revoke = api.post("revoke").basic_auth("demo", "s3cret");
    revoke.form(&[("token", token)]).await?;
    // A token that is younger than this is not replaced.
    tokio::time::sleep(SECOND).await;
    who("replaced", &api).await?;
    Ok(())
}
