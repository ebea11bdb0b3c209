use super::*;
use http::Uri;
use std::{
    sync::{Mutex, atomic::Ordering},
    task::{Context, Waker},
};
use tokio::{
    runtime,
    task::spawn_blocking,
    time::{Instant, sleep},
};

const SECOND: Duration = Duration::from_secs(1);

/// A connection that is nothing but what the pool sees of one.
#[derive(Debug, Clone)]
struct Fake {
    id: u32,
    born: Instant,
    is_open: Arc<AtomicBool>,
    is_shared: bool,
    is_busy: Arc<AtomicBool>,
}

impl Fake {
    fn new(id: u32) -> Self {
        Self {
            id,
            born: Instant::now(),
            is_open: Arc::new(true.into()),
            is_shared: false,
            is_busy: Arc::default(),
        }
    }

    fn shared(id: u32) -> Self {
        Self { is_shared: true, ..Self::new(id) }
    }
}

impl Pooled for Fake {
    fn is_open(&mut self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    fn rest(&mut self) {}

    fn born(&self) -> Instant {
        self.born
    }

    fn share(&self) -> Option<Self> {
        self.is_shared.then(|| self.clone())
    }

    fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed)
    }
}

const UNLIMITED: Limits = Limits {
    idle_timeout: Duration::from_secs(90),
    max_age: None,
    max_idle_per_host: 32,
    max_open_per_host: None,
    max_open: None,
};

fn pool(limits: Limits) -> Arc<Pool<Fake>> {
    Arc::new(Pool::new(limits))
}

fn host(pool: &Arc<Pool<Fake>>, name: &'static str) -> Arc<Host<Fake>> {
    let uri = Uri::try_from(format!("http://{name}/")).unwrap();
    let key = KeyRef::new(&uri, runtime::Handle::current().id());
    pool.host(key, || Ok::<_, ()>(HeaderValue::from_static(name))).unwrap()
}

/// What a request gets at once; `None` while it would wait.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn opening(acquired: Option<Acquired<Fake>>) -> Opening<Fake> {
    match acquired {
        Some(Acquired::Opening(opening)) => opening,
        Some(Acquired::Connection(fake)) => panic!("there is {fake:?}"),
        None => panic!("it waits"),
    }
}

fn id(acquired: Option<Acquired<Fake>>) -> u32 {
    match acquired {
        Some(Acquired::Connection(fake)) => fake.id,
        Some(Acquired::Opening(_)) => panic!("it makes one"),
        None => panic!("it waits"),
    }
}

/// A request that makes a connection.
fn opens(pool: &Pool<Fake>, host: &Arc<Host<Fake>>, may_multiplex: bool) -> Opening<Fake> {
    opening(at_once(pool.acquire(host, may_multiplex)))
}

/// A request that takes a connection: which.
fn takes(pool: &Pool<Fake>, host: &Arc<Host<Fake>>, may_multiplex: bool) -> u32 {
    id(at_once(pool.acquire(host, may_multiplex)))
}

/// A request that has to wait.
fn waits<'a>(
    pool: &'a Pool<Fake>,
    host: &'a Arc<Host<Fake>>,
    may_multiplex: bool,
) -> Pin<Box<impl Future<Output = Acquired<Fake>> + 'a>> {
    let mut waiting = Box::pin(pool.acquire(host, may_multiplex));
    assert!(at_once(&mut waiting).is_none());
    waiting
}

/// A connection and what it holds.
fn made(mut opening: Opening<Fake>, id: u32) -> (Fake, Option<OpenPermits>) {
    let fake = Fake::new(id);
    let permits = opening.permits();
    opening.made(&fake);
    (fake, permits)
}

