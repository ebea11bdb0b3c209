//! Redirects under the whole client.

use axum::{
    Router,
    extract::Path,
    http::HeaderMap,
    response::{IntoResponse, Redirect},
    routing::{any, get, post},
};
use http::{Method, StatusCode, header::LOCATION};
use testbed::Testbed;
use tower_clients::{
    Body, Client, CookieJar, Redirects, Resource, Token,
    redirect::{NotFollowed, RedirectError, Redirected},
};

const CANARY: &str = "CANARY";

fn resource(app: Router) -> Resource<tower_clients::Session<Router>> {
    Resource::from(Client::builder("http://h/v1").build_over(app).unwrap())
}

#[tokio::test]
async fn chains_end_where_they_lead() {
    let server = Testbed::http().await.unwrap();
    let client = Client::new(server.url()).unwrap();
    let response = client.get("redirect/3").await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    let redirected = Redirected::of(&response).unwrap();
    assert_eq!(redirected.uri().path(), "/get");
    let paths: Vec<_> = redirected.history().iter().map(http::Uri::path).collect();
    assert_eq!(paths, ["/redirect/3", "/relative-redirect/2", "/relative-redirect/1"]);
    // The bodies of the redirects were read to their ends.
    assert_eq!(server.connections(), 1);
    assert!(client.get("absolute-redirect/3").await.is_ok());

    let error = client.get("redirect/11").await.unwrap_err();
    assert!(error.is_redirect() && error.status() == Some(StatusCode::FOUND));
    assert_eq!(client.get("redirect/1").redirect(Redirects::Never).await.unwrap().status(), 302);
}

#[tokio::test]
async fn b1_evil_origin_gets_the_request_only_if_allowed_and_nothing_bound() {
    let (server, evil) = (Testbed::http().await.unwrap(), Testbed::http().await.unwrap());
    let target = format!("{}anything", evil.url());
    let jar = CookieJar::new();
    jar.insert(&server.url().parse().unwrap(), "key=CANARY").unwrap();
    let builder = || {
        Client::builder(server.url())
            .header("x-api-key", CANARY)
            .query(&[("key", CANARY)])
            .cookie_jar(jar.clone())
    };
    let source = async || Token::bearer(CANARY);
    for builder in [builder().bearer_auth(CANARY), builder().token_source(source)] {
        let api = Resource::from(builder.build().unwrap());
        for status in [301, 302, 303, 307, 308] {
            let status = status.to_string();
            let query = [("url", &*target), ("status_code", &status)];
            let request = || api.get("redirect-to").query(&query).header("cookie", CANARY);
            let error = request().text().await.unwrap_err();
            let reason = error.find_source::<RedirectError>().unwrap().reason();
            assert_eq!(*reason, NotFollowed::CrossOrigin);
            let text = request().redirect(Redirects::CrossOrigin).text().await.unwrap();
            assert!(!text.contains(CANARY), "{text}");
        }
    }
    assert_eq!(evil.connections(), 2);
}

#[tokio::test]
async fn defaults_are_found_anew_for_each_hop() {
    let app = Router::new()
        .route("/v1/a", get(async || ([("set-cookie", "id=7")], Redirect::to("b"))))
        .route(
            "/v1/b",
            any(async |headers: HeaderMap| {
                let own = |name| headers.get_all(name).iter().count();
                format!("{} {} {:?}", own("authorization"), own("x-key"), headers.get("cookie"))
            }),
        );
    let builder =
        Client::builder("http://h/v1").bearer_auth("t0ken").header("x-key", "k").cookies();
    let api = Resource::from(builder.build_over(app).unwrap());
    let seen = api.get("a").text().await.unwrap();
    assert!(seen.starts_with("1 1 Some("), "{seen}");
}

#[tokio::test]
async fn b5_body_is_sent_again_unless_it_is_a_stream() {
    let app = Router::new()
        .route(
            "/v1/{status}",
            any(async |Path(status): Path<u16>| {
                (StatusCode::from_u16(status).unwrap(), [(LOCATION, "/v1/echo/body")])
            }),
        )
        .route(
            "/v1/echo/body",
            any(async |method: Method, headers: HeaderMap, body: String| {
                format!("{method} {:?} {body}", headers.get("content-type"))
            }),
        );
    let api = resource(app);
    for (status, seen) in [
        ("302", "GET None "),
        ("303", "GET None "),
        ("307", "POST Some(\"application/json\") [1]"),
        ("308", "POST Some(\"application/json\") [1]"),
    ] {
        assert_eq!(api.post(status).json(&[1]).decode::<String>().await.unwrap(), seen);
    }
    let stream = Body::from_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("x")]));
    let error = api.post("307").body(stream).await.unwrap_err();
    assert_eq!(*error.find_source::<RedirectError>().unwrap().reason(), NotFollowed::Stream);
}

#[tokio::test]
async fn e7_b6_body_of_a_redirect_is_not_read() {
    let endless =
        || futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0; 1 << 16]));
    let app = Router::new()
        .route(
            "/v1/a",
            get(async move || {
                (StatusCode::FOUND, [(LOCATION, "b")], axum::body::Body::from_stream(endless()))
            }),
        )
        .route("/v1/b", get(async || "end"));
    let server = Testbed::serve(app).await.unwrap();
    let api = Resource::new(format!("{}v1", server.url())).unwrap();
    assert_eq!(api.get("a").text().await.unwrap(), "end");
}

#[tokio::test]
async fn a7_location_of_what_was_created_is_relative_to_the_last_hop() {
    let app = Router::new()
        .route("/v1/users", post(async || Redirect::permanent("/v2/users/")))
        .route("/v2/users/", post(async || (StatusCode::CREATED, [(LOCATION, "7")])));
    let created = resource(app).create("users").json(&["Ada"]);
    let created = created.redirect(Redirects::SameOrigin).await.unwrap();
    assert_eq!(created.unwrap(), "http://h/v2/users/7");
}

#[tokio::test]
async fn a8_boundary_of_the_client_holds_for_redirects() {
    use tower_clients::url::Boundary;
    let app = || {
        Router::new()
            .route("/v1/up", get(async || Redirect::to("../v2")))
            .route("/v1/friend", get(async || Redirect::to("http://friend.example/v1/own")))
            .route(
                "/v1/own",
                get(async |headers: HeaderMap| format!("{:?}", headers.get("authorization"))),
            )
            .route("/v2", get(async || "v2"))
    };
    let builder = || Client::builder("http://h/v1").bearer_auth("t0ken");
    let open = Resource::from(builder().build_over(app()).unwrap());
    assert_eq!(open.get("up").text().await.unwrap(), "v2");
    let builder = builder().boundary(Boundary::Path).allow_origin("http://friend.example");
    let closed = Resource::from(builder.build_over(app()).unwrap());
    assert!(closed.get("up").await.unwrap_err().is_redirect());
    // What lies there is not below the path, and needs no other permission.
    assert_eq!(closed.get("friend").text().await.unwrap(), "None");
}

#[tokio::test]
async fn redirect_to_an_outage_shows_the_last_status() {
    let app = Router::new()
        .route("/v1/a", get(async || Redirect::to("b")))
        .fallback(async || StatusCode::SERVICE_UNAVAILABLE.into_response());
    let error = resource(app).get("a").await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert!(error.is_status());
}
