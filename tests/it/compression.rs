//! Compressed bodies under the whole client.

use axum::{Router, http::HeaderMap};
use serde_json::Value;
use testbed::Testbed;
use tower_clients::{
    Client, ContentError, DecompressLayer, Resource,
    decompress::{DecompressError, NotDecompressed},
};

fn resource() -> Resource<tower_clients::Session<Router>> {
    let client = Client::builder("http://in.process").build_over(testbed::router());
    Resource::from(client.unwrap())
}

const CODED: [(&str, &str); 4] =
    [("gzip", "gzipped"), ("deflate", "deflated"), ("brotli", "brotli"), ("zstd", "zstd")];

#[tokio::test]
async fn answers_are_decoded_by_default() {
    let server = Testbed::http().await.unwrap();
    let over_the_wire = Resource::new(server.url()).unwrap();
    for (path, flag) in CODED {
        assert_eq!(resource().get(path).json::<Value>().await.unwrap()[flag], true);
        let answer = over_the_wire.get(path).with_head().await.unwrap();
        assert!(!answer.headers().contains_key("content-encoding"));
        let answer = answer.body().as_json().unwrap();
        assert_eq!((&answer[flag], &answer["method"]), (&true.into(), &"GET".into()));
        assert_eq!(answer["headers"]["Accept-Encoding"], "gzip, deflate, br, zstd");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn codings_that_the_request_names_are_its_own_matter() {
    for (path, _) in CODED {
        let request = || resource().get(path).header("accept-encoding", "gzip, br");
        let error = request().await.unwrap_err();
        assert!(error.find_source::<ContentError>().is_some());
        assert!(!request().bytes().await.unwrap().starts_with(b"{"));
    }
    let off = Client::builder("http://h").decompression(DecompressLayer::none());
    let app = Router::new().fallback(async |headers: HeaderMap| headers.len().to_string());
    let off = Resource::from(off.build_over(app).unwrap());
    assert_eq!(off.get("x").text().await.unwrap(), "0");
}

#[tokio::test]
async fn e4_damage_is_an_error_of_every_mode() {
    let app = Router::new().fallback(async || ([("content-encoding", "gzip")], "no gzip at all"));
    let client = Client::builder("http://h").build_over(app).unwrap();
    let api = Resource::from(client);
    let lines = async { api.get("x").lines().await?.next().await.unwrap().map(drop) };
    for error in [
        api.get("x").await.unwrap_err(),
        api.get("x").bytes().await.unwrap_err(),
        lines.await.unwrap_err(),
    ] {
        let reason = error.find_source::<DecompressError>().map(DecompressError::reason);
        assert_eq!(reason, Some(&NotDecompressed::Damaged), "{error:#}");
    }
}

#[tokio::test]
async fn e7_failure_is_decoded_and_cut() {
    let app = Router::new().fallback(async || {
        let mut bomb = Vec::new();
        let params = brotli::enc::BrotliEncoderParams { quality: 3, ..Default::default() };
        brotli::BrotliCompress(&mut &vec![b'x'; 10_000_000][..], &mut bomb, &params).unwrap();
        (http::StatusCode::INTERNAL_SERVER_ERROR, [("content-encoding", "br")], bomb)
    });
    let api = Resource::from(Client::builder("http://h").build_over(app).unwrap());
    let error = api.get("x").await.unwrap_err();
    let failure = error.failure().unwrap();
    assert_eq!((failure.status().as_u16(), failure.bytes().len()), (500, 64 * 1024));
    assert!(failure.is_truncated() && failure.text().starts_with("xx"));
}
