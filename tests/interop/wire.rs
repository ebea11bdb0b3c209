//! What only a real server at the end of a real connection shows.

use crate::servers::httpbin;
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use http::{StatusCode, header};
use serde_json::Value;
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tower_clients::{Body, Content, ContentError, Redirects, Resource};

fn api() -> Resource {
    Resource::new(httpbin()).unwrap()
}

/// The server by way of a port that counts connections.
async fn counted() -> (Resource, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = Resource::new(format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            count.fetch_add(1, SeqCst);
            let server = httpbin().strip_prefix("http://").unwrap();
            let mut server = TcpStream::connect(server).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (api, connections)
}

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn connection_is_used_until_the_server_closes_it() {
    let (api, connections) = counted().await;
    api.get("get").await.unwrap();
    // What has no body, whatever its head says, and one in chunks leave the connection in order.
    assert!(api.head("get").await.unwrap().is_empty());
    assert!(api.get("status/204").await.unwrap().is_empty());
    assert_eq!(api.get("status/304").await.unwrap_err().status(), Some(StatusCode::NOT_MODIFIED));
    api.get("stream/2").text().await.unwrap();
    api.post("post").json(&[1]).await.unwrap();
    assert_eq!(connections.load(SeqCst), 1);
    api.get("get").header("connection", "close").await.unwrap();
    api.get("get").await.unwrap();
    assert_eq!(connections.load(SeqCst), 2);
}

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn chunked_body_is_a_stream() {
    let response = api().get("stream/3").response().await.unwrap();
    assert_eq!(response.headers()[header::TRANSFER_ENCODING], "chunked");
    let lines = api().get("stream/3").json_lines::<Value>().await.unwrap();
    assert_eq!(lines.try_collect::<Vec<_>>().await.unwrap().len(), 3);
    let chunks = api().get("stream-bytes/300").query(&[("chunk_size", 100)]).chunks();
    let chunks: Vec<Bytes> = chunks.await.unwrap().try_collect().await.unwrap();
    assert_eq!(chunks.concat().len(), 300);
}

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn streamed_request_arrives_whole() {
    let body = Body::from_stream(stream::iter(["one ", "two"].map(Ok::<_, Infallible>)));
    let seen: Value = api().post("anything").body(body).json().await.unwrap();
    assert_eq!(seen["data"], "one two");
    assert_eq!(seen["headers"]["Transfer-Encoding"], "chunked");
}

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn range_is_part_of_the_content() {
    let part = api().get("range/26").header("range", "bytes=2-4").with_head().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()[header::CONTENT_RANGE], "bytes 2-4/26");
    assert_eq!(part.body(), &Content::Bytes("cde".into()));
    let error = api().get("range/26").header("range", "bytes=99-").await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::RANGE_NOT_SATISFIABLE));
}

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn coded_body_is_decoded_unless_the_request_names_codings() {
    for (coding, flag) in [("gzip", "gzipped"), ("deflate", "deflated"), ("brotli", "brotli")] {
        let answer = api().get(coding).await.unwrap();
        assert_eq!(answer.as_json().unwrap()[flag], true);
        let own = || api().get(coding).header("accept-encoding", "gzip, deflate, br");
        let error = own().await.unwrap_err();
        assert!(matches!(error.find_source(), Some(ContentError::Encoded { .. })), "{coding}");
        assert!(!own().bytes().await.unwrap().starts_with(b"{"));
    }
}

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn failure_has_what_the_server_said() {
    let error = api().get("status/404").await.unwrap_err();
    assert_eq!((error.is_status(), error.status()), (true, Some(StatusCode::NOT_FOUND)));
    let error = api().delete("status/418").await.unwrap_err();
    assert!(error.failure().unwrap().text().contains("teapot"));
    let redirect = api().get("redirect-to").query(&[("url", "get"), ("status_code", "307")]);
    let error = redirect.redirect(Redirects::Never).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::TEMPORARY_REDIRECT));
    assert_eq!(error.failure().unwrap().headers()["location"], "get");
}

#[tokio::test]
#[ignore = "needs the servers of cargo xtask interop"]
async fn credentials_are_understood() {
    let basic = api().get("basic-auth/user/p:w").basic_auth("user", "p:w").json::<Value>();
    assert_eq!(basic.await.unwrap()["authenticated"], true);
    let bearer = api().get("bearer").bearer_auth("t0ken").json::<Value>();
    assert_eq!(bearer.await.unwrap()["token"], "t0ken");
    let error = api().get("bearer").await.unwrap_err();
    assert_eq!(error.failure().unwrap().headers()["www-authenticate"], "Bearer");
}
