use super::*;
use crate::{
    UrlError,
    error::ErrorKind,
    url::{Boundary, CrossedOrigin},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt;
use std::{convert::Infallible, io, sync::Mutex, task::Waker};
use tower::{ServiceExt, service_fn};
use tower_test::mock;

const A: &str = "http://a.example";
const B: &str = "http://b.example";
const CANARY: &str = "CANARY";

/// What a request did.
struct Seen {
    result: Result<Response<Body>, Error>,
    requests: Vec<Request<Bytes>>,
}

impl Seen {
    fn reason(&self) -> &NotFollowed {
        let error = self.result.as_ref().unwrap_err();
        assert!(error.is_redirect() && error.may_have_been_sent(), "{error:#}");
        error.find_source::<RedirectError>().unwrap().reason()
    }

    fn urls(&self) -> Vec<String> {
        self.requests.iter().map(|request| request.uri().to_string()).collect()
    }

    fn last(&self) -> &Request<Bytes> {
        self.requests.last().unwrap()
    }
}

/// Sends `request` to servers that redirect from one URL to another by status, and answer 200 where
/// there is no such redirect.
async fn send(
    layer: RedirectLayer,
    redirects: &[(&str, u16, &str)],
    request: Request<Body>,
) -> Seen {
    let requests = Mutex::<Vec<Request<Bytes>>>::default();
    let server = service_fn(async |request: Request<Body>| {
        let (head, body) = request.into_parts();
        let uri = head.uri.to_string();
        let body = body.collect().await.unwrap().to_bytes();
        requests.lock().unwrap().push(Request::from_parts(head, body));
        let mut response = Response::new(Body::empty());
        if let Some((_, status, to)) = redirects.iter().find(|(from, ..)| *from == uri) {
            *response.status_mut() = (*status).try_into().unwrap();
            response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(to).unwrap());
        }
        Ok::<_, Infallible>(response)
    });
    let result = layer.layer(server).oneshot(request).await;
    Seen { result, requests: requests.into_inner().unwrap() }
}

