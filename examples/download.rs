//! Downloads over a connection: with a line of progress, and what is left when one breaks off.
//!
//! Run it with `cargo run --example download`.

use std::{
    env, fs,
    io::{self, Write},
    process,
    time::Duration,
};
use testbed::Testbed;
use tower_clients::{Client, Resource, request::download::Progress};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Testbed::http().await?;
    let client = Client::builder(server.url()).timeout(Duration::from_secs(10)).build()?;
    let api = Resource::from(client);
    let path = env::temp_dir().join(format!("tower-clients-example-{}.bin", process::id()));

    println!("1. A file, with its progress");
    let bytes = api.get("range/100000").download().on_progress(show).to_path(&path).await?;
    println!("\n   {bytes} bytes are there");

    println!("2. What fails leaves the old file");
    let slow = api.get("drip?duration=5&numbytes=5").timeout(Duration::from_millis(100));
    if let Err(error) = slow.download().to_path(&path).await {
        println!("   {error:#}");
    }
    println!("   {} bytes are still there", fs::metadata(&path)?.len());
    fs::remove_file(&path)?;

    println!("3. Any writer");
    let mut memory = Vec::new();
    api.get("robots.txt").download().to_writer(&mut memory).await?;
    println!("   {:?}", String::from_utf8(memory)?);
    Ok(())
}

fn show(progress: Progress) {
    match progress.total {
        Some(total) if total > 0 => print!("\r   {:3} %", progress.received * 100 / total),
        _ => print!("\r   {} bytes", progress.received),
    }
    // A line that is not shown is no reason to give up.
    let _ = io::stdout().flush();
}
