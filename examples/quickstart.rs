//! A client and a resource talk to a server over TCP and TLS.
//!
//! Run it with `cargo run --example quickstart`.

use http::Request;
use serde::Deserialize;
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};
use testbed::Testbed;
use tower::util::MapRequestLayer;
use tower_clients::{BoxError, Client, Content, Resource, Transport, tls::Tls};

#[derive(Debug, Deserialize)]
struct Slideshow {
    title: String,
    slides: Vec<Slide>,
}

#[derive(Debug, Deserialize)]
struct Slide {
    title: String,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let server = Testbed::http().await?;
    println!("The server answers at {}\n", server.url());

    println!("1. A base URL is joined, default headers and a bearer token are sent");
    let client = Client::builder(server.url())
        .header("user-agent", "quickstart/1.0")
        .header("x-api-version", "2")
        .bearer_auth("t0ken")
        .build()?;
    let api = Resource::from(client);
    let seen: Value = api.get("anything").query(&[("page", 2)]).json().await?;
    println!("   the server saw {} {}", seen["method"], seen["url"]);
    for (name, value) in [
        ("User-Agent", "quickstart/1.0"),
        ("X-Api-Version", "2"),
        ("Authorization", "Bearer t0ken"),
    ] {
        println!("   {name}: {}", seen["headers"][name]);
        assert_eq!(seen["headers"][name], value);
    }

    println!("\n2. An answer is decoded into a type, or into content by its content type");
    #[derive(Deserialize)]
    struct Answer {
        slideshow: Slideshow,
    }
    let Answer { slideshow } = api.get("json").json().await?;
    let titles: Vec<_> = slideshow.slides.iter().map(|slide| slide.title.as_str()).collect();
    println!("   the slideshow {:?} has the slides {titles:?}", slideshow.title);
    for path in ["json", "html", "image/png", "status/204"] {
        let kind = match api.get(path).await? {
            Content::Json(_) => "JSON".to_owned(),
            Content::Text(text) => format!("text of {} characters", text.chars().count()),
            Content::Bytes(bytes) => format!("{} bytes", bytes.len()),
            _ => "nothing".to_owned(),
        };
        println!("   {path:<10} gives {kind}");
    }

    println!("\n3. A status error keeps the response");
    let error = api.get("problem/409").await.expect_err("it is a conflict");
    println!("   {error}");
    let failure = error.failure().ok_or("a status error has a failure")?;
    println!("   its body: {}", failure.text());
    println!("   its title: {:?}", failure.problem().as_ref().and_then(|p| p.title()));

    println!("\n4. Values are encoded as segments, and references stay on their origin");
    let child = &api / "anything" / ("users", "Ada/Lovelace", 7);
    println!("   {child}");
    let error = api.get("//evil.example/steal").await.expect_err("it is elsewhere");
    println!("   {error:#}");
    assert!(!error.may_have_been_sent());

    println!("\n5. Clones and children share connections");
    println!("   {} requests over {} connection", server.requests(), server.connections());
    assert_eq!(server.connections(), 1);

    println!("\n6. Any tower layer can be added");
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let counting = Client::from(api).layer(MapRequestLayer::new(move |request: Request<_>| {
        counter.fetch_add(1, Relaxed);
        request
    }));
    counting.get("get").await?;
    counting.get("headers").await?;
    println!("   the added layer saw {} requests", count.load(Relaxed));
    assert_eq!(count.load(Relaxed), 2);

    println!("\n7. The same over TLS, with the certificate authority of the server");
    let secure = Testbed::https().await?;
    let tls = Tls::roots_pem(secure.ca_pem().ok_or("the server has no authority")?)?;
    let transport = Transport::builder().tls(tls).build()?;
    let client = Client::builder(secure.url()).build_over(transport)?;
    let start = Instant::now();
    let response = client.get("get").await?;
    println!("   {} over {:?} in {:?}", response.status(), response.version(), start.elapsed());
    let error = Client::new(secure.url())?.get("get").await.expect_err("nobody vouches for it");
    println!("   without it: {error}");
    Ok(())
}
