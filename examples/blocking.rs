//! The clients without `async`: one after the other, and from many threads.
//!
//! Run it with `cargo run --example blocking`.

use serde::Deserialize;
use std::{io::BufRead, thread};
use testbed::Testbed;
use tower_clients::{Client, Error, Resource, blocking};

#[derive(Debug, Deserialize)]
struct Seen {
    method: String,
    url: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The server needs a runtime; the client brings its own.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let server = runtime.block_on(Testbed::http())?;

    let client = Client::builder(server.url()).header("user-agent", "demo/1").build()?;
    let api: blocking::Resource = Resource::from(client).blocking()?;

    println!("1. Requests end in `wait()`");
    let seen: Seen = api.get("anything/users").json().wait()?;
    println!("   {} {}", seen.method, seen.url);
    assert_eq!(seen.url, format!("{}anything/users", server.url()));
    let error = api.get("status/404").wait().expect_err("it is not there");
    println!("   {error}");

    println!("2. Streams are iterators, bodies are readers");
    for line in api.get("stream/2").lines().wait()? {
        println!("   {} bytes", line?.len());
    }
    let response = api.get("robots.txt").response().wait()?;
    for line in response.into_body().lines() {
        println!("   {}", line?);
    }

    println!("3. Documents and files");
    api.put("documents/count").json(&0).wait()?;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(|| count(&api))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("no panic"))
    })?;
    let count: u32 = api.get("documents/count").json().wait()?;
    println!("   4 threads counted to {count}");
    assert_eq!(count, 4);
    let mut copy = Vec::new();
    println!("   {} bytes", api.get("range/1000").download().to_writer(&mut copy)?);
    assert_eq!(copy.len(), 1000);
    println!("4. {} requests, {} connections", server.requests(), server.connections());
    Ok(())
}

fn count(api: &blocking::Resource) -> Result<(), Error> {
    api.edit("documents/count").rounds(100).with(|count: &mut u32| *count += 1)?;
    Ok(())
}
