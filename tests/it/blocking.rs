//! The clients without `async`.

use axum::{Json, Router, extract::Path, routing::get};
use serde_json::{Value, json};
use std::{
    future::pending,
    io::{BufRead, Read, Write},
    net::TcpListener,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{LazyLock, mpsc},
    thread,
    time::Duration,
};
use testbed::Testbed;
use tokio::{
    runtime::{Builder, Runtime},
    task::{block_in_place, spawn_blocking, unconstrained},
};
use tower_clients::{
    Client, Content, Error, Graph, JsonRpc, Proxy, Remote, Resource, blocking, oauth::Grant,
};
use tower_clients_mock::{Mock, Reply};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn api() -> blocking::Resource<Router> {
    Resource::with_service("http://in.process", testbed::router()).unwrap().blocking().unwrap()
}

#[test]
fn every_client_has_a_blocking_form() {
    static API: LazyLock<blocking::Resource> =
        LazyLock::new(|| Resource::new("http://localhost").unwrap().blocking().unwrap());
    assert_eq!((&*API / "a").to_string(), "http://localhost/a");

    let client = Client::with_service("http://h", testbed::router()).unwrap().blocking().unwrap();
    let response = client.post("anything").query(&[("q", 1)]).json(&["x"]).wait().unwrap();
    let seen: Value = serde_json::from_reader(response.into_body()).unwrap();
    assert_eq!((&seen["args"]["q"], &seen["json"]), (&json!("1"), &json!(["x"])));

    let mock = |reply| Mock::new().reply(Reply::json(&reply));
    let remote = Remote::with_service("http://h", mock(json!({"a": 1}))).unwrap();
    let remote = remote.defaults(json!({"b": 2})).blocking().unwrap();
    let answer: Value = remote.call("x", &json!({})).json().wait().unwrap();
    assert_eq!(answer["a"], 1);

    let rpc = JsonRpc::with_service("http://h", mock(json!({"id": 1, "result": 7}))).unwrap();
    assert_eq!(rpc.blocking().unwrap().call::<u32>("m", &()).wait().unwrap(), 7);

    let rpc = JsonRpc::with_service("http://h", mock(json!([{"id": 1, "result": 7}]))).unwrap();
    let rpc = rpc.blocking().unwrap();
    let mut batch = rpc.batch();
    let call = batch.call::<u32>("m", &());
    assert_eq!(batch.wait().unwrap().take(call).unwrap(), 7);

    let graph = Graph::with_service("http://h", mock(json!({"data": {"n": 7}}))).unwrap();
    let data: Value = graph.blocking().unwrap().execute("{n}", &()).wait().unwrap();
    assert_eq!(data["n"], 7);

    let proxy = Proxy::with_service(["http://a", "http://b"], testbed::router()).unwrap();
    let proxy = proxy.blocking().unwrap();
    assert_eq!(proxy.get("status/204").wait().unwrap().status(), 204);
    assert_eq!(proxy.upstreams().len(), 2);
}

#[test]
fn every_mode_of_a_resource_can_be_waited_for() {
    let api = api();
    assert!(matches!(api.get("get").wait().unwrap(), Content::Json(_)));
    assert!(api.get("html").text().wait().unwrap().contains("<html"));
    assert_eq!(api.get("bytes/9").bytes().wait().unwrap().len(), 9);
    assert_eq!(api.get("status/204").with_head().wait().unwrap().status(), 204);
    assert_eq!(api.get("status/404").wait().unwrap_err().status().unwrap(), 404);
    let response = api.get("range/26").response().wait().unwrap();
    assert_eq!(std::io::read_to_string(response.into_body()).unwrap().len(), 26);
    assert!(
        api.exists("get").wait().unwrap() && !api.exists("status/404").or_get().wait().unwrap()
    );
    assert_eq!(api.create("post").json(&1).wait().unwrap(), None);
    let patched: Value = api.update("patch").json(&json!({"a": 1})).json().wait().unwrap();
    assert_eq!(patched["json"], json!({"a": 1}));

    let lines = api.get("stream/3").json_lines::<Value>().wait().unwrap();
    let ids: Vec<_> = lines.map(|line| line.unwrap()["id"].clone()).collect();
    assert_eq!(ids, [0, 1, 2]);
    assert_eq!(api.get("stream/3").lines().wait().unwrap().count(), 3);
    assert_eq!(api.get("stream/3").items().wait().unwrap().count(), 3);
    let chunks = api.get("stream-bytes/30?chunk_size=10").chunks().wait().unwrap();
    assert_eq!(chunks.map(|chunk| chunk.unwrap().len()).sum::<usize>(), 30);
}

