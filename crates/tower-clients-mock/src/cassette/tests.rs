use super::*;
use crate::{Mock, Reply, contract::assert_contract};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{env, fs, path::PathBuf};
use tower::{Layer, ServiceExt};

/// A path for as long as a test takes.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str) -> Self {
        let path = env::temp_dir().join(format!("tower-clients-{test}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("cassette.json")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn post(url: &str, body: &'static str) -> Request<Body> {
    Request::post(url).body(body.into()).unwrap()
}

async fn body(response: Response<Body>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn secrets_are_nowhere_in_the_file() {
    let folder = Folder::of("secrets");
    let answer = json!({"access_token": "CANARY", "deep": [{"Pin": ["CANARY"]}], "ok": 1});
    let network = Mock::new().reply(Reply::json(&answer).header("set-cookie", "CANARY"));
    let network = network.reply(Reply::text("b=CANARY"));
    let service =
        RecordLayer::new(folder.file()).redact("PIN").redact("x-key").layer(network.clone());

    let mut sensitive = http::HeaderValue::from_static("CANARY");
    sensitive.set_sensitive(true);
    let request = Request::post("https://user:CANARY@h:81/a?pin=CANARY&p%69n=CANARY&b=%20")
        .header("authorization", "CANARY")
        .header("proxy-authorization", "CANARY")
        .header("cookie", "CANARY")
        .header("x-key", "CANARY")
        .header("x-other", sensitive)
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(Body::from("client_secret=CANARY&a=1"))
        .unwrap();
    let response = service.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["set-cookie"], "CANARY");
    assert_eq!(body(response).await, answer.to_string());

    let text = folder.text();
    assert!(!text.contains("CANARY"), "{text}");
    for kept in ["https://h:81/a?pin=REDACTED&p%69n=REDACTED&b=%20", "client_secret=REDACTED&a=1"] {
        assert!(text.contains(kept), "{text}");
    }
    let file: Value = serde_json::from_str(&text).unwrap();
    let answer = json!({"access_token": "REDACTED", "deep": [{"Pin": "REDACTED"}], "ok": 1});
    assert_eq!(file["exchanges"][0]["response"]["body"], json!({"json": answer}));
    // The network still had all of it.
    assert_eq!(network.requests()[0].headers()["cookie"], "CANARY");

    // A request with other secrets is the same.
    let replay = Replay::open(folder.file()).unwrap();
    let request = Request::post("https://h:81/a?pin=1&p%69n=2&b=%20")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("client_secret=3&a=1"))
        .unwrap();
    assert_eq!(replay.oneshot(request).await.unwrap().headers()["set-cookie"], "REDACTED");
}

#[tokio::test]
async fn bodies_are_asked_for_as_they_are_or_no_secret_would_be_seen() {
    let folder = Folder::of("codings");
    let network = Mock::new();
    network
        .any()
        .reply_with(|call| Reply::text(format!("{:?}", call.headers()["accept-encoding"])));
    let service = RecordLayer::new(folder.file()).layer(network);
    let request = Request::get("http://h/").header("accept-encoding", "gzip");
    let response = service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(body(response).await, r#""identity""#);
    let file: Value = serde_json::from_str(&folder.text()).unwrap();
    assert_eq!(file["exchanges"][0]["request"]["headers"]["accept-encoding"], json!(["gzip"]));
}

#[tokio::test]
async fn same_exchanges_make_the_same_sorted_file() {
    let folder = Folder::of("sorted");
    let mut texts = Vec::new();
    for json in [r#"{"b": 1, "a": {"d": 2, "c": []}}"#, r#"{"a":{"c":[],"d":2},"b":1}"#] {
        let reply = Reply::text(json).header("x-b", "1").header("x-a", "2").header("x-b", "3");
        let service = RecordLayer::new(folder.file()).layer(Mock::new().reply(reply));
        service.oneshot(post("http://h/", json)).await.unwrap();
        texts.push(folder.text());
    }
    assert_eq!(texts[0], texts[1]);
    let expected = r#"{
  "redacted": [
    "access_token",
    "authorization",
    "client_secret",
    "cookie",
    "id_token",
    "password",
    "proxy-authorization",
    "refresh_token",
    "set-cookie"
  ],
  "exchanges": [
    {
      "request": {
        "method": "POST",
        "url": "http://h/",
        "headers": {},
        "body": {
          "json": {
            "a": {
              "c": [],
              "d": 2
            },
            "b": 1
          }
        }
      },
      "response": {
        "status": 200,
        "headers": {
          "content-type": [
            "text/plain; charset=utf-8"
          ],
          "x-a": [
            "2"
          ],
          "x-b": [
            "1",
            "3"
          ]
        },
        "body": {
          "json": {
            "a": {
              "c": [],
              "d": 2
            },
            "b": 1
          }
        }
      }
    }
  ]
}
"#;
    assert_eq!(texts[0], expected);
}

