//! Downloads over a connection: with a progress bar, over a line that breaks off, and what is left
//! when a download fails.
//!
//! Run it with `cargo run --example download`.

use axum::{
    body::{Body, to_bytes},
    middleware::map_response,
    response::Response,
};
use futures_util::{StreamExt, stream};
use http::header::CONTENT_LENGTH;
use indicatif::{ProgressBar, ProgressStyle};
use std::{env, fs, process, time::Duration};
use testbed::Testbed;
use tokio::{net::TcpListener, time::sleep};
use tower_clients::{Client, Resource};

const LEN: usize = 100_000;
const PIECE: usize = 5_000;
/// Behind so many bytes every body breaks off.
const MOST: usize = 40_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Testbed::http().await?;
    let client = Client::builder(server.url()).timeout(Duration::from_secs(10)).build()?;
    let api = Resource::from(client);
    let path = env::temp_dir().join(format!("tower-clients-example-{}.bin", process::id()));

    println!("1. A line that breaks off is resumed, and the progress goes on");
    let unreliable = Resource::new(unreliable().await?)?;
    let bar = ProgressBar::no_length();
    bar.set_style(ProgressStyle::with_template("   {wide_bar} {bytes}/{total_bytes}")?);
    let document = unreliable.get(format!("range/{LEN}"));
    let download = document.download().resume(5).on_progress(|progress| {
        bar.set_length(progress.total.unwrap_or_default());
        bar.set_position(progress.received);
    });
    let bytes = download.to_path(&path).await?;
    bar.finish();
    println!("   {bytes} bytes are there");
    assert_eq!(bytes, LEN as u64);

    println!("2. What fails leaves the old file");
    let broken = unreliable.get(format!("range/{LEN}")).download().to_path(&path).await;
    let slow = api.get("drip?duration=5&numbytes=5").timeout(Duration::from_millis(100));
    for failed in [broken, slow.download().to_path(&path).await] {
        println!("   {:#}", failed.expect_err("it breaks off"));
    }
    let bytes = fs::metadata(&path)?.len();
    println!("   {bytes} bytes are still there");
    assert_eq!(bytes, LEN as u64);
    fs::remove_file(&path)?;

    println!("3. Any writer");
    let mut memory = Vec::new();
    api.get("robots.txt").download().to_writer(&mut memory).await?;
    println!("   {:?}", String::from_utf8(memory)?);
    Ok(())
}

/// The URL of a testbed whose bodies are cut.
async fn unreliable() -> Result<String, std::io::Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = testbed::router().layer(map_response(cut));
    tokio::spawn(async { axum::serve(listener, router).await });
    Ok(url)
}

async fn cut(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let bytes = to_bytes(body, LEN).await.unwrap_or_default();
    head.headers.insert(CONTENT_LENGTH, bytes.len().into());
    let end = bytes.len().min(MOST);
    let pieces = (0..end).step_by(PIECE).map({
        let bytes = bytes.clone();
        move |start| Ok(bytes.slice(start..end.min(start + PIECE)))
    });
    let broken = (end < bytes.len()).then_some(Err("the line is bad"));
    let pieces = stream::iter(pieces.chain(broken)).then(async |piece| {
        sleep(Duration::from_millis(10)).await;
        piece
    });
    Response::from_parts(head, Body::from_stream(pieces))
}
