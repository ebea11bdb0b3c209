//! `tests/test_base.py`.

use crate::{
    seed::Sent,
    servers::{httpbin, httpbin_by_name},
};
use http::{Method, Response, StatusCode, header::CONTENT_TYPE, response::Parts};
use serde_json::{Value, json};
use std::sync::LazyLock;
use tower::util::MapResponseLayer;
use tower_clients::{
    Client, Content, Error, Graph, Proxy, Remote, Resource, Session, Transport, graph::GraphErrors,
    oauth::Grant,
};
use tower_clients_mock::{Mock, Reply};

seed!(test_cookies, {
    let builder = Client::builder(httpbin()).basic_auth("user", "pass").header("x-test", "true");
    let api = Resource::from(open!(builder.cookies().build().unwrap()));
    let seen: Value = wait!(api.get("headers").header("x-test2", "true").json()).unwrap();
    for name in ["Authorization", "X-Test", "X-Test2"] {
        assert!(seen["headers"][name].is_string(), "{name}");
    }

    let seen: Value = wait!(api.get("cookies").header("cookie", "from-my=browser").json()).unwrap();
    assert_eq!(seen, json!({"cookies": {"from-my": "browser"}}));
    let seen: Value = wait!(api.get("cookies").json()).unwrap();
    assert_eq!(seen, json!({"cookies": {}}));

    let set = api.get("cookies/set").query(&[("sessioncookie", "123456789")]);
    let seen: Value = wait!(set.json()).unwrap();
    assert_eq!(seen, json!({"cookies": {"sessioncookie": "123456789"}}));
});

seed!(test_content, {
    let api = open!(Resource::new(httpbin()).unwrap());
    let get = wait!(api.get("get")).unwrap();
    assert_eq!(get.as_json().unwrap()["url"], format!("{}/get", httpbin()));
    assert!(wait!(api.get("status/404")).unwrap_err().is_status());
    assert!(wait!(api.get("html")).unwrap().as_text().unwrap().contains("<html>"));
    assert_eq!(wait!(api.get("bytes/10")).unwrap().as_bytes().unwrap().len(), 10);
});

seed!(test_path, {
    let (sent, client) = Sent::by(Client::builder(httpbin()));
    let cookies = &open!(client) / "cookies";
    for (reference, path) in [("", "/cookies"), ("/", "/"), (httpbin(), "/")] {
        wait!(cookies.get(reference)).unwrap();
        assert_eq!(sent.last().uri().to_string(), format!("{}{path}", httpbin()));
    }
});

seed!(test_trailing, {
    let client = open!(Client::builder(httpbin()).trailing("/").build().unwrap());
    assert_eq!(wait!(client.get("ip")).unwrap().status(), StatusCode::NOT_FOUND);
});

seed!(test_syntax, {
    let client = Client::builder(httpbin()).cookies().build().unwrap();
    let api = Resource::from(open!(client));
    let get: Value = wait!(api.get("get").json()).unwrap();
    let members: Vec<_> = get.as_object().unwrap().keys().collect();
    assert_eq!(members, ["args", "headers", "origin", "url"]);
    wait!(api.put("put").json(&json!({}))).unwrap();
    wait!(api.delete("delete")).unwrap();

    let status = &api / "status";
    assert!(wait!(status.exists("200")).unwrap());
    assert!(!wait!(status.exists("404")).unwrap());
    let lines = wait!((&api / "stream/3").get("").json_lines::<Value>()).unwrap();
    let ids: Vec<_> = each!(lines).unwrap().iter().map(|line| line["id"].clone()).collect();
    assert_eq!(ids, [0, 1, 2]);
    let items = wait!((&api / "html").get("").items()).unwrap();
    assert_eq!(each!(items).unwrap()[0], Content::Text("<!DOCTYPE html>".into()));

    let set = api.get("cookies/set").query(&[("name", "value")]);
    let seen: Value = wait!(set.json()).unwrap();
    assert_eq!(seen, json!({"cookies": {"name": "value"}}));
});

seed!(test_methods, {
    let api = open!(Resource::new(httpbin()).unwrap());
    // Chunks are as long as they come, and not 128 bytes.
    let chunks = wait!(api.get("stream-bytes/256").chunks()).unwrap();
    assert_eq!(each!(chunks).unwrap().concat().len(), 256);
    let body = json!({"name": "value"});
    let patch: Value = wait!(api.update("patch").json(&body).json()).unwrap();
    assert_eq!(patch["json"], body);
    assert_eq!(wait!(api.create("post").json(&body)).unwrap(), None);
    let mut file = Vec::new();
    let written = call!(api.get("image/png").download().to_writer(&mut file)).unwrap();
    assert!(written > 0 && written == file.len() as u64);
});

seed!(test_authorize, {
    let token = json!({"access_token": "abc123", "token_type": "Bearer", "expires_in": 0});
    // Not by a query: URLs are logged.
    for grant in [Grant::form(&json!({})), Grant::json(&json!({}))] {
        let mock = Mock::new().reply(Reply::json(&token)).reply(Reply::status(204));
        let api = Client::builder("http://h").build_over(mock.clone()).unwrap();
        let api = call!(open!(api).authorize("oauth/token", grant)).unwrap();
        wait!(api.get("x")).unwrap();
        assert_eq!(mock.requests()[1].headers()["authorization"], "Bearer abc123");
    }
});

