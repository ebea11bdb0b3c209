//! Random bytes, the same ones for the same seed.

use super::{Refused, args::Args};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use http::header;
use std::convert::Infallible;

/// The most bytes an answer of random or ranged bytes has.
pub(super) const MOST: usize = 100 * 1024;

pub(super) const OCTETS: [(header::HeaderName, &str); 1] =
    [(header::CONTENT_TYPE, "application/octet-stream")];

pub(super) fn routes() -> Router {
    Router::new().route("/bytes/{n}", get(whole)).route("/stream-bytes/{n}", get(in_chunks))
}

async fn whole(Path(n): Path<usize>, args: Args) -> Result<Response, Refused> {
    Ok((OCTETS, random(n, &args)?).into_response())
}

async fn in_chunks(Path(n): Path<usize>, args: Args) -> Result<Response, Refused> {
    let size = args.parse("chunk_size")?.unwrap_or(10 * 1024).max(1);
    let bytes = Bytes::from(random(n, &args)?);
    let chunks = (0..bytes.len())
        .step_by(size)
        .map(move |start| Ok::<_, Infallible>(bytes.slice(start..bytes.len().min(start + size))));
    Ok((OCTETS, Body::from_stream(stream::iter(chunks))).into_response())
}

fn random(n: usize, args: &Args) -> Result<Vec<u8>, Refused> {
    let mut state: u64 = args.parse("seed")?.unwrap_or_default();
    Ok((0..n.min(MOST)).map(|_| split_mix(&mut state)).collect())
}

/// One step of `SplitMix64`, of which the top byte is kept.
fn split_mix(state: &mut u64) -> u8 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).to_be_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bytes, get};
    use super::*;
    use http::StatusCode;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_seed_decides_the_bytes() {
        let response = get("/bytes/1000").await;
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        assert_eq!(response.headers()["content-length"], "1000");
        let unseeded = bytes(response).await;
        assert_eq!(unseeded, bytes(get("/bytes/1000?seed=0").await).await);
        assert_ne!(unseeded, bytes(get("/bytes/1000?seed=1").await).await);
    }

    #[tokio::test]
    async fn there_is_a_limit() {
        assert_eq!(bytes(get("/bytes/9999999").await).await.len(), MOST);
        assert_eq!(bytes(get("/stream-bytes/9999999").await).await.len(), MOST);
    }

    #[tokio::test]
    async fn chunks_have_the_size_asked_for() {
        let response = get("/stream-bytes/25?seed=7&chunk_size=10").await;
        assert!(!response.headers().contains_key("content-length"));
        let mut body = response.into_body();
        let mut chunks = Vec::new();
        while let Some(frame) = body.frame().await {
            chunks.push(frame.unwrap().into_data().unwrap());
        }
        let sizes: Vec<_> = chunks.iter().map(Bytes::len).collect();
        assert_eq!(sizes, [10, 10, 5]);
        let whole = bytes(get("/bytes/25?seed=7").await).await;
        assert_eq!(chunks.concat(), whole);
    }

    #[tokio::test]
    async fn parameters_have_to_be_numbers() {
        for path in ["/bytes/x", "/bytes/1?seed=x", "/stream-bytes/1?chunk_size=x"] {
            assert_eq!(get(path).await.status(), StatusCode::BAD_REQUEST, "{path}");
        }
    }
}
