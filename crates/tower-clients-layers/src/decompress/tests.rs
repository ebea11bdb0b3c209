use super::*;
use crate::{Body as Sent, Error, ErrorKind};
use flate2::{Compression, write};
use http::{HeaderMap, HeaderName, header::CONTENT_ENCODING};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use std::{convert::Infallible, io, io::Write};
use tower::{ServiceExt, service_fn};

const PLAIN: &[u8] = b"hello world hello world hello world";

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = write::GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = write::ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = write::DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    let params = ::brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
    ::brotli::BrotliCompress(&mut &*plain, &mut encoded, &params).unwrap();
    encoded
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

type Encode = fn(&[u8]) -> Vec<u8>;

const ENCODERS: [(&str, Encode); 5] =
    [("gzip", gzip), ("deflate", zlib), ("deflate", raw_deflate), ("br", brotli), ("zstd", zstd)];

/// Sizes of the frames that a body comes in.
const FRAMES: [usize; 4] = [1, 3, 11, 1 << 20];

fn in_frames(bytes: &[u8], size: usize) -> Sent {
    let frames: Vec<_> = bytes.chunks(size).map(|chunk| Ok(chunk.to_vec())).collect();
    Sent::from_stream(futures_util::stream::iter::<Vec<Result<_, Infallible>>>(frames))
}

fn response(coding: &str, body: Sent) -> Response<Sent> {
    let head = Response::builder().header(CONTENT_ENCODING, coding).header("content-length", "1");
    head.body(body).unwrap()
}

fn get() -> Request<()> {
    Request::new(())
}

async fn send(
    layer: DecompressLayer,
    request: Request<()>,
    response: Response<Sent>,
) -> Response<DecompressBody<Sent>> {
    let mut response = Some(response);
    let server = service_fn(move |request: Request<()>| {
        let mut response = response.take().unwrap();
        let headers = request.headers().get_all(ACCEPT_ENCODING).iter();
        let asked = headers.map(|value| (HeaderName::from_static("asked"), value.clone()));
        response.headers_mut().extend(asked);
        std::future::ready(Ok::<_, Infallible>(response))
    });
    layer.layer(server).oneshot(request).await.unwrap()
}

async fn decoded(coding: &str, bytes: &[u8], frame: usize) -> Result<Bytes, Error> {
    let response = send(DecompressLayer::new(), get(), response(coding, in_frames(bytes, frame)));
    Ok(response.await.into_body().collect().await?.to_bytes())
}

fn reason(result: Result<Bytes, Error>) -> NotDecompressed {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    error.find_source::<DecompressError>().unwrap().reason().clone()
}

#[tokio::test]
async fn e4_every_coding_is_decoded_whatever_the_frames() {
    let long: Vec<u8> = (0..100_000_u32).flat_map(|i| (i % 251 * i).to_le_bytes()).collect();
    for (coding, encode) in ENCODERS {
        for frame in FRAMES {
            assert_eq!(
                decoded(coding, &encode(PLAIN), frame).await.unwrap(),
                PLAIN,
                "{coding} {frame}"
            );
        }
        assert_eq!(decoded(coding, &encode(&long), 1000).await.unwrap(), long, "{coding}");
        assert_eq!(decoded(coding, &encode(b""), 1).await.unwrap(), "");
    }
}

/// Flushes what it has, without an end.
fn unfinished(coding: &str, plain: &[u8]) -> Vec<u8> {
    fn flushed<W: Write>(mut encoder: W, plain: &[u8]) -> W {
        encoder.write_all(plain).unwrap();
        encoder.flush().unwrap();
        encoder
    }
    let level = Compression::default();
    match coding {
        "gzip" => flushed(write::GzEncoder::new(Vec::new(), level), plain).get_ref().clone(),
        "deflate" => flushed(write::ZlibEncoder::new(Vec::new(), level), plain).get_ref().clone(),
        "br" => flushed(::brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22), plain)
            .get_ref()
            .clone(),
        _ => flushed(::zstd::Encoder::new(Vec::new(), 3).unwrap(), plain).get_ref().clone(),
    }
}

#[tokio::test]
async fn what_came_is_given_before_the_next_frame_is_awaited() {
    let plain = vec![b'x'; 100_000];
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let start = futures_util::stream::iter([Ok::<_, Infallible>(unfinished(coding, &plain))]);
        let body = futures_util::StreamExt::chain(start, futures_util::stream::pending());
        let answer = response(coding, Sent::from_stream(body));
        let mut body = send(DecompressLayer::new(), get(), answer).await.into_body();
        let mut given = 0;
        while given < plain.len() {
            let frame = futures_util::FutureExt::now_or_never(body.frame());
            let frame = frame.unwrap_or_else(|| panic!("{coding} waits after {given} bytes"));
            given += frame.unwrap().unwrap().into_data().unwrap().len();
        }
    }
}

#[tokio::test]
async fn e4_head_says_no_more_that_it_is_encoded() {
    let response = send(DecompressLayer::new(), get(), response("GZIP", gzip(PLAIN).into())).await;
    assert_eq!(response.headers().len(), 1);
    assert_eq!(response.headers()["asked"], CODINGS);
    assert_eq!(response.body().size_hint().exact(), None);
    assert!(!response.body().is_end_stream());
}

