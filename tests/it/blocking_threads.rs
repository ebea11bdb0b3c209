//! Blocking calls of many threads at once.

use axum::{
    Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};
use testbed::Testbed;
use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
    task::yield_now,
};
use tower_clients::{Client, Error, Resource, Transport, blocking, oauth::Grant};

/// For what must not take long, and would otherwise stop the tests.
const LONG: Duration = Duration::from_secs(30);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn lazily_authorized(url: &str) -> blocking::Resource {
    let client = Client::builder(url).build().unwrap();
    let client = client.authorize_lazily("token", Grant::client_credentials("demo", "s3cret"));
    Resource::from(client.unwrap()).blocking().unwrap()
}

/// Has so many threads call `f` at the same time.
fn at_once<T: Send>(threads: usize, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|thread| {
                let (start, f) = (&start, &f);
                scope.spawn(move || {
                    start.wait();
                    f(thread)
                })
            })
            .collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// A call on each of two runtimes, of which the first one began the fetch and gives up.
#[test]
fn fetch_of_a_token_goes_on_when_the_call_gives_up_that_began_it() {
    let (asked, is_asked) = mpsc::channel();
    let may_answer = Arc::new(Semaphore::new(0));
    let answers = Arc::clone(&may_answer);
    let token = async move || {
        asked.send(()).unwrap();
        answers.acquire().await.unwrap().forget();
        Json(json!({"access_token": "t0ken", "token_type": "bearer"}))
    };
    let router = Router::new().route("/token", post(token)).route("/", get("hello"));
    let runtime = runtime();
    let server = runtime.block_on(Testbed::serve(router)).unwrap();
    let api = lazily_authorized(server.url());

    let first = api.clone();
    let first =
        thread::spawn(move || first.get("").text().timeout(Duration::from_millis(300)).wait());
    is_asked.recv().unwrap();
    let second = thread::spawn(move || api.get("").text().timeout(LONG).wait());
    assert!(first.join().unwrap().unwrap_err().is_timeout());
    may_answer.add_permits(1);
    assert_eq!(second.join().unwrap().unwrap(), "hello");
    assert!(is_asked.try_recv().is_err());
}

#[test]
fn threads_share_the_fetch_of_a_token() {
    let runtime = runtime();
    let server = runtime.block_on(Testbed::http()).unwrap();
    let api = lazily_authorized(&format!("{}oauth/", server.url()));
    let subjects = at_once(16, |_| api.get("userinfo").json::<Value>().wait().unwrap());
    assert!(subjects.iter().all(|info| info["sub"] == "demo"));
    let stats: Value = api.get("stats").json().wait().unwrap();
    assert_eq!((&stats["issued"], &stats["userinfo"]), (&json!(1), &json!(16)));
}

/// Answers when all of them have come, and closes.
fn answer(connections: &[TcpStream]) {
    for mut connection in connections {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\nx") {
            let mut byte = [0];
            connection.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
    }
    for mut connection in connections {
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    }
}

#[test]
fn connections_of_all_runtimes_that_closed_between_two_calls_are_not_used() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 50;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (answered, are_answered) = mpsc::channel();
    let server = thread::spawn(move || {
        for _ in 0..ROUNDS {
            let connections: Vec<_> = (0..THREADS).map(|_| listener.accept().unwrap().0).collect();
            answer(&connections);
            answered.send(connections).unwrap();
        }
    });
    let api = Client::new(&*url).unwrap().blocking().unwrap();
    for round in 0..ROUNDS {
        for response in at_once(THREADS, |_| api.post("x").body("x").timeout(LONG).wait()) {
            assert!(response.is_ok(), "{round}: {response:?}");
        }
        drop(are_answered.recv().unwrap());
    }
    server.join().unwrap();
}

/// The most requests that are handled at once.
#[derive(Clone, Default)]
struct Busy(Arc<[AtomicUsize; 2]>);

impl Busy {
    async fn handle(self) -> StatusCode {
        let [now, most] = &*self.0;
        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        for _ in 0..10 {
            yield_now().await;
        }
        now.fetch_sub(1, SeqCst);
        StatusCode::OK
    }

