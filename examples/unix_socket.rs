//! A client of a daemon that listens on a Unix socket.
//!
//! Run it with `cargo run --example unix_socket`.

use tower_clients::BoxError;

#[cfg(unix)]
#[tokio::main]
async fn main() -> Result<(), BoxError> {
    use axum::{Json, Router, extract::Path, routing::get};
    use serde_json::{Value, json};
    use std::{env, fs, process};
    use tokio::net::UnixListener;
    use tower_clients::{Client, Resource, Transport};

    let path = env::temp_dir().join(format!("tower-clients-{}.sock", process::id()));
    let show = async |Path(name): Path<String>| Json(json!({"name": name, "running": true}));
    let daemon = Router::new().route("/v1/containers/{name}", get(show));
    let listener = UnixListener::bind(&path)?;
    tokio::spawn(axum::serve(listener, daemon).into_future());

    // The host is only what the daemon sees as `Host`.
    let transport = Transport::builder().unix_socket(&path).build()?;
    let api = Resource::from(Client::builder("http://localhost/v1").build_over(transport)?);
    let answer: Value = api.get(("containers", "web")).json().await?;
    println!("the daemon answered {answer}");
    assert_eq!(answer["name"], "web");
    fs::remove_file(path)?;
    Ok(())
}

#[cfg(not(unix))]
fn main() -> Result<(), BoxError> {
    println!("there are no Unix sockets here");
    Ok(())
}
