use super::*;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use std::{convert::Infallible, net::Ipv4Addr};
use tower::{ServiceExt, service_fn};

fn request(uri: &str) -> Request<Body> {
    Request::get(uri).header(header::HOST, "public:81").body(Body::empty()).unwrap()
}

/// What the server gets.
async fn sent(layer: ForwardLayer, request: Request<Body>) -> Request<Body> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let server = service_fn(move |request: Request<Body>| {
        sender.send(request).unwrap();
        async { Ok::<_, Infallible>(Response::new(Body::empty())) }
    });
    layer.layer(server).oneshot(request).await.unwrap();
    receiver.recv().unwrap()
}

#[tokio::test]
async fn target_is_relative_and_the_host_is_left_to_the_server() {
    for (uri, target, host) in [
        ("/a/b?c=d", "/a/b?c=d", "public:81"),
        ("/", "/", "public:81"),
        // What is in the target counts (RFC 9112 §3.2.2).
        ("http://x@other:82/a?b", "/a?b", "other:82"),
    ] {
        let sent = sent(ForwardLayer::new(), request(uri)).await;
        assert_eq!(sent.uri(), target);
        assert!(!sent.headers().contains_key(header::HOST));
        assert_eq!(sent.headers()["x-forwarded-host"], host);
    }
}

#[tokio::test]
async fn host_and_scheme_of_an_http_2_request_are_in_its_target() {
    let mut request = Request::get("https://public/a").body(Body::empty()).unwrap();
    *request.version_mut() = Version::HTTP_2;
    let sent = sent(ForwardLayer::new().name("edge").unwrap(), request).await;
    assert_eq!(sent.headers()["x-forwarded-host"], "public");
    assert_eq!(sent.headers()["x-forwarded-proto"], "https");
    assert_eq!(sent.headers()["via"], "2 edge");
}

#[tokio::test]
async fn version_is_that_of_the_caller_in_via_only() {
    for (version, via) in [
        (Version::HTTP_10, "1.0 edge"),
        (Version::HTTP_11, "1.1 edge"),
        (Version::HTTP_2, "2 edge"),
        (Version::HTTP_3, "3 edge"),
    ] {
        let mut request = request("/");
        *request.version_mut() = version;
        let sent = sent(ForwardLayer::new().name("edge").unwrap(), request).await;
        assert_eq!(
            (&sent.headers()["via"], sent.version()),
            (&via.parse().unwrap(), Version::HTTP_11)
        );
    }
}

#[tokio::test]
async fn what_is_said_to_the_gateway_itself_is_refused() {
    for (method, left, is_refused) in [
        ("CONNECT", "", true),
        ("TRACE", "", true),
        ("OPTIONS", "0", true),
        ("OPTIONS", "2", false),
        ("OPTIONS", "many", false),
        ("GET", "0", false),
    ] {
        let seen = service_fn(async |request: Request<Body>| {
            Ok::<_, Infallible>(Response::new(request.headers()["max-forwards"].clone()))
        });
        let request = Request::builder().method(method).header(header::MAX_FORWARDS, left);
        let request = request.uri("/").body(Body::empty()).unwrap();
        match ForwardLayer::new().layer(seen).oneshot(request).await {
            Ok(response) => {
                assert!(!is_refused, "{method}");
                assert_eq!(response.body(), if left == "2" { "1" } else { left });
            }
            Err(error) => {
                assert!(is_refused && !error.may_have_been_sent(), "{method}");
                assert_eq!(error.gateway_status(), StatusCode::NOT_IMPLEMENTED);
            }
        }
    }
}

#[tokio::test]
async fn response_is_one_of_the_gateway() {
    let server = service_fn(async |_: Request<Body>| {
        let response = Response::builder().version(Version::HTTP_10);
        let response = response.header("transfer-encoding", "chunked").header("content-length", 3);
        Ok::<_, Infallible>(response.body(Body::empty()).unwrap())
    });
    let response = ForwardLayer::new().layer(server).oneshot(request("/")).await.unwrap();
    assert_eq!((response.version(), response.headers().len()), (Version::HTTP_11, 0));
}

#[tokio::test]
async fn caller_is_named_by_its_address() {
    let layer = ForwardLayer::new().peer(|extensions| extensions.get().copied()).https();
    let mut request = request("/");
    request.extensions_mut().insert(IpAddr::V6(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped()));
    request.headers_mut().insert("x-forwarded-for", HeaderValue::from_static("1.1.1.1"));
    let sent = sent(layer, request).await;
    assert_eq!(sent.headers()["x-forwarded-for"], "192.0.2.1");
    assert_eq!(sent.headers()["forwarded"], r#"for=192.0.2.1;host="public:81";proto=https"#);
}

#[tokio::test]
async fn redirects_are_passed_on_unless_options_say_otherwise() {
    let options = sent(ForwardLayer::new(), request("/")).await;
    let options = RequestOptions::of(&options).unwrap();
    assert_eq!(options.redirect_value(), Some(Redirects::Never));

    let mut request = request("/");
    let options = RequestOptions::new().redirect(Redirects::SameOrigin).limit(7);
    request.extensions_mut().insert(options.clone());
    let sent = sent(ForwardLayer::new(), request).await;
    assert_eq!(RequestOptions::of(&sent), Some(&options));
}

#[tokio::test]
async fn request_that_comes_back_is_refused() {
    let layer = ForwardLayer::new();
    let other = ForwardLayer::new().name("other").unwrap();
    let other = sent(other, sent(layer.clone(), request("/")).await).await;
    assert_eq!(other.headers().get_all(header::VIA).iter().count(), 2);

    let server =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::empty())));
    let error = layer.layer(server).oneshot(other).await.unwrap_err();
    assert!(error.find_source::<ForwardError>().unwrap().is_loop() && !error.may_have_been_sent());
    assert_eq!(error.gateway_status(), StatusCode::LOOP_DETECTED);
}

#[tokio::test]
async fn bodies_pass_in_frames_with_their_trailers() {
    let server = service_fn(async |request: Request<Body>| {
        Ok::<_, Infallible>(Response::new(request.into_body()))
    });
    let trailers = HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static("x"))]);
    let frames =
        [Frame::data(Bytes::from("a")), Frame::data("b".into()), Frame::trailers(trailers)];
    let stream = futures_util::stream::iter(frames.map(Ok::<_, Infallible>));
    let request = Request::post("/").body(StreamBody::new(stream)).unwrap();
    let mut body = ForwardLayer::new().layer(server).oneshot(request).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "a");
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "b");
    assert_eq!(body.frame().await.unwrap().unwrap().into_trailers().unwrap()["etag"], "x");
}

#[tokio::test]
async fn change_of_the_protocol_that_nobody_asked_for_is_an_error() {
    let server = service_fn(async |_: Request<Body>| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        Ok::<_, Infallible>(response)
    });
    let error = ForwardLayer::new().layer(server).oneshot(request("/")).await.unwrap_err();
    assert!(error.is_transport());
}