#[test]
fn downloads_and_edits_are_plain_calls() {
    let api = api();
    let mut written = Vec::new();
    assert_eq!(api.get("range/30").download().to_writer(&mut written).unwrap(), 30);
    assert_eq!(written, api.get("range/30").bytes().wait().unwrap());
    let path = std::env::temp_dir().join(format!("tower-clients-blocking-{}", std::process::id()));
    assert_eq!(api.get("range/30").download().to_path(&path).unwrap(), 30);
    assert_eq!(std::fs::read(&path).unwrap(), written);
    std::fs::remove_file(path).unwrap();

    api.put("documents/n").json(&1).wait().unwrap();
    api.edit("documents/n").with(|n: &mut u32| *n += 1).unwrap();
    let mut n = api.updating::<u32>("documents/n").unwrap();
    n.value += 1;
    n.put().unwrap();
    let refused = api.edit("documents/n").try_with(|_: &mut u32| Err("no"));
    assert!(refused.unwrap_err().is_request());
    assert_eq!(api.get("documents/n").json::<u32>().wait().unwrap(), 3);
}

#[test]
fn reader_gives_the_error_of_a_body_that_breaks_off() {
    let mock = Mock::new().reply(Reply::status(200).cut_body("abc"));
    let api = Resource::with_service("http://h", mock).unwrap().blocking().unwrap();
    let mut body = api.get("x").response().wait().unwrap().into_body();
    let mut read = Vec::new();
    let error = body.read_to_end(&mut read).unwrap_err();
    assert_eq!(read, b"abc");
    assert!(error.downcast::<Error>().unwrap().is_body());
    assert_eq!(body.read(&mut [0]).unwrap(), 0);
}

#[test]
fn reader_reads_as_much_as_is_asked_for() {
    let mut body = api().get("range/26").response().wait().unwrap().into_body();
    let mut start = Vec::new();
    assert_eq!(body.read_until(b'c', &mut start).unwrap(), 3);
    assert_eq!(body.read(&mut [0; 99]).unwrap(), 23);
    assert_eq!(body.read(&mut [0; 99]).unwrap(), 0);
}

#[test]
fn token_is_waited_for_and_refreshed() {
    let grant = || Grant::client_credentials("demo", "s3cret");
    let client = Client::builder("http://h").build_over(testbed::router()).unwrap();
    let api = Resource::from(client).blocking().unwrap() / "oauth";
    let wrong = api.clone().authorize("token", Grant::client_credentials("demo", "guessed"));
    assert!(wrong.unwrap_err().is_authorize());

    let api = api.authorize("token", grant()).unwrap();
    assert_eq!(api.get("userinfo").json::<Value>().wait().unwrap()["sub"], "demo");
    let issued = api.get("stats").json::<Value>().wait().unwrap()["issued"].clone();
    assert_eq!(issued, 1);
}