#[tokio::test]
async fn e4_members_follow_each_other() {
    for (coding, encode) in [("x-gzip", gzip as Encode), ("zstd", zstd)] {
        for frame in FRAMES {
            let members = [encode(PLAIN), encode(b""), encode(b" and more")].concat();
            let decoded = decoded(coding, &members, frame).await.unwrap();
            assert_eq!(decoded, [PLAIN, b" and more"].concat(), "{coding} {frame}");
        }
    }
}

#[tokio::test]
async fn e4_what_follows_the_end_is_damage() {
    for (coding, encode) in ENCODERS {
        for frame in FRAMES {
            for rest in [&b"garbage"[..], b"\0", b"<"] {
                let bytes = [&encode(PLAIN)[..], rest].concat();
                let reason = reason(decoded(coding, &bytes, frame).await);
                assert_eq!(reason, NotDecompressed::Damaged, "{coding} {frame} {rest:?}");
            }
        }
    }
}

#[tokio::test]
async fn e4_every_cut_is_damage() {
    for (coding, encode) in ENCODERS {
        let bytes = encode(PLAIN);
        for end in 1..bytes.len() {
            for frame in FRAMES {
                let reason = reason(decoded(coding, &bytes[..end], frame).await);
                assert_eq!(reason, NotDecompressed::Damaged, "{coding} {frame} {end}");
            }
        }
        // Nothing at all is no encoding of anything, but an empty body.
        assert_eq!(decoded(coding, b"", 1).await.unwrap(), "");
    }
}

#[tokio::test]
async fn e4_wrong_checksum_is_damage() {
    for (coding, encode) in [("gzip", gzip as Encode), ("deflate", zlib), ("zstd", zstd)] {
        let mut bytes = encode(PLAIN);
        let checksum = bytes.len() - if coding == "gzip" { 5 } else { 1 };
        bytes[checksum] ^= 1;
        for frame in FRAMES {
            let reason = reason(decoded(coding, &bytes, frame).await);
            assert_eq!(reason, NotDecompressed::Damaged, "{coding} {frame}");
        }
    }
}

/// RFC 8878 §3.1.1: one segment, four bytes told, one raw block of three, an empty last one.
#[tokio::test]
async fn e4_zstd_frame_that_is_shorter_than_it_tells_is_damage() {
    let frame =
        |told| [b"\x28\xb5\x2f\xfd\x20".as_slice(), &[told], b"\x18\0\0abc\x01\0\0"].concat();
    for size in FRAMES {
        assert_eq!(decoded("zstd", &frame(3), size).await.unwrap(), "abc");
        assert!(decoded("zstd", &frame(4), size).await.is_err(), "{size}");
    }
}

#[tokio::test]
async fn e4_codings_may_be_nested_up_to_five() {
    let mut bytes = PLAIN.to_vec();
    let mut codings = Vec::new();
    for (coding, encode) in ENCODERS {
        bytes = encode(&bytes);
        codings.push(coding);
        for frame in FRAMES {
            assert_eq!(decoded(&codings.join(", "), &bytes, frame).await.unwrap(), PLAIN);
        }
        let damaged = [&bytes[..], b"x"].concat();
        assert!(decoded(&codings.join(", "), &damaged, 1).await.is_err(), "{codings:?}");
    }
    codings.push("gzip");
    let codings = codings.join(", ");
    let reason = reason(decoded(&codings, &gzip(&bytes), 99).await);
    assert_eq!(reason, NotDecompressed::Unknown(codings.into()));
}

#[tokio::test]
async fn e4_unknown_coding_fails_the_body_and_not_the_head() {
    let mut answer = response("compress", "x".into());
    *answer.status_mut() = http::StatusCode::NOT_FOUND;
    let response = send(DecompressLayer::new(), get(), answer).await;
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["content-encoding"], "compress");
    let mut body = response.into_body();
    let error = body.frame().await.unwrap().unwrap_err();
    let error: &DecompressError = error.find_source().unwrap();
    assert_eq!(
        error.to_string(),
        r#"its content coding is "compress", which is not known or too many"#
    );
    assert!(body.frame().await.is_none());
    assert!(body.is_end_stream());
}

#[tokio::test]
async fn e4_what_this_layer_did_not_ask_for_is_untouched() {
    let with = |name: &'static str, value: &str| {
        let mut request = get();
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    let head = Request::head("/").body(()).unwrap();
    for (layer, request, asked) in [
        (DecompressLayer::none(), get(), None),
        (DecompressLayer::new(), head, None),
        (DecompressLayer::new(), with("range", "bytes=1-"), None),
        (DecompressLayer::new(), with("accept-encoding", "gzip"), Some("gzip")),
        (DecompressLayer::new(), with("accept-encoding", "identity"), Some("identity")),
    ] {
        let response = send(layer, request, response("gzip", gzip(PLAIN).into())).await;
        assert_eq!(response.headers().get("asked").map(|value| value.to_str().unwrap()), asked);
        assert_eq!(response.headers()["content-encoding"], "gzip");
        assert_eq!(response.headers()["content-length"], "1");
        let body = response.into_body();
        assert_eq!(body.size_hint().exact(), Some(gzip(PLAIN).len() as u64));
        assert_eq!(body.collect().await.unwrap().to_bytes(), gzip(PLAIN));
    }
}