#[tokio::test]
async fn bodies_come_back_as_they_were() {
    let folder = Folder::of("bodies");
    let bodies = [
        &b""[..],
        b"text\n",
        b"\xff\x00",
        b"[1,2]",
        b"1e400",
        br#"{"a":1,"a":2}"#,
        b"12345678901234567890123",
        br#""\u00e9""#,
    ];
    let network = bodies.iter().fold(Mock::new(), |mock, body| {
        mock.reply(Reply::status(201).header("content-length", body.len()).body(*body))
    });
    let service = RecordLayer::new(folder.file()).layer(network);
    for _ in bodies {
        service.clone().oneshot(post("http://h/", "")).await.unwrap();
    }
    let replay = Replay::open(folder.file()).unwrap();
    for (i, expected) in bodies.iter().enumerate() {
        assert_eq!(replay.remaining(), bodies.len() - i);
        let response = replay.clone().oneshot(post("http://h/", "")).await.unwrap();
        assert_eq!(response.headers()["content-length"], expected.len().to_string());
        assert_eq!((response.status().as_u16(), &*body(response).await), (201, *expected));
    }
}

#[tokio::test]
async fn request_gets_the_first_answer_to_its_method_url_and_body() {
    let folder = Folder::of("order");
    let network =
        ["a", "b", "c"].into_iter().fold(Mock::new(), |mock, text| mock.reply(Reply::text(text)));
    let service = RecordLayer::new(folder.file()).layer(network);
    for sent in ["[1, 2]", "x", "[1,2]"] {
        service.clone().oneshot(post("http://h/", sent)).await.unwrap();
    }
    let replay = Replay::open(folder.file()).unwrap();
    for (sent, expected) in [("x", "b"), ("[1,2]", "a"), ("[ 1,2]", "c")] {
        let response = replay.clone().oneshot(post("http://h/", sent)).await.unwrap();
        assert_eq!(body(response).await, expected);
    }
    assert_eq!(replay.remaining(), 0);

    let replay = Replay::open(folder.file()).unwrap().any_body();
    let response = replay.oneshot(post("http://h/", "other")).await.unwrap();
    assert_eq!(body(response).await, "a");
}

#[tokio::test]
async fn missing_exchange_is_an_error_that_says_what_to_do() {
    let folder = Folder::of("missing");
    let service = RecordLayer::new(folder.file()).layer(Mock::new().reply(Reply::text("a")));
    service.oneshot(post("http://h/a", "1")).await.unwrap();
    let replay = Replay::open(folder.file()).unwrap();
    replay.clone().oneshot(post("http://h/a", "1")).await.unwrap();
    for (url, body, reason) in [
        ("http://h/b?password=CANARY", "1", "it was not recorded"),
        ("http://h/a", "2", "it was recorded with another body"),
        ("http://h/a", "1", "what was recorded is used up"),
    ] {
        let error = replay.clone().oneshot(post(url, body)).await.unwrap_err();
        let text = error.downcast::<NotRecorded>().unwrap().to_string();
        let end = format!(": {reason}; record the file anew by a `RecordLayer`");
        assert!(text.ends_with(&end) && !text.contains("CANARY"), "{text}");
    }
    let error = Replay::open(folder.0.join("none")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read ") && error.contains("none"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn exchanges_are_in_the_order_of_their_requests() {
    let folder = Folder::of("together");
    let network = Mock::new();
    network.post("/slow").reply(Reply::text("slow").delay(std::time::Duration::from_millis(1)));
    network.post("/fast").reply(Reply::text("fast"));
    network.post("/broken").reply(Reply::reset());
    let service = RecordLayer::new(folder.file()).layer(network);
    let send = |path: &str| service.clone().oneshot(post(&format!("http://h/{path}"), ""));
    let (slow, broken, fast) = tokio::join!(send("slow"), send("broken"), send("fast"));
    assert!(slow.is_ok() && broken.is_err() && fast.is_ok());
    let file: Value = serde_json::from_str(&folder.text()).unwrap();
    let urls = [0, 1, 2].map(|i| file["exchanges"][i]["request"]["url"].clone());
    assert_eq!(urls, [json!("http://h/slow"), json!("http://h/fast"), Value::Null]);
}

#[tokio::test]
async fn recording_keeps_the_contract() {
    let folder = Folder::of("contract");
    assert_contract(RecordLayer::new(folder.file())).await;
}

#[tokio::test]
async fn file_that_cannot_be_written_is_an_error() {
    let folder = Folder::of("unwritable");
    let layer = RecordLayer::new(folder.0.join("no/such"));
    let service = layer.layer(Mock::new().reply(Reply::text("a")));
    let error = service.oneshot(post("http://h/", "")).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot write "), "{error}");
}
