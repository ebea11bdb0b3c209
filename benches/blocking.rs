//! Times a typed JSON GET over loopback by blocking calls, beside the same awaited.

use benches::{
    payload::User,
    runtime,
    server::{self, BASE, USER},
};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Builder;
use tower_clients::{Resource, blocking};

fn blocking(criterion: &mut Criterion) {
    let url = format!("http://{}{BASE}", server::start());
    let api = || Resource::new(&*url).expect("the URL is valid");
    let mut group = criterion.benchmark_group("What does a call that blocks cost?");

    let (awaited, runtime) = (api(), runtime());
    group.bench_function("async, block_on for each call", |bencher| {
        bencher.iter(|| runtime.block_on(awaited.get(USER).json::<User>().send()).expect("a user"));
    });

    let own = api().blocking().expect("a runtime starts");
    group.bench_function("blocking()", |bencher| bencher.iter(|| wait(&own)));

    let threads = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let threads = threads.expect("a thread starts");
    let given = api().blocking_on(threads.handle().clone());
    group.bench_function("blocking_on(a runtime with a thread)", |bencher| {
        bencher.iter(|| wait(&given));
    });
    group.finish();
}

fn wait(api: &blocking::Resource) -> User {
    api.get(USER).json().wait().expect("a user")
}

criterion_group!(benches, blocking);
criterion_main!(benches);