fn request(method: Method, uri: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(uri);
    request.header("content-type", "text/plain").body(body.into()).unwrap()
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

fn stream() -> Body {
    Body::new(http_body_util::Full::new(Bytes::from("stream")))
}

fn anywhere() -> RedirectLayer {
    RedirectLayer::new().allow_cross_origin()
}

const SECRETS: [&str; 4] = ["authorization", "cookie", "x-api-key", "proxy-authorization"];

fn with_secrets(mut request: Request<Body>) -> Request<Body> {
    for name in SECRETS {
        request.headers_mut().insert(name, HeaderValue::from_static(CANARY));
    }
    for name in ["accept", "user-agent", "range"] {
        request.headers_mut().insert(name, HeaderValue::from_static("shared"));
    }
    request
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn b1_another_origin_is_an_error_that_names_it() {
    for status in [301, 302, 303, 307, 308] {
        for (target, host) in [
            ("http://b.example/x?key=CANARY", "http://b.example"),
            ("http://a.example:81/x", "http://a.example:81"),
            ("//b.example", "http://b.example"),
            ("https://a.example/", "https://a.example"),
        ] {
            let seen =
                send(RedirectLayer::new(), &[("http://a.example/", status, target)], get(A)).await;
            assert_eq!(*seen.reason(), NotFollowed::CrossOrigin, "{status} {target}");
            assert_eq!(seen.requests.len(), 1);
            let error = seen.result.unwrap_err();
            assert_eq!(error.status().unwrap(), status);
            assert_eq!(error.failure().unwrap().headers()["location"], target);
            let text = format!("{error:#} {error:?}");
            assert!(text.contains(host) && !text.contains(CANARY), "{text}");
        }
    }
}

#[tokio::test]
async fn b1_only_the_list_crosses_when_it_is_allowed() {
    for status in [301, 302, 303, 307, 308] {
        let redirects = [("http://a.example/", status, "http://b.example/")];
        let seen = send(anywhere(), &redirects, with_secrets(get(A))).await;
        assert_eq!(seen.urls(), ["http://a.example/", "http://b.example/"]);
        assert_eq!(names(seen.last().headers()), ["accept", "range", "user-agent"]);
        assert_eq!(seen.last().extensions().get(), Some(&CrossedOrigin));
    }
}

#[tokio::test]
async fn b2_what_was_left_behind_does_not_come_back() {
    let redirects = [
        ("http://a.example/", 302, "/1"),
        ("http://a.example/1", 307, "http://b.example/2"),
        ("http://b.example/2", 302, "/3"),
        ("http://b.example/3", 308, "http://a.example/4"),
        ("http://a.example/4", 302, "/5"),
    ];
    let seen = send(anywhere(), &redirects, with_secrets(get(A))).await;
    let headers: Vec<_> = seen.requests.iter().map(|request| request.headers().len()).collect();
    assert_eq!(headers, [7, 7, 3, 3, 3, 3]);
    let crossed: Vec<_> = seen.requests.iter().map(|r| r.extensions().len()).collect();
    assert_eq!(crossed, [0, 0, 1, 1, 1, 1]);
}

#[tokio::test]
async fn lists_can_be_changed() {
    #[derive(Debug, Clone, PartialEq)]
    struct Trace(u8);
    #[derive(Clone)]
    struct Secret;

    let layer = anywhere()
        .share_header(HeaderName::from_static("x-trace"))
        .share_header(header::ACCEPT)
        .withhold_header(&header::USER_AGENT)
        .share_extension::<Trace>();
    let mut request = with_secrets(get(A));
    request.headers_mut().append("x-trace", HeaderValue::from_static("1"));
    request.headers_mut().append("x-trace", HeaderValue::from_static("2"));
    request.extensions_mut().insert(Trace(1));
    request.extensions_mut().insert(Secret);
    RequestOptions::of_mut(&mut request);
    let seen = send(layer, &[("http://a.example/", 302, B)], request).await;
    assert_eq!(names(seen.last().headers()), ["accept", "range", "x-trace"]);
    assert_eq!(seen.last().headers().get_all("x-trace").iter().count(), 2);
    assert_eq!(seen.last().headers().get_all("accept").iter().count(), 1);
    let extensions = seen.last().extensions();
    assert_eq!(extensions.get(), Some(&Trace(1)));
    assert!(extensions.get::<Secret>().is_none());
    assert!(extensions.get::<RequestOptions>().is_some());
}

#[tokio::test]
async fn b3_clear_text_is_never_followed() {
    let seen =
        send(anywhere().allow_upgrade(), &[("https://a/", 302, "http://a/")], get("https://a"))
            .await;
    assert_eq!(*seen.reason(), NotFollowed::ClearText);
    assert_eq!(seen.requests.len(), 1);
}

#[tokio::test]
async fn b3_upgrade_is_followed_when_it_is_allowed() {
    let layer = || RedirectLayer::new().allow_upgrade();
    for (from, to, is_upgrade) in [
        ("http://a/", "https://a/", true),
        ("http://a:80/", "https://A:443/", true),
        ("http://a:81/", "https://a/", false),
        ("http://a/", "https://a:444/", false),
        ("http://a/", "https://b/", false),
    ] {
        let seen = send(layer(), &[(from, 301, to)], with_secrets(get(from))).await;
        assert_eq!(seen.result.is_ok(), is_upgrade, "{from} {to}");
        if is_upgrade {
            assert_eq!(names(seen.last().headers()), ["accept", "range", "user-agent"]);
        }
        assert!(send(RedirectLayer::new(), &[(from, 301, to)], get(from)).await.result.is_err());
    }
}

#[tokio::test]
async fn base_url_says_where_redirects_may_lead() {
    let base: BaseUrl = "http://a.example/v1".parse().unwrap();
    let base = base.with_boundary(Boundary::Path).allow_origin(B.parse().unwrap());
    let layer = RedirectLayer::new().within(base);
    let start = "http://a.example/v1/x";
    for (to, follows) in [
        ("y", true),
        ("http://b.example/z", true),
        ("http://c.example/v1/", false),
        ("/v2", false),
        ("/v1/%2e%2e/v2", false),
    ] {
        let seen = send(layer.clone(), &[(start, 302, to)], with_secrets(get(start))).await;
        assert_eq!(seen.result.is_ok(), follows, "{to}");
    }
    // Nor is the path left when other origins are allowed; they know nothing of it.
    let seen = send(layer.clone().allow_cross_origin(), &[(start, 302, "/v2")], get(start)).await;
    assert!(matches!(seen.reason(), NotFollowed::Location(error) if error.is_path_escape()));
    let seen =
        send(layer.allow_cross_origin(), &[(start, 302, "//c.example/v2")], get(start)).await;
    assert_eq!(seen.requests.len(), 2);
}

#[tokio::test]
async fn b5_method_and_body_are_those_of_the_status() {
    use Method as M;
    for (status, method, body, next, next_body) in [
        (301, M::POST, "x", M::GET, ""),
        (302, M::POST, "x", M::GET, ""),
        (303, M::POST, "x", M::GET, ""),
        (303, M::PUT, "x", M::GET, ""),
        (303, M::DELETE, "", M::GET, ""),
        (301, M::PUT, "x", M::PUT, "x"),
        (302, M::DELETE, "x", M::DELETE, "x"),
        (307, M::POST, "x", M::POST, "x"),
        (308, M::PATCH, "x", M::PATCH, "x"),
        (303, M::HEAD, "", M::HEAD, ""),
        (302, M::HEAD, "", M::HEAD, ""),
        (307, M::GET, "", M::GET, ""),
    ] {
        let mut request = request(method, A, body);
        request.headers_mut().insert("content-encoding", HeaderValue::from_static("gzip"));
        request.headers_mut().insert("x-own", HeaderValue::from_static("kept"));
        let redirects = [("http://a.example/", status, "/1"), ("http://a.example/1", status, "/2")];
        let seen = send(RedirectLayer::new(), &redirects, request).await;
        assert_eq!(seen.requests.len(), 3);
        assert_eq!((seen.last().method(), &seen.last().body()[..]), (&next, next_body.as_bytes()));
        let kept: &[&str] = match next_body.is_empty() && next == M::GET && status != 307 {
            true => &["x-own"],
            false => &["content-encoding", "content-type", "x-own"],
        };
        assert_eq!(names(seen.last().headers()), kept, "{status} {next}");
    }
}

#[tokio::test]
async fn b5_stream_is_not_sent_twice() {
    for status in [301, 307, 308] {
        let request = request(Method::PUT, A, stream());
        let seen =
            send(RedirectLayer::new(), &[("http://a.example/", status, "/1")], request).await;
        assert_eq!(*seen.reason(), NotFollowed::Stream);
        assert_eq!(seen.last().body(), "stream");
        assert_eq!(seen.requests.len(), 1);
    }
    let request = request(Method::PUT, A, stream());
    let seen = send(RedirectLayer::new(), &[("http://a.example/", 303, "/1")], request).await;
    assert_eq!((seen.last().method(), seen.last().body().len()), (&Method::GET, 0));
}

#[tokio::test]
async fn body_crosses_only_when_it_is_shared() {
    let redirects = [("http://a.example/", 307, "http://b.example/1")];
    for body in [Body::from("x"), stream()] {
        let seen = send(anywhere(), &redirects, request(Method::POST, A, body)).await;
        assert_eq!(*seen.reason(), NotFollowed::CrossOriginBody);
    }
    let seen = send(anywhere().share_body(), &redirects, request(Method::POST, A, "x")).await;
    assert_eq!(seen.last().body(), "x");
    assert_eq!(names(seen.last().headers()), ["content-type"]);
    let seen = send(anywhere(), &redirects, request(Method::POST, A, "")).await;
    assert_eq!(names(seen.last().headers()), [""; 0]);
}

#[tokio::test]
async fn b6_loop_is_found() {
    let seen = send(
        RedirectLayer::new(),
        &[("http://a.example/1", 302, "/2"), ("http://a.example/2", 302, "/1")],
        get("http://a.example/1"),
    );
    let seen = seen.await;
    assert_eq!(*seen.reason(), NotFollowed::Loop);
    assert_eq!(seen.requests.len(), 3);
    let itself = [("http://a.example/1", 302, "#fragment")];
    let seen = send(RedirectLayer::new(), &itself, get("http://a.example/1")).await;
    // Once may help, as when the first answer sets a cookie.
    assert_eq!((seen.reason(), seen.requests.len()), (&NotFollowed::Loop, 2));
}

#[tokio::test]
async fn b6_eleven_hops_are_one_too_many() {
    let urls: Vec<_> = (0..12).map(|i| format!("http://a.example/{i}")).collect();
    let redirects =
        |count: usize| -> Vec<_> { (0..count).map(|i| (&*urls[i], 302, &*urls[i + 1])).collect() };
    let seen = send(RedirectLayer::new(), &redirects(10), get(&urls[0])).await;
    assert_eq!(seen.urls(), urls[..11]);
    let response = seen.result.unwrap();
    let redirected = Redirected::of(&response).unwrap();
    assert_eq!(redirected.uri(), &*urls[10]);
    assert_eq!(redirected.history().len(), 10);
    assert_eq!(redirected.history()[9], *urls[9]);

    let seen = send(RedirectLayer::new(), &redirects(11), get(&urls[0])).await;
    assert_eq!(*seen.reason(), NotFollowed::Limit(10));
    let error = seen.result.unwrap_err();
    let error: &RedirectError = error.find_source().unwrap();
    assert_eq!((error.history().len(), error.history()[10].to_string()), (11, urls[10].clone()));
    assert_eq!(error.target().unwrap(), &*urls[11]);
    let seen = send(RedirectLayer::new().limit(0), &redirects(1), get(&urls[0])).await;
    assert_eq!(*seen.reason(), NotFollowed::Limit(0));
}

#[tokio::test]
async fn b6_location_that_cannot_be_used_is_an_error() {
    for (to, reason) in [
        ("data:,CANARY", "schemes"),
        ("file:///etc/CANARY", "schemes"),
        ("unix:/CANARY", "schemes"),
        ("javascript:CANARY", "schemes"),
        ("http://user:CANARY@a.example/", "user information"),
        ("http://", "does not parse"),
        ("/\\b.example/CANARY", "not allowed"),
        ("\t//b.example/CANARY", "not allowed"),
    ] {
        let seen = send(anywhere(), &[("http://a.example/", 302, to)], get(A)).await;
        assert!(matches!(seen.reason(), NotFollowed::Location(_)), "{to}");
        let error = seen.result.unwrap_err();
        let text = format!("{error:#} {error:?}");
        assert!(text.contains(reason) && !text.contains(CANARY), "{text}");
        assert!(error.find_source::<UrlError>().is_some());
    }
    let seen = send(anywhere(), &[("http://a.example/", 302, " ")], get(A)).await;
    assert_eq!(*seen.reason(), NotFollowed::NoLocation);
    let seen = send(anywhere(), &[("/x", 302, "http://evil/")], get("/x")).await;
    assert!(format!("{:#}", seen.result.unwrap_err()).contains("join it to a base URL first"));
}

#[tokio::test]
async fn b6_missing_location_is_an_error() {
    let server = service_fn(async |_| {
        Ok::<_, Infallible>(Response::builder().status(308).body(Body::empty()).unwrap())
    });
    let error = RedirectLayer::new().layer(server).oneshot(get(A)).await.unwrap_err();
    let source: &RedirectError = error.find_source().unwrap();
    assert_eq!(*source.reason(), NotFollowed::NoLocation);
    assert_eq!(source.to_string(), "308 Permanent Redirect came without a `Location`");
}

#[tokio::test]
async fn other_statuses_pass() {
    for status in [200, 201, 300, 304, 305, 306, 399, 404] {
        let seen = send(RedirectLayer::new(), &[("http://a.example/", status, "/x")], get(A)).await;
        let response = seen.result.unwrap();
        assert_eq!(response.status(), status);
        assert!(Redirected::of(&response).is_none());
    }
}

#[tokio::test]
async fn option_of_a_request_beats_the_layer() {
    let redirects = [("http://a.example/", 302, "http://b.example/")];
    let with = |redirects| {
        let mut request = get(A);
        *RequestOptions::of_mut(&mut request) = RequestOptions::new().redirect(redirects);
        request
    };
    for layer in [RedirectLayer::none(), RedirectLayer::new(), anywhere(), Redirects::Never.into()]
    {
        let never = send(layer.clone(), &redirects, with(Redirects::Never)).await;
        assert_eq!(never.result.unwrap().status(), 302);
        let anywhere = send(layer.clone(), &redirects, with(Redirects::CrossOrigin)).await;
        assert_eq!(anywhere.result.unwrap().status(), 200);
        assert!(send(layer, &redirects, with(Redirects::SameOrigin)).await.result.is_err());
    }
    let seen = send(RedirectLayer::none(), &redirects, get(A)).await;
    assert_eq!(seen.result.unwrap().status(), 302);
}

#[tokio::test]
async fn failure_of_a_later_hop_says_nothing_about_the_first_one() {
    let server = service_fn(async |request: Request<Body>| match request.uri().path() {
        "/1" => Ok(Response::builder()
            .status(303)
            .header("location", "/2")
            .body(Body::empty())
            .unwrap()),
        _ => Err(Error::new(ErrorKind::Connect, io::Error::other("refused"))),
    });
    let service = RedirectLayer::new().layer(server);
    let send = |path| service.clone().oneshot(request(Method::POST, &format!("{A}{path}"), "x"));
    let error = send("/1").await.unwrap_err();
    assert!(error.is_connect() && error.may_have_been_sent());
    assert!(!send("/2").await.unwrap_err().may_have_been_sent());
}

#[tokio::test]
async fn each_hop_waits_until_the_service_below_is_ready() {
    let (service, mut below) = mock::pair::<Request<Body>, Response<Body>>();
    let mut service = RedirectLayer::new().layer(service);
    below.allow(1);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready());
    let mut exchange = Box::pin(service.call(get(A)));
    let (_, reply) = below.next_request().await.unwrap();
    reply.send_response(
        Response::builder().status(302).header("location", "/1").body(Body::empty()).unwrap(),
    );
    assert!(exchange.as_mut().poll(&mut cx).is_pending());
    below.allow(1);
    assert!(exchange.as_mut().poll(&mut cx).is_pending());
    let (request, reply) = below.next_request().await.unwrap();
    assert_eq!(request.uri(), "http://a.example/1");
    reply.send_response(Response::new(Body::empty()));
    assert_eq!(exchange.await.unwrap().status(), 200);
}
