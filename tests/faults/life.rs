//! Runtimes and clients that end too early, and code of the program that panics.

use bytes::Bytes;
use futures_util::{future::join_all, stream};
use http_body_util::BodyExt;
use integration_tests::{Peer, Step, alone, polled, without_leaks};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
    time::Duration,
};
use testbed::Testbed;
use tokio::runtime::{Builder, Runtime};
use tower_clients::{Body, BoxError, Client, Resource};

const ENOUGH: Duration = Duration::from_secs(10);

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn x1_storm_of_calls_that_are_dropped_leaves_nothing() {
    without_leaks(async || {
        let server = Testbed::http().await.unwrap();
        let api = Resource::new(server.url()).unwrap();
        for round in 0..200 {
            // A generator of Lehmer's: where each one is dropped differs from round to round.
            let mut random = 48_271 * (round + 1);
            let calls = (0..10).map(|_| {
                random = random * 48_271 % 0x7fff_ffff;
                polled(random % 12, api.get("bytes/5000").bytes().send())
            });
            for outcome in join_all(calls).await.into_iter().flatten() {
                assert_eq!(outcome.unwrap().len(), 5000);
            }
        }
        assert_eq!(api.get("bytes/5000").timeout(ENOUGH).bytes().await.unwrap().len(), 5000);
    });
}

#[test]
fn x1_body_that_is_dropped_after_any_frame_leaves_nothing() {
    without_leaks(async || {
        let server = Testbed::http().await.unwrap();
        let client = Client::new(server.url()).unwrap();
        for path in ["bytes/300000", "stream-bytes/300000?chunk_size=7000"] {
            for frames in 0.. {
                let mut body = client.get(path).await.unwrap().into_body();
                let mut read = 0;
                while read < frames && body.frame().await.transpose().unwrap().is_some() {
                    read += 1;
                }
                drop(body);
                assert_eq!(client.get("get").timeout(ENOUGH).await.unwrap().status(), 200);
                if read < frames {
                    break;
                }
            }
        }
    });
}

#[test]
fn x3_runtime_that_ends_under_a_call_ends_the_call() {
    let _alone = alone();
    let silent = runtime();
    let peer = silent.block_on(Peer::evil());
    let client = Client::new(&*peer.url()).unwrap();
    let other = runtime();
    // A call, a response that streams and an upload are under way when it ends.
    let call = other.spawn(client.get("x").send());
    let pending = Body::from_stream(stream::pending::<Result<Bytes, BoxError>>());
    let upload = other.spawn(client.put("x").body(pending).send());
    other.block_on(async { tokio::time::sleep(Duration::from_millis(20)).await });
    drop(other);
    silent.block_on(async {
        assert!(call.await.unwrap_err().is_cancelled());
        assert!(upload.await.unwrap_err().is_cancelled());
    });
    // The client goes on where there is a runtime.
    let last = runtime();
    let server = last.block_on(Testbed::http()).unwrap();
    let url = format!("{}get", server.url());
    let client = Client::builder("http://h").allow_origin(server.url()).build().unwrap();
    assert_eq!(last.block_on(client.get(&url).send()).unwrap().status(), 200);
}

#[test]
fn x3_body_whose_runtime_has_ended_is_an_error() {
    let _alone = alone();
    let server = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let head = Step::send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbegin");
    let peer = server.block_on(Peer::playing([vec![Step::ReadHead, head, Step::Hang]]));
    let client = Client::new(&*peer.url()).unwrap();
    let first = runtime();
    let response = first.block_on(client.get("x").send()).unwrap();
    drop(first);
    let rest = async { tokio::time::timeout(ENOUGH, response.into_body().collect()).await };
    assert!(runtime().block_on(rest).expect("it does not hang").is_err());
}

#[test]
fn x3_clients_may_be_dropped_before_their_calls_and_after_the_runtime() {
    without_leaks(async || {
        let server = Testbed::http().await.unwrap();
        let client = Client::new(server.url()).unwrap();
        let call = client.get("bytes/100000").send();
        drop(client);
        let body = call.await.unwrap().into_body();
        assert_eq!(body.collect().await.unwrap().to_bytes().len(), 100_000);
    });
    let _alone = alone();
    let runtime = runtime();
    let client = runtime.block_on(async {
        let server = Testbed::http().await.unwrap();
        let client = Client::new(server.url()).unwrap();
        client.get("get").await.unwrap().into_body().collect().await.unwrap();
        client
    });
    drop(runtime);
    drop(client);
}

#[test]
fn x4_body_that_panics_fails_its_own_call_only() {
    let _alone = alone();
    let runtime = runtime();
    let server = runtime.block_on(Testbed::http()).unwrap();
    let api = Resource::new(server.url()).unwrap();
    let call = || {
        let body = stream::poll_fn(|_| -> Poll<Option<Result<Bytes, BoxError>>> {
            panic!("as the test wants")
        });
        runtime.block_on(api.put("anything").body(Body::from_stream(body)).bytes().send())
    };
    for _ in 0..3 {
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
        let text = runtime.block_on(api.get("anything").text().send()).unwrap();
        assert!(text.contains("anything"));
    }
}

/// There is no way to ask a runtime what it has before it panics.
#[test]
fn x6_runtime_without_io_or_time_panics_with_advice_and_harms_no_other() {
    let _alone = alone();
    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = servers.block_on(Testbed::http()).unwrap();
    let client = Client::new(server.url()).unwrap();
    for (mut builder, advice) in [
        (Builder::new_current_thread(), "enable_time"),
        (Builder::new_current_thread(), "enable_io"),
    ] {
        if advice == "enable_io" {
            builder.enable_time();
        }
        let runtime = builder.build().unwrap();
        let call = || runtime.block_on(client.get("get").send());
        let panic = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
        let texts = [
            panic.downcast_ref::<String>().cloned(),
            panic.downcast_ref().copied().map(str::to_owned),
        ];
        let text = texts.into_iter().flatten().collect::<String>();
        assert!(text.contains(advice), "{text}");
    }
    assert_eq!(runtime().block_on(client.get("get").send()).unwrap().status(), 200);
}