seed!(test_callback, {
    let with = |validators: &[(&str, &str)]| {
        let (sent, client) = Sent::by(Client::builder(httpbin()).query(validators));
        (sent, Resource::from(client))
    };
    let rename = |document: &mut Value| document["name"] = "value".into();
    let date = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");

    // This is no tag, and a PUT without a condition could undo the change of another.
    let (sent, api) = with(&[("etag", "W/0"), ("last-modified", "now")]);
    let error = call!(open!(api).edit("response-headers").with(rename)).unwrap_err();
    assert!(error.is_validator() && sent.last().method() == Method::GET);

    let (sent, api) = with(&[("etag", "\"0\""), date]);
    let error = call!(open!(api).edit("response-headers").with(rename)).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::METHOD_NOT_ALLOWED));
    // A date beside a tag is no condition.
    let put = sent.last();
    assert_eq!(put.headers()["if-match"], "\"0\"");
    assert!(!put.headers().contains_key("if-unmodified-since"));

    let (sent, api) = with(&[date]);
    let mut document = call!(open!(api).updating::<Value>("response-headers")).unwrap();
    rename(&mut document.value);
    let error = call!(document.put()).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::METHOD_NOT_ALLOWED));
    let put = sent.last();
    assert_eq!(put.headers()["if-unmodified-since"], date.1);
    assert_eq!(serde_json::from_slice::<Value>(put.body()).unwrap()["name"], "value");
});

seed!(test_meta, {
    let api = open!(Resource::new(httpbin()).unwrap());
    for request in [api.options("get"), api.head("get")] {
        let response = wait!(request.with_head()).unwrap();
        assert_eq!((response.status(), response.body()), (StatusCode::OK, &Content::Empty));
    }
    fn without_type<B>(mut response: Response<B>) -> Response<B> {
        response.headers_mut().remove(CONTENT_TYPE);
        response
    }
    let api = Resource::new(httpbin()).unwrap().layer(MapResponseLayer::new(without_type));
    assert!(wait!(open!(api).get("get")).unwrap().as_bytes().is_some());
});

seed!(test_remote, {
    let remote = open!(Remote::new(httpbin()).unwrap().defaults(json!({"key": "value"})));
    let answer = wait!(remote.call("post", &())).unwrap();
    assert_eq!(answer["json"], json!({"key": "value"}));
    let remote = remote.check(|_: &Parts, mut body: Value| Ok::<_, Error>(body["json"].take()));
    let answer = wait!((&remote / "post").call("", &json!({"name": "value"}))).unwrap();
    assert_eq!(answer, json!({"key": "value", "name": "value"}));
});

seed!(test_graph, {
    let graph = open!(Graph::new(format!("{}/anything", httpbin())).unwrap());
    let data: String = wait!(graph.execute("{ viewer { login }}", &json!({}))).unwrap();
    let sent: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(sent, json!({"query": "{ viewer { login }}", "variables": {}}));

    // The message is kept, and not shown: it may repeat what was sent.
    let mock = Mock::new().reply(Reply::json(&json!({"errors": ["reason"]})));
    let graph = open!(Graph::with_service("http://h", mock).unwrap());
    let error = wait!(graph.execute::<Value>("{a}", &())).unwrap_err();
    assert_eq!(error.find_source::<GraphErrors>().unwrap().errors()[0].message(), "reason");
    assert!(!format!("{error:#}").contains("reason"));
});

seed!(test_proxy, {
    let proxy = open!(Proxy::new([httpbin(), &httpbin_by_name()]).unwrap());
    for _ in 0..proxy.upstreams().len() {
        assert_eq!(wait!(proxy.get("status/500")).unwrap().status(), 500);
    }
    assert!(proxy.upstreams().all(|upstream| upstream.failures() > 0.0));
});

seed!(test_clones, {
    let client = open!(Client::builder("http://localhost/").trailing("/").build().unwrap());
    assert_eq!(client.to_string(), "http://localhost/*/");
    assert_eq!((&client / "path").to_string(), "http://localhost/path/*/");

    let api = open!(Resource::new("http://localhost/").unwrap()) / "path";
    assert_eq!(api.to_string(), "http://localhost/path");
    let _: &Client<_> = api.client();

    let remote = &open!(Remote::new("http://localhost/").unwrap()) / "path";
    assert_eq!(remote.client().to_string(), "http://localhost/path");

    // A proxy shows its first host.
    let proxy = open!(Proxy::new(["http://localhost/", "http://127.0.0.1"]).unwrap()) / "path";
    assert_eq!(proxy.to_string(), "http://localhost/path");
});

seed!(test_singleton, {
    static API: LazyLock<Resource<Form<Session<Transport>>>> =
        LazyLock::new(|| open!(Resource::new("http://localhost/").unwrap()));
    assert_eq!(API.to_string(), "http://localhost/");
});
