//! A compressed body is decoded as a whole or is an error, however it is cut into frames.
//!
//! Input: the coding, a line; the size of frames, a byte; then the body.

use crate::paused;
use bytes::Bytes;
use flate2::{Compression, read};
use futures_util::stream;
use http::{HeaderValue, Request, Response, header::CONTENT_ENCODING};
use http_body_util::BodyExt;
use std::{convert::Infallible, io::Read};
use tower::{Layer, ServiceExt, service_fn};
use tower_clients_layers::{Body, DecompressLayer};

const LIMIT: u64 = 64 * 1024;

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let (Ok(coding), Some((size, body))) = (str::from_utf8(&input[..end]), input[end + 1..].split_first())
    else {
        return;
    };
    let Ok(value) = HeaderValue::from_str(coding) else { return };
    let size = usize::from(*size).max(1);
    let cut = decoded(&value, body, size);
    assert_eq!(cut, decoded(&value, body, body.len().max(1)), "it depends on the frames");
    if let Some(cut) = cut {
        assert!(body.is_empty() || cut.len() as u64 <= LIMIT || coding.trim().is_empty() || coding == "identity");
        if !body.is_empty() && let Some(references) = references(coding, body) {
            assert!(references.contains(&cut), "it is not what others read");
        }
    }
    if let Some(encoded) = encoded(coding, body) {
        assert_eq!(decoded(&value, &encoded, size).as_deref(), Some(body), "it does not come back");
    }
}

fn decoded(coding: &HeaderValue, body: &[u8], size: usize) -> Option<Vec<u8>> {
    let frames: Vec<_> = body.chunks(size).map(Bytes::copy_from_slice).map(Ok::<_, Infallible>).collect();
    let mut response = Response::new(Body::from_stream(stream::iter(frames)));
    response.headers_mut().insert(CONTENT_ENCODING, coding.clone());
    let server = service_fn(move |_: Request<()>| {
        std::future::ready(Ok::<_, Infallible>(std::mem::take(&mut response)))
    });
    let service = DecompressLayer::new().limit(LIMIT).layer(server);
    paused::run(async {
        let response = service.oneshot(Request::new(())).await.unwrap();
        response.into_body().collect().await.ok().map(|body| body.to_bytes().to_vec())
    })
}

/// What other decoders make of it; none for a coding that is not looked at here.
fn references(coding: &str, body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut readers: Vec<Box<dyn Read + '_>> = match coding {
        "gzip" => vec![Box::new(read::MultiGzDecoder::new(body))],
        "deflate" => {
            vec![Box::new(read::ZlibDecoder::new(body)), Box::new(read::DeflateDecoder::new(body))]
        }
        "br" => vec![Box::new(brotli::Decompressor::new(body, 4096))],
        "zstd" => vec![Box::new(zstd::Decoder::new(body).ok()?)],
        _ => return None,
    };
    let all = readers.iter_mut().filter_map(|reader| {
        let mut plain = Vec::new();
        reader.take(LIMIT + 1).read_to_end(&mut plain).is_ok().then_some(plain)
    });
    Some(all.collect())
}

fn encoded(coding: &str, plain: &[u8]) -> Option<Vec<u8>> {
    let level = Compression::default();
    let mut encoded = Vec::new();
    match coding {
        "gzip" => read::GzEncoder::new(plain, level).read_to_end(&mut encoded),
        "deflate" => read::ZlibEncoder::new(plain, level).read_to_end(&mut encoded),
        "br" => brotli::CompressorReader::new(plain, 4096, 1, 16).read_to_end(&mut encoded),
        "zstd" => zstd::stream::read::Encoder::new(plain, 1).ok()?.read_to_end(&mut encoded),
        _ => return None,
    }
    .unwrap();
    Some(encoded)
}