#[tokio::test]
async fn connection_that_was_put_last_is_taken_first() {
    let pool = pool(UNLIMITED);
    let (a, b) = (host(&pool, "a"), host(&pool, "b"));
    pool.put(&a, Fake::new(1));
    pool.put(&a, Fake::new(2));
    opens(&pool, &b, false);
    assert_eq!(takes(&pool, &a, false), 2);
    assert_eq!(takes(&pool, &a, false), 1);
    opens(&pool, &a, false);
}

#[tokio::test(start_paused = true)]
async fn connection_is_kept_for_its_idle_time_and_its_age() {
    let limits = Limits { max_age: Some(100 * SECOND), ..UNLIMITED };
    let pool = pool(limits);
    let a = host(&pool, "a");
    let fake = Fake::new(1);
    for _ in 0..2 {
        pool.put(&a, fake.clone());
        sleep(49 * SECOND).await;
        assert_eq!(takes(&pool, &a, false), 1);
    }
    pool.put(&a, fake);
    sleep(2 * SECOND).await;
    opens(&pool, &a, false);

    pool.put(&a, Fake::new(2));
    sleep(90 * SECOND).await;
    opens(&pool, &a, false);
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_is_closed_without_being_asked_for() {
    let pool = pool(UNLIMITED);
    let (fake, other) = (Fake::new(1), Fake::new(2));
    let (weak, later) = (Arc::downgrade(&fake.is_open), Arc::downgrade(&other.is_open));
    pool.put(&host(&pool, "a"), fake);
    sleep(10 * SECOND).await;
    pool.put(&host(&pool, "b"), other);
    sleep(81 * SECOND).await;
    assert_eq!((weak.strong_count(), later.strong_count()), (0, 1));
    sleep(10 * SECOND).await;
    assert_eq!(later.strong_count(), 0);
    assert_eq!(pool.hosts.read().unwrap().len(), 0);

    // The task has ended, and starts again.
    sleep(SECOND).await;
    let again = Fake::new(3);
    let weak = Arc::downgrade(&again.is_open);
    pool.put(&host(&pool, "a"), again);
    sleep(91 * SECOND).await;
    assert_eq!(weak.strong_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn shared_connection_is_kept_while_a_request_is_on_it() {
    let pool = pool(UNLIMITED);
    let a = host(&pool, "a");
    let shared = Fake::shared(1);
    shared.is_busy.store(true, Ordering::Relaxed);
    opens(&pool, &a, true).made(&shared);
    sleep(1000 * SECOND).await;
    assert_eq!(takes(&pool, &a, true), 1);
    shared.is_busy.store(false, Ordering::Relaxed);
    sleep(91 * SECOND).await;
    opens(&pool, &a, true);
}

#[tokio::test(start_paused = true)]
async fn server_without_a_connection_is_forgotten() {
    let pool = pool(UNLIMITED);
    for name in ["a", "b", "c"] {
        drop(opening(at_once(pool.acquire(&host(&pool, name), false))));
    }
    sleep(91 * SECOND).await;
    assert_eq!(pool.hosts.read().unwrap().len(), 0);
}

#[tokio::test]
async fn task_that_looks_after_connections_ends_with_the_pool() {
    let pool = pool(UNLIMITED);
    drop(host(&pool, "a"));
    tokio::task::yield_now().await;
    let tasks = || runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!(tasks(), 1);
    drop(pool);
    tokio::task::yield_now().await;
    assert_eq!(tasks(), 0);
}

#[tokio::test]
async fn closed_connection_is_passed_over() {
    let pool = pool(UNLIMITED);
    let a = host(&pool, "a");
    let closed = Fake::new(2);
    closed.is_open.store(false, Ordering::Relaxed);
    pool.put(&a, Fake::new(1));
    pool.put(&a, closed);
    assert_eq!(takes(&pool, &a, false), 1);
}

#[tokio::test]
async fn so_many_are_kept_and_no_more() {
    let pool = pool(Limits { max_idle_per_host: 1, ..UNLIMITED });
    let a = host(&pool, "a");
    pool.put(&a, Fake::new(1));
    pool.put(&a, Fake::new(2));
    assert_eq!(takes(&pool, &a, false), 1);
    opens(&pool, &a, false);
}

#[tokio::test]
async fn first_requests_wait_for_one_connection_that_many_can_share() {
    let pool = pool(UNLIMITED);
    let a = host(&pool, "a");
    let first = opens(&pool, &a, true);
    let (second, third) = (waits(&pool, &a, true), waits(&pool, &a, true));
    first.made(&Fake::shared(1));
    assert_eq!((id(at_once(second)), id(at_once(third))), (1, 1));
    assert_eq!(takes(&pool, &a, true), 1);
}

#[tokio::test]
async fn first_requests_make_their_own_when_it_cannot_be_shared() {
    let pool = pool(UNLIMITED);
    let a = host(&pool, "a");
    let first = opens(&pool, &a, true);
    let second = waits(&pool, &a, true);
    first.made(&Fake::new(1));
    opening(at_once(second));
    opens(&pool, &a, true);
}

#[tokio::test]
async fn next_request_takes_over_from_one_that_was_given_up() {
    let pool = pool(UNLIMITED);
    let a = host(&pool, "a");
    let first = opens(&pool, &a, true);
    let (second, mut third) = (waits(&pool, &a, true), waits(&pool, &a, true));
    drop(first);
    let second = opening(at_once(second));
    assert!(at_once(&mut third).is_none());
    second.made(&Fake::shared(2));
    assert_eq!(id(at_once(third)), 2);
}

#[tokio::test]
async fn all_try_for_themselves_when_the_first_failed() {
    let pool = pool(UNLIMITED);
    let a = host(&pool, "a");
    let first = opens(&pool, &a, true);
    let (second, third) = (waits(&pool, &a, true), waits(&pool, &a, true));
    first.failed();
    let (_second, _third) = (opening(at_once(second)), opening(at_once(third)));
}

#[tokio::test]
async fn who_makes_one_may_have_one_that_comes_back() {
    let pool = pool(UNLIMITED);
    let a = host(&pool, "a");
    let mut returned = Box::pin(a.returned());
    assert!(at_once(&mut returned).is_none());
    pool.put(&a, Fake::new(1));
    assert_eq!(at_once(returned).map(|fake| fake.id), Some(1));
}

#[tokio::test]
async fn shared_connection_that_nobody_took_is_not_kept_twice() {
    let pool = pool(UNLIMITED);
    let a = host(&pool, "a");
    let leader = opens(&pool, &a, true);
    let waiting = waits(&pool, &a, true);
    let shared = Fake::shared(1);
    leader.made(&shared);
    drop(waiting);
    // That of the pool and this one.
    assert_eq!(Arc::strong_count(&shared.is_open), 2);
}

#[tokio::test]
async fn limit_of_a_host_makes_requests_wait_in_order() {
    let pool = pool(Limits { max_open_per_host: Some(1), ..UNLIMITED });
    let (a, b) = (host(&pool, "a"), host(&pool, "b"));
    let (fake, permits) = made(opens(&pool, &a, false), 1);
    opens(&pool, &b, false);
    let mut waiting: Vec<_> = (0..3).map(|_| waits(&pool, &a, false)).collect();

    // The first one gave up; the next one gets the connection that comes back.
    drop(waiting.remove(0));
    pool.put(&a, fake.clone());
    assert_eq!(id(at_once(waiting.remove(0))), 1);

    // When it is closed, the next one may make another.
    drop((fake, permits));
    opening(at_once(waiting.remove(0)));
}

#[tokio::test]
async fn what_is_given_to_one_that_left_goes_to_the_next() {
    let pool = pool(Limits { max_open_per_host: Some(1), ..UNLIMITED });
    let a = host(&pool, "a");
    let (fake, _permits) = made(opens(&pool, &a, false), 1);
    let (first, second) = (waits(&pool, &a, false), waits(&pool, &a, false));
    pool.put(&a, fake);
    drop(first);
    assert_eq!(id(at_once(second)), 1);
}

#[tokio::test]
async fn limit_of_all_closes_what_is_idle_elsewhere() {
    let pool = pool(Limits { max_open: Some(2), ..UNLIMITED });
    let (a, b) = (host(&pool, "a"), host(&pool, "b"));
    let (first, first_permits) = made(opens(&pool, &a, false), 1);
    let (second, second_permits) = made(opens(&pool, &a, false), 2);
    let weak = Arc::downgrade(&first.is_open);
    pool.put(&a, first);
    let waiting = waits(&pool, &b, false);
    assert_eq!(weak.strong_count(), 0);

    // While somebody waits, no connection becomes idle.
    let weak = Arc::downgrade(&second.is_open);
    pool.put(&a, second);
    assert_eq!(weak.strong_count(), 0);
    drop(first_permits);
    let third = opening(at_once(waiting));
    drop(second_permits);
    opens(&pool, &a, false);
    drop(third);
}

#[tokio::test]
async fn limit_of_a_host_is_that_of_all_runtimes() {
    let pool = pool(Limits { max_open_per_host: Some(1), ..UNLIMITED });
    let here = host(&pool, "a");
    let elsewhere = spawn_blocking({
        let pool = Arc::clone(&pool);
        move || {
            let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async { host(&pool, "a") })
        }
    });
    let elsewhere = elsewhere.await.unwrap();
    let (fake, permits) = made(opens(&pool, &here, false), 1);
    let weak = Arc::downgrade(&fake.is_open);
    let waiting = waits(&pool, &elsewhere, false);
    // It is of no use there, so it is not kept.
    pool.put(&here, fake);
    assert_eq!(weak.strong_count(), 0);
    drop(permits);
    opening(at_once(waiting));
}

#[tokio::test]
async fn connection_is_kept_when_those_who_wait_have_been_given_one() {
    let pool = pool(Limits { max_open: Some(2), max_open_per_host: Some(2), ..UNLIMITED });
    let a = host(&pool, "a");
    let (first, _first) = made(opens(&pool, &a, false), 1);
    let (second, _second) = made(opens(&pool, &a, false), 2);
    let waiting = waits(&pool, &a, false);
    pool.put(&a, first);
    pool.put(&a, second);
    assert_eq!((id(at_once(waiting)), takes(&pool, &a, false)), (1, 2));
}

#[tokio::test]
async fn connection_that_comes_back_makes_room_for_one_that_has_to_be_new() {
    for limits in [(Some(1), None), (None, Some(1))] {
        let (max_open, max_open_per_host) = limits;
        let pool = pool(Limits { max_open, max_open_per_host, ..UNLIMITED });
        let a = host(&pool, "a");
        let (fake, permits) = made(opens(&pool, &a, false), 1);
        let weak = Arc::downgrade(&fake.is_open);
        let mut waiting = Box::pin(pool.acquire_new(&a));
        assert!(at_once(&mut waiting).is_none());
        pool.put(&a, fake);
        assert_eq!(weak.strong_count(), 0);
        drop(permits);
        assert!(at_once(waiting).is_some());
    }
}

#[tokio::test]
async fn right_to_connect_is_given_back_when_it_is_not_used() {
    let pool = pool(Limits { max_open: Some(1), max_open_per_host: Some(1), ..UNLIMITED });
    let a = host(&pool, "a");
    for _ in 0..3 {
        drop(opens(&pool, &a, true));
        opens(&pool, &a, true).failed();
        drop(at_once(pool.acquire_new(&a)).expect("it is free"));
    }
    let held = Mutex::new(at_once(pool.acquire_new(&a)));
    assert!(at_once(pool.acquire(&a, false)).is_none());
    drop(held);
    opens(&pool, &a, false);
}
