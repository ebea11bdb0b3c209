//! Compressed answers, encoded whatever the client accepts.

use super::echo::Echo;
use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use http::{StatusCode, header};
use serde_json::json;
use std::io::{self, Write};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/gzip", get(async |echo| encoded("gzip", "gzipped", gzip, &echo)))
        .route("/deflate", get(async |echo| encoded("deflate", "deflated", zlib, &echo)))
        .route("/brotli", get(async |echo| encoded("br", "brotli", brotli, &echo)))
        .route("/zstd", get(async |echo| encoded("zstd", "zstd", zstd, &echo)))
}

fn encoded(
    coding: &'static str,
    flag: &'static str,
    encode: fn(&[u8]) -> io::Result<Vec<u8>>,
    echo: &Echo,
) -> Result<Response, StatusCode> {
    let answer = json!({
        flag: true,
        "headers": echo.headers(),
        "method": echo.method.as_str(),
        "origin": echo.origin(),
    });
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_ENCODING, coding)];
    let body = encode(answer.to_string().as_bytes());
    let body = body.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok((headers, body).into_response())
}

fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// The coding named `deflate` is the zlib format (RFC 9110, section 8.4.1.2).
fn zlib(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn brotli(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoded = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        // The highest quality is slow, and the default.
        quality: 5,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*plain, &mut encoded, &params)?;
    Ok(encoded)
}

fn zstd(plain: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(plain, zstd::DEFAULT_COMPRESSION_LEVEL)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bytes, get};
    use flate2::read::{GzDecoder, ZlibDecoder};
    use http::header;
    use serde_json::{Value, json};
    use std::io::{Cursor, Read, read_to_string};

    async fn decoded<R: Read>(
        path: &str,
        coding: &str,
        decoder: impl FnOnce(Cursor<Vec<u8>>) -> R,
    ) -> Value {
        let response = get(path).await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], coding);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let body = Cursor::new(bytes(response).await.to_vec());
        serde_json::from_str(&read_to_string(decoder(body)).unwrap()).unwrap()
    }

    fn answer(flag: &str) -> Value {
        json!({
            flag: true,
            "headers": {"Host": "localhost"},
            "method": "GET",
            "origin": "127.0.0.1",
        })
    }

    #[tokio::test]
    async fn each_coding_decodes_to_the_answer() {
        let gzip = decoded("/gzip", "gzip", GzDecoder::new).await;
        assert_eq!(gzip, answer("gzipped"));
        let deflate = decoded("/deflate", "deflate", ZlibDecoder::new).await;
        assert_eq!(deflate, answer("deflated"));
        let brotli = decoded("/brotli", "br", |body| brotli::Decompressor::new(body, 4096)).await;
        assert_eq!(brotli, answer("brotli"));
        let zstd = decoded("/zstd", "zstd", |body| zstd::Decoder::new(body).unwrap()).await;
        assert_eq!(zstd, answer("zstd"));
    }
}