#[tokio::test]
async fn x5_call_inside_of_a_task_is_an_error_and_sends_nothing() {
    let mock = Mock::new().reply(Reply::status(200));
    let api = Resource::with_service("http://h", mock.clone()).unwrap().blocking().unwrap();
    let outside = async { api.get("x").wait() }.await.unwrap_err();
    let copy = api.clone();
    let inside = tokio::spawn(async move { copy.get("x").wait() }).await.unwrap().unwrap_err();
    for error in [outside, inside] {
        assert!(error.is_blocking() && !error.may_have_been_sent());
        assert!(format!("{error:#}").contains("spawn_blocking"), "{error:#}");
    }
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn x5_body_of_a_blocking_call_is_not_read_inside_of_a_task() {
    let api = api();
    let mut lines =
        spawn_blocking(move || api.get("stream/3").lines().wait()).await.unwrap().unwrap();
    assert!(lines.next().unwrap().unwrap_err().is_blocking());
    assert!(lines.next().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn call_works_where_waiting_is_allowed() {
    let server = Testbed::http().await.unwrap();
    let api = Resource::new(server.url()).unwrap().blocking().unwrap();
    let call = move || {
        let text = api.get("robots.txt").text().wait();
        text.map(|text| text.len())
    };
    assert!(spawn_blocking(call.clone()).await.unwrap().unwrap() > 0);
    assert!(block_in_place(call).unwrap() > 0);
}

#[tokio::test]
async fn x5_call_inside_of_a_task_without_a_budget_is_an_error_too() {
    let api = api();
    let error = unconstrained(async { api.get("bytes/3").bytes().wait() }).await.unwrap_err();
    assert!(error.is_blocking() && !error.may_have_been_sent());
}

#[tokio::test]
async fn x5_client_can_be_dropped_inside_of_a_task() {
    let server = Testbed::http().await.unwrap();
    let api = Resource::new(server.url()).unwrap().blocking().unwrap();
    let copy = api.clone();
    let (api, body) =
        spawn_blocking(move || (api, copy.get("drip").response().wait())).await.unwrap();
    drop((api, body.unwrap()));
}

#[test]
fn x4_closure_that_panics_harms_no_later_call() {
    let runtime = runtime();
    let api = api();
    api.put("documents/n").json(&1).wait().unwrap();
    let edit = || {
        let change = |_: &mut u32| panic!("as the test wants");
        catch_unwind(AssertUnwindSafe(|| api.edit("documents/n").with(change))).is_err()
    };
    assert!(edit());
    let _guard = runtime.enter();
    assert!(edit());
    assert_eq!(api.get("documents/n").json::<u32>().wait().unwrap(), 1);
}

#[test]
fn timers_run_while_a_call_waits() {
    let silent = Router::new().fallback(async || pending::<()>().await);
    let api = Resource::with_service("http://in.process", silent).unwrap().blocking().unwrap();
    let error = api.get("x").timeout(Duration::from_millis(1)).wait().unwrap_err();
    assert!(error.is_timeout());
}

#[test]
fn clones_and_children_share_a_connection() {
    let runtime = runtime();
    let server = runtime.block_on(Testbed::http()).unwrap();
    let api = Resource::new(server.url()).unwrap().blocking().unwrap();
    for _ in 0..5 {
        api.clone().get("get").wait().unwrap();
        (&api / "anything").post("x").json(&1).wait().unwrap();
    }
    assert_eq!((server.requests(), server.connections()), (10, 1));
}

#[test]
fn d2_connection_that_closed_between_two_calls_is_not_used() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asking, is_asked) = mpsc::channel();
    let (answered, answer) = mpsc::channel();
    let server = thread::spawn(move || {
        for () in is_asked {
            let (mut connection, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\nx") {
                let mut byte = [0];
                connection.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            answered.send(connection).unwrap();
        }
    });
    let api = Client::new(&*url).unwrap().blocking().unwrap();
    // The connection of a call is closed when the call has returned.
    for round in 0..100 {
        asking.send(()).unwrap();
        let response = api.post("x").body("x").wait();
        assert!(response.is_ok(), "{round}: {response:?}");
        drop(answer.recv().unwrap());
    }
    drop(asking);
    server.join().unwrap();
}

#[test]
fn x1_server_hears_at_once_of_a_body_that_is_dropped() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut byte = [0];
        connection.read_exact(&mut byte).unwrap();
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nab").unwrap();
        // The rest of the request, and its end.
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        connection.read_to_end(&mut Vec::new()).map_err(|error| error.kind())
    });
    let api = Resource::new(&*url).unwrap().blocking().unwrap();
    let mut body = api.get("x").response().wait().unwrap().into_body();
    body.read_exact(&mut [0; 2]).unwrap();
    drop(body);
    let heard = server.join().unwrap();
    assert_ne!(heard, Err(std::io::ErrorKind::WouldBlock));
    drop(api);
}

#[test]
fn x5_many_threads_call_at_once() {
    let runtime = runtime();
    let server = runtime.block_on(Testbed::http()).unwrap();
    let over_the_wire = Resource::new(server.url()).unwrap().blocking().unwrap();
    let echo = Router::new().route("/{n}", get(async |Path(n): Path<usize>| Json(n)));
    let in_process = Resource::with_service("http://h", echo).unwrap().blocking().unwrap();
    thread::scope(|scope| {
        for thread in 0..200 {
            let (in_process, over_the_wire) = (&in_process, &over_the_wire);
            scope.spawn(move || {
                for call in 0..100 {
                    let n = 1000 * thread + call;
                    assert_eq!(in_process.get((n,)).json::<usize>().wait().unwrap(), n);
                }
                let path = format!("anything/{thread}");
                let seen: Value = over_the_wire.get(&path).json().wait().unwrap();
                assert!(seen["url"].as_str().unwrap().ends_with(&path));
            });
        }
    });
    assert_eq!(server.requests(), 200);
}

#[test]
fn given_runtime_is_shared_with_the_async_client() {
    let runtime = runtime();
    let server = runtime.block_on(Testbed::http()).unwrap();
    let api = Resource::new(server.url()).unwrap();
    let blocking = api.clone().blocking_on(runtime.handle().clone());
    for _ in 0..3 {
        blocking.get("get").wait().unwrap();
        runtime.block_on(api.get("get").send()).unwrap();
    }
    let _guard = runtime.enter();
    blocking.get("get").wait().unwrap();
    assert_eq!(server.requests(), 7);
}
