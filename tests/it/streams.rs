//! Bodies as streams, through clients.

use futures_util::{Stream, TryStreamExt};
use http_body_util::BodyExt;
use serde_json::Value;
use std::time::Duration;
use testbed::Testbed;
use tokio::time::Instant;
use tower_clients::{
    Client, Content, ContentError, Error, JsonError, Resource, Session, stream::LineError,
};
use tower_clients_mock::{Mock, Reply};

const SECOND: Duration = Duration::from_secs(1);

fn api() -> Resource<axum::Router> {
    Resource::with_service("http://in.process", testbed::router()).unwrap()
}

fn answering(reply: Reply) -> Resource<Mock> {
    Resource::with_service("http://mock", Mock::new().reply(reply)).unwrap()
}

async fn all<T>(stream: impl Stream<Item = Result<T, Error>>) -> Result<Vec<T>, Error> {
    stream.try_collect().await
}

#[tokio::test]
async fn lines_of_json_in_every_form() {
    let lines = all(api().get("stream/3").lines().await.unwrap()).await.unwrap();
    let ids: Vec<_> = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone())
        .collect();
    assert_eq!(ids, [0, 1, 2]);

    #[derive(serde::Deserialize)]
    struct Line {
        id: u32,
    }
    let mut values = api().get("stream/3").json_lines::<Line>().await.unwrap();
    let mut ids = Vec::new();
    while let Some(line) = values.next().await {
        ids.push(line.unwrap().id);
    }
    assert_eq!(ids, [0, 1, 2]);

    let items = all(api().get("stream/2").items().await.unwrap()).await.unwrap();
    assert!(items.iter().all(|item| matches!(item, Content::Json(_))) && items.len() == 2);
}

#[tokio::test]
async fn items_are_lines_of_text_or_chunks_of_anything_else() {
    let items = all(api().get("robots.txt").items().await.unwrap()).await.unwrap();
    assert_eq!(items[0], Content::Text("User-agent: *".into()));
    let request = api().get("stream-bytes/25?seed=7&chunk_size=10").items();
    let items = all(request.await.unwrap()).await.unwrap();
    let sizes: Vec<_> = items.iter().map(|item| item.as_bytes().unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
}

#[tokio::test]
async fn chunks_are_the_body_over_a_connection_too() {
    let path = "stream-bytes/100000?seed=7&chunk_size=999";
    let expected = api().get(path).bytes().await.unwrap();
    let server = Testbed::http().await.unwrap();
    let overall = Resource::new(server.url()).unwrap();
    for _ in 0..2 {
        let chunks = all(overall.get(path).chunks().await.unwrap()).await.unwrap();
        assert_eq!(chunks.concat(), expected);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn every_mode_has_streams_and_any_client() {
    let client = Client::from(api());
    assert_eq!(all(client.get("stream/3").lines().await.unwrap()).await.unwrap().len(), 3);
    let boxed = api().boxed();
    assert_eq!(all(boxed.get("stream/3").lines().await.unwrap()).await.unwrap().len(), 3);
    let sent = api().post("post").json(&[1]).items();
    assert_eq!(all(sent.await.unwrap()).await.unwrap()[0].as_json().unwrap()["json"][0], 1);
    let sent = api().post("post").lines().body("x");
    assert_eq!(all(sent.await.unwrap()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn status_is_checked_first() {
    let error = api().get("status/404").lines().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 404);
    assert!(api().get("status/500").chunks().await.unwrap_err().is_status());
    assert!(api().get("status/302").items().await.unwrap_err().is_status());
}

#[tokio::test]
async fn e6_body_that_breaks_off_is_an_error_that_names_the_request() {
    let api = answering(Reply::status(200).cut_body("one\ntw"));
    let mut lines = api.get("x").lines().await.unwrap();
    assert_eq!(lines.next().await.unwrap().unwrap(), "one");
    let error = lines.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "GET http://mock/x: the response body cannot be read");
    assert!(lines.next().await.is_none());
}

#[tokio::test]
async fn e6_limit_of_the_request_is_that_of_a_line() {
    let api = answering(Reply::text("1234\n12345"));
    let mut lines = api.get("x").limit(4).lines().await.unwrap();
    assert_eq!(lines.next().await.unwrap().unwrap(), "1234");
    let error = lines.next().await.unwrap().unwrap_err();
    assert_eq!(error.find_source::<LineError>().unwrap().line(), 2);
    assert_eq!(error.url(), Some("http://mock/x"));
}

#[tokio::test]
async fn line_that_does_not_decode_tells_the_place() {
    let api = answering(Reply::text("{\"id\":1}\n\n{\"id\":\"CANARY\"}\n"));
    let values = api.get("x").json_lines::<std::collections::BTreeMap<String, u8>>();
    let error = all(values.await.unwrap()).await.unwrap_err();
    let cause: &JsonError = error.find_source().unwrap();
    assert_eq!((cause.path(), cause.line(), cause.column()), ("id", 3, 14));
    assert_eq!(
        format!("{error:#}"),
        "GET http://mock/x: the response body is not what was asked for: \
         at `id`, line 3, column 14: invalid type: string, expected u8"
    );
}

#[tokio::test]
async fn body_that_is_still_encoded_is_named_as_such() {
    for path in ["gzip", "brotli"] {
        let request = api().get(path).header("accept-encoding", "gzip, br");
        let error = request.items().await.unwrap_err();
        assert!(error.find_source::<ContentError>().is_some(), "{error:#}");
        assert_eq!(error.url().unwrap(), format!("http://in.process/{path}"));
    }
    assert!(api().get("gzip").chunks().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn timeout_covers_the_stream() {
    let client = Client::builder("http://in.process").timeout(3 * SECOND);
    let api: Resource<Session<axum::Router>> = client.build_over(testbed::router()).unwrap().into();
    let start = Instant::now();
    let mut chunks = api.get("drip?duration=8&numbytes=8").chunks().await.unwrap();
    let mut bytes = 0;
    let error = loop {
        match chunks.next().await.unwrap() {
            Ok(chunk) => bytes += chunk.len(),
            Err(error) => break error,
        }
    };
    assert!(error.is_timeout() && bytes < 8 && start.elapsed() == 3 * SECOND);
    let lines = api.get("drip?duration=8&numbytes=8").timeout(SECOND).lines();
    assert!(all(lines.await.unwrap()).await.unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_when_waiting_for_a_line_is_given_up() {
    let api = api();
    let mut lines = api.get("drip?duration=8&numbytes=8").lines().await.unwrap();
    let mut waits = 0;
    let line = loop {
        match tokio::time::timeout(SECOND / 2, lines.next()).await {
            Ok(line) => break line.unwrap().unwrap(),
            Err(_) => waits += 1,
        }
    };
    assert!(waits > 4);
    assert_eq!(line.len(), 8);
}

#[tokio::test]
async fn body_can_be_taken_from_a_stream() {
    let api = answering(Reply::text("one\ntwo"));
    let lines = api.get("x").lines().await.unwrap();
    assert_eq!(lines.into_inner().collect().await.unwrap().to_bytes(), "one\ntwo");
}

#[tokio::test]
async fn stream_can_be_read_in_a_task() {
    let request = api().get("stream/3").lines().send();
    let lines = tokio::spawn(async move { all(request.await?).await });
    assert_eq!(lines.await.unwrap().unwrap().len(), 3);
}