    fn server(&self, runtime: &Runtime) -> Testbed {
        let busy = self.clone();
        let router = Router::new().fallback(move || busy.clone().handle());
        runtime.block_on(Testbed::serve(router)).unwrap()
    }
}

fn over(transport: Transport, url: &str) -> blocking::Client {
    let client = Client::builder(url).build_over(transport).unwrap();
    client.blocking().unwrap()
}

#[test]
fn limit_of_connections_to_a_server_holds_over_threads() {
    let (runtime, busy) = (runtime(), Busy::default());
    let server = busy.server(&runtime);
    let transport = Transport::builder().pool_max_open_per_host(2).build().unwrap();
    let api = over(transport, server.url());
    at_once(8, |_| {
        for _ in 0..25 {
            api.get("x").timeout(LONG).wait().unwrap();
        }
    });
    assert!(busy.0[1].load(SeqCst) <= 2);
}

#[test]
fn limit_of_all_connections_holds_over_threads() {
    let (runtime, busy) = (runtime(), Busy::default());
    let servers = [busy.server(&runtime), busy.server(&runtime), busy.server(&runtime)];
    let transport = Transport::builder().pool_max_open(1).build().unwrap();
    let apis = servers.each_ref().map(|server| over(transport.clone(), server.url()));
    at_once(9, |thread| {
        for call in 0..10 {
            apis[(thread + call) % apis.len()].get("x").timeout(LONG).wait().unwrap();
        }
    });
    assert_eq!(busy.0[1].load(SeqCst), 1);
}

#[test]
fn idle_connection_makes_room_where_nobody_drives_its_runtime() {
    let runtime = runtime();
    let servers = [(); 2].map(|()| runtime.block_on(Testbed::http()).unwrap());
    let (of_all, per_host) = (Transport::builder(), Transport::builder());
    for (builder, second) in
        [(of_all.pool_max_open(1), &servers[1]), (per_host.pool_max_open_per_host(1), &servers[0])]
    {
        let transport = builder.build().unwrap();
        let apis = [&servers[0], second].map(|server| over(transport.clone(), server.url()));
        for api in [&apis[0], &apis[1], &apis[0]] {
            api.get("get").timeout(LONG).wait().unwrap();
        }
    }
}

#[test]
fn more_bodies_than_runtimes_are_read_by_as_many_threads() {
    let runtime = runtime();
    let server = runtime.block_on(Testbed::http()).unwrap();
    let api = Resource::new(server.url()).unwrap().blocking().unwrap();
    let bodies: Vec<_> = (0..100)
        .map(|_| Mutex::new(Some(api.get("bytes/90000").response().wait().unwrap().into_body())))
        .collect();
    // While they wait, the same thread may call on.
    assert_eq!(api.get("range/26").bytes().wait().unwrap().len(), 26);
    let lengths = at_once(bodies.len(), |thread| {
        let mut body = bodies[thread].lock().unwrap().take().unwrap();
        std::io::copy(&mut body, &mut std::io::sink()).unwrap()
    });
    assert!(lengths.iter().all(|length| *length == 90_000));
}

#[test]
fn thread_that_panics_while_it_drives_leaves_its_connection_to_the_next() {
    let runtime = runtime();
    let server = runtime.block_on(Testbed::http()).unwrap();
    let api = Resource::new(server.url()).unwrap().blocking().unwrap();
    api.put("documents/n").json(&1).wait().unwrap();
    for _ in 0..3 {
        let change = |_: &mut u32| panic!("as the test wants");
        let edit = AssertUnwindSafe(|| api.edit("documents/n").with(change));
        assert!(catch_unwind(edit).is_err());
    }
    assert_eq!(api.get("documents/n").json::<u32>().wait().unwrap(), 1);
    assert_eq!(server.connections(), 1);
}

#[test]
fn server_hears_at_once_of_a_call_that_gives_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        connection.set_read_timeout(Some(LONG)).unwrap();
        connection.read_to_end(&mut Vec::new()).map_err(|error| error.kind())
    });
    let api = Resource::new(&*url).unwrap().blocking().unwrap();
    let given_up: Result<_, Error> = api.get("x").timeout(Duration::from_millis(100)).wait();
    assert!(given_up.unwrap_err().is_timeout());
    assert!(server.join().unwrap().is_ok());
    drop(api);
}
