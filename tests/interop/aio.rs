//! `tests/test_aio.py`. Its test of `authorize` is that of `base`, which also runs in both forms.

use crate::{
    seed::Sent,
    servers::{NOBODY, httpbin, httpbin_by_name},
};
use http::{StatusCode, response::Parts};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tower_clients::{Client, ContentError, Error, Graph, Proxy, Remote, Resource};
use tower_clients_mock::{Mock, Reply};

seed!(test_client, {
    let (sent, client) = Sent::by(Client::builder(httpbin()).query(&[("q", 0)]));
    let client = open!(client);
    for request in [
        client.head(""),
        client.options(""),
        client.post("post"),
        client.put("put"),
        client.patch("patch"),
        client.delete("delete"),
    ] {
        assert_eq!(wait!(request).unwrap().status(), StatusCode::OK);
        assert_eq!(sent.last().uri().query(), Some("q=0"));
    }
    let ip = Resource::from(&client / "ip");
    let ip: Value = wait!(ip.get("").query(&[("q", 1)]).json()).unwrap();
    assert_eq!(ip.as_object().unwrap().keys().collect::<Vec<_>>(), ["origin"]);
    assert_eq!(sent.last().uri().query(), Some("q=1"));
});

seed!(test_resource, {
    let validators = [("etag", "\"0\""), ("last-modified", "now")];
    let client = Client::builder(httpbin()).query(&validators).build().unwrap();
    let api = Resource::from(open!(client));
    assert!(wait!(api.get("encoding/utf8")).unwrap().as_text().is_some());
    assert!(wait!((&api / "bytes").get("1")).unwrap().as_bytes().is_some());
    let patch: Value = wait!(api.update("patch").json(&json!({"key": "value"})).json()).unwrap();
    assert_eq!(patch["json"], json!({"key": "value"}));
    let error = wait!((&api / "status").get("404")).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::NOT_FOUND));
    let rename = |document: &mut Value| document["key"] = "value".into();
    let error = call!(api.edit("response-headers").with(rename)).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::METHOD_NOT_ALLOWED));
    let document = call!(api.updating::<Value>("response-headers")).unwrap();
    assert_eq!(document.value["etag"], "\"0\"");
    let error = call!(document.put()).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::METHOD_NOT_ALLOWED));
});

seed!(test_content, {
    let api = open!(Resource::new(httpbin()).unwrap());
    let error = wait!(api.get("robots.txt").json::<Value>()).unwrap_err();
    assert!(matches!(error.find_source(), Some(ContentError::NotJson { .. })));
});

seed!(test_remote, {
    let remote = open!(Remote::new(httpbin()).unwrap().defaults(json!({"key": "value"})));
    let answer: Value = wait!(remote.call("post", &()).json()).unwrap();
    assert_eq!(answer["json"], json!({"key": "value"}));
    let remote = remote.check(|_: &Parts, mut body: Value| Ok::<_, Error>(body["json"].take()));
    let call = remote.at("post").call("", &json!({"name": "value"}));
    let answer: BTreeMap<String, String> = wait!(call.json()).unwrap();
    assert_eq!(json!(answer), json!({"key": "value", "name": "value"}));
});

seed!(test_graph, {
    let graph = open!(Graph::new(format!("{}/anything", httpbin())).unwrap());
    let query = "{ viewer { login }}";
    let response = wait!(graph.execute::<String>(query, &json!({})).response()).unwrap();
    let sent: Value = serde_json::from_str(&response.data.unwrap()).unwrap();
    assert_eq!(sent, json!({"query": query, "variables": {}}));

    let mock = Mock::new().reply(Reply::json(&json!({"errors": ["reason"]})));
    let graph = open!(Graph::with_service("http://h", mock).unwrap());
    let response = wait!(graph.execute::<Value>(query, &()).response()).unwrap();
    assert_eq!(response.errors[0].message(), "reason");
});

seed!(test_proxy, {
    let proxy = open!(Proxy::new([httpbin(), &httpbin_by_name()]).unwrap());
    // The first is active until its body ends, so that the second goes to the other host.
    let responses = [wait!(proxy.get("get")).unwrap(), wait!(proxy.get("get")).unwrap()];
    assert!(responses.iter().all(|response| response.status() == StatusCode::OK));
    assert!(proxy.upstreams().all(|upstream| upstream.active() == 1));
    drop(responses);

    for _ in 0..proxy.upstreams().len() {
        wait!(proxy.get("status/500")).unwrap();
    }
    assert!(proxy.upstreams().all(|upstream| upstream.failures() > 0.0));

    // There it is an error once; here the request goes on to the other host.
    let proxy = open!(Proxy::new([NOBODY, httpbin()]).unwrap());
    for _ in 0..8 {
        assert_eq!(wait!(proxy.get("")).unwrap().status(), StatusCode::OK);
    }
});

seed!(test_clones, {
    let client = open!(Client::builder("http://localhost/").trailing("/").build().unwrap());
    assert_eq!(client.to_string(), "http://localhost/*/");
    assert_eq!(client.at("path").to_string(), "http://localhost/path/*/");

    let api = open!(Resource::new("http://localhost/").unwrap()).at("path");
    assert_eq!(api.to_string(), "http://localhost/path");
    assert_eq!(Client::from(api).to_string(), "http://localhost/path");

    let remote = open!(Remote::new("http://localhost/").unwrap()).at("path");
    assert_eq!(remote.client().to_string(), "http://localhost/path");

    let proxy = open!(Proxy::new(["http://localhost/", "http://127.0.0.1"]).unwrap()).at("path");
    assert_eq!(proxy.to_string(), "http://localhost/path");
});