#[tokio::test]
async fn e4_statuses_without_a_whole_body_are_untouched() {
    for status in [204, 205, 206, 304] {
        let mut answer = response("gzip", Sent::empty());
        *answer.status_mut() = status.try_into().unwrap();
        let response = send(DecompressLayer::new(), get(), answer).await;
        assert_eq!(response.headers()["content-encoding"], "gzip");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "");
    }
}

#[tokio::test]
async fn e4_bomb_is_refused_by_its_ratio() {
    let bytes = vec![0; 30_000_000];
    for (coding, encode) in ENCODERS {
        let bomb = encode(&bytes);
        assert!(bomb.len() < 40_000, "{coding} {}", bomb.len());
        let answer = response(coding, in_frames(&bomb, 1000));
        let mut body = send(DecompressLayer::new(), get(), answer).await.into_body();
        let mut given = 0;
        let error = loop {
            match body.frame().await.unwrap() {
                Ok(frame) => {
                    let data = frame.into_data().unwrap();
                    assert!(data.len() <= 16 * 1024);
                    given += data.len();
                }
                Err(error) => break error,
            }
        };
        assert!(given <= 200 * 40_000, "{coding} {given}");
        let error: &DecompressError = error.find_source().unwrap();
        assert_eq!(*error.reason(), NotDecompressed::Ratio(200));
    }
}

#[tokio::test]
async fn e4_bomb_in_between_is_refused_though_nothing_comes_out() {
    for (coding, encode) in [("gzip", gzip as Encode), ("zstd", zstd)] {
        let nothing = encode(b"").repeat(100_000);
        let bomb = encode(&encode(&nothing));
        assert!(bomb.len() < 4096, "{}", bomb.len());
        let result = decoded(&[coding; 3].join(","), &bomb, 1000).await;
        assert_eq!(reason(result), NotDecompressed::Ratio(200));
    }
}

#[tokio::test]
async fn q6_limit_ends_a_bomb_at_once() {
    let bomb = gzip(&vec![0; 30_000_000]);
    let layer = DecompressLayer::new().limit(1 << 20).ratio(u32::MAX);
    let body = send(layer, get(), response("gzip", bomb.into())).await.into_body();
    let error = body.collect().await.unwrap_err();
    let error: &DecompressError = error.find_source().unwrap();
    assert_eq!(*error.reason(), NotDecompressed::Limit(1 << 20));
}

#[tokio::test]
async fn first_mebibyte_may_come_of_little() {
    for (coding, encode) in ENCODERS {
        let plain = vec![b'x'; 1 << 20];
        assert_eq!(decoded(coding, &encode(&plain), 99).await.unwrap().len(), plain.len());
    }
    let exact = vec![0; 1000];
    let layer = DecompressLayer::new().limit(1000);
    let body = send(layer, get(), response("br", brotli(&exact).into())).await.into_body();
    assert_eq!(body.collect().await.unwrap().to_bytes(), exact);
}

#[tokio::test]
async fn broken_connection_is_the_error_of_the_body() {
    let frames = [Ok(gzip(PLAIN)[..20].to_vec()), Err(io::Error::other("reset"))];
    let body = Sent::from_stream(futures_util::stream::iter(frames));
    let mut body = send(DecompressLayer::new(), get(), response("gzip", body)).await.into_body();
    let error = loop {
        if let Err(error) = body.frame().await.unwrap() {
            break error;
        }
    };
    assert!(error.is_body() && format!("{error:#}").contains("reset"), "{error:#}");
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn trailers_come_last() {
    let trailers = HeaderMap::from_iter([(ACCEPT_ENCODING, CODINGS)]);
    let frames = [
        Ok::<_, Infallible>(Frame::data(Bytes::from(gzip(PLAIN)))),
        Ok(Frame::trailers(trailers.clone())),
    ];
    let body = Sent::new(StreamBody::new(futures_util::stream::iter(frames)));
    let body = send(DecompressLayer::new(), get(), response("gzip", body)).await.into_body();
    let collected = body.collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
    assert_eq!(collected.to_bytes(), PLAIN);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn e4_frames_do_not_matter(
            plain in prop::collection::vec(0_u8..4, 0..2000), frame in 1_usize..100, which in 0..ENCODERS.len(),
        ) {
            let (coding, encode) = ENCODERS[which];
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let decoded = runtime.block_on(decoded(coding, &encode(&plain), frame)).unwrap();
            prop_assert_eq!(decoded, plain);
        }

        #[test]
        fn e4_no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), which in 0..ENCODERS.len()) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(decoded(ENCODERS[which].0, &bytes, 7));
        }
    }
}
