//! Has a client do its work, and measures its process meanwhile.

use crate::{
    Count, Result,
    work::{User, Work, ZEROS_LENGTH},
};
use nix::sys::{
    resource::{Usage, UsageWho, getrusage},
    time::TimeValLike,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    hint::black_box,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Instant,
};
use tokio::runtime::{Builder, Runtime};

/// A client that is awaited. A clone shares what the client shares between tasks.
pub(crate) trait Peer: Clone + Send + 'static {
    /// Gets a document, if the status is good, and decodes it.
    fn get<T: DeserializeOwned + Send>(&mut self) -> impl Future<Output = Result<T>> + Send;

    /// Posts a document, and decodes the answer.
    fn post(&mut self, user: &User) -> impl Future<Output = Result<User>> + Send;

    /// Reads a body as it comes; gives its length.
    fn download(&mut self) -> impl Future<Output = Result<u64>> + Send;
}

/// A client that blocks the thread that calls.
pub(crate) trait BlockingPeer: Clone + Send + 'static {
    fn get<T: DeserializeOwned>(&mut self) -> Result<T>;
    fn post(&mut self, user: &User) -> Result<User>;
    fn download(&mut self) -> Result<u64>;
}

pub(crate) struct Meter {
    pub(crate) work: Work,
    /// After the warm-up, of all connections together.
    pub(crate) requests: usize,
    /// Whether connections and requests share a thread. Otherwise they run on the worker of a
    /// runtime with threads, as in most programs.
    pub(crate) one_thread: bool,
    pub(crate) count: Option<Count>,
}

impl Meter {
    /// Has as many tasks as there are connections do the work. The client is made where tasks can be spawned,
    /// since some have one of their own.
    pub(crate) fn tasks<P: Peer>(
        &self,
        connections: usize,
        peer: impl FnOnce() -> Result<P>,
    ) -> Result<Value> {
        let runtime = self.runtime()?;
        let peer = {
            let _inside = runtime.enter();
            peer()?
        };
        let gates = Gates::new(connections);
        let (warm_up, tickets) = self.tickets(connections);
        let work = self.work;
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (mut peer, gates) = (peer.clone(), gates.clone());
                let (warm_up, tickets) = (warm_up.clone(), tickets.clone());
                async move {
                    let warmed_up = laps(&mut peer, work, &warm_up).await;
                    gates.pass().await;
                    gates.pass().await;
                    let measured = laps(&mut peer, work, &tickets).await;
                    gates.pass().await;
                    warmed_up.and(measured)
                }
            })
            .collect();
        runtime.block_on(async {
            let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
            gates.pass().await;
            let before = Reading::now(self.count)?;
            gates.pass().await;
            gates.pass().await;
            let value = before.until_now(self)?;
            for task in tasks {
                task.await??;
            }
            Ok(value)
        })
    }

    /// Has as many threads as there are connections do the work.
    pub(crate) fn threads<P: BlockingPeer>(&self, connections: usize, peer: &P) -> Result<Value> {
        let gate = Arc::new(Barrier::new(connections + 1));
        let (warm_up, tickets) = self.tickets(connections);
        let work = self.work;
        let threads: Vec<_> = (0..connections)
            .map(|_| {
                let (mut peer, gate) = (peer.clone(), Arc::clone(&gate));
                let (warm_up, tickets) = (warm_up.clone(), tickets.clone());
                thread::spawn(move || {
                    let warmed_up = blocking_laps(&mut peer, work, &warm_up);
                    gate.wait();
                    gate.wait();
                    let measured = blocking_laps(&mut peer, work, &tickets);
                    gate.wait();
                    warmed_up.and(measured)
                })
            })
            .collect();
        gate.wait();
        let before = Reading::now(self.count)?;
        gate.wait();
        gate.wait();
        let value = before.until_now(self)?;
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(value)
    }

    fn runtime(&self) -> Result<Runtime> {
        let mut builder = match self.one_thread {
            true => Builder::new_current_thread(),
            false => Builder::new_multi_thread(),
        };
        Ok(builder.worker_threads(1).enable_all().build()?)
    }

    fn tickets(&self, connections: usize) -> (Tickets, Tickets) {
        (Tickets::new(self.work.warm_up(connections)), Tickets::new(self.requests))
    }
}

/// Requests that are still to be made, by whoever has time.
#[derive(Clone)]
struct Tickets {
    taken: Arc<AtomicUsize>,
    all: usize,
}

impl Tickets {
    fn new(all: usize) -> Self {
        Self { taken: Arc::default(), all }
    }

    fn take(&self) -> bool {
        self.taken.fetch_add(1, Relaxed) < self.all
    }
}

/// Where all tasks wait for each other and for the one that measures.
#[derive(Clone)]
struct Gates(Arc<tokio::sync::Barrier>);

impl Gates {
    fn new(tasks: usize) -> Self {
        Self(Arc::new(tokio::sync::Barrier::new(tasks + 1)))
    }

    async fn pass(&self) {
        self.0.wait().await;
    }
}

async fn laps(peer: &mut impl Peer, work: Work, tickets: &Tickets) -> Result {
    while tickets.take() {
        match work {
            Work::Get | Work::H2c | Work::Tls => drop(black_box(peer.get::<User>().await?)),
            Work::Get64k => drop(black_box(peer.get::<Vec<User>>().await?)),
            Work::Post => drop(black_box(peer.post(&crate::work::ADA).await?)),
            Work::Download => whole(peer.download().await?)?,
        }
    }
    Ok(())
}

fn blocking_laps(peer: &mut impl BlockingPeer, work: Work, tickets: &Tickets) -> Result {
    while tickets.take() {
        match work {
            Work::Get | Work::H2c | Work::Tls => drop(black_box(peer.get::<User>()?)),
            Work::Get64k => drop(black_box(peer.get::<Vec<User>>()?)),
            Work::Post => drop(black_box(peer.post(&crate::work::ADA)?)),
            Work::Download => whole(peer.download()?)?,
        }
    }
    Ok(())
}

fn whole(length: u64) -> Result {
    if length == ZEROS_LENGTH { Ok(()) } else { Err(format!("only {length} bytes came").into()) }
}

/// The state of the process at a moment.
struct Reading {
    time: Instant,
    usage: Usage,
    allocations: Option<u64>,
}

impl Reading {
    fn now(count: Option<Count>) -> Result<Self> {
        let allocations = count.map(|count| count());
        Ok(Self { time: Instant::now(), usage: getrusage(UsageWho::RUSAGE_SELF)?, allocations })
    }

    /// One line of JSON.
    fn until_now(&self, meter: &Meter) -> Result<Value> {
        let wall = self.time.elapsed();
        let now = Self::now(meter.count)?;
        let spent = |time: fn(&Usage) -> nix::sys::time::TimeVal| {
            (time(&now.usage) - time(&self.usage)).num_microseconds()
        };
        let allocations = now.allocations.zip(self.allocations);
        Ok(json!({
            "requests": meter.requests,
            "wall_ns": u64::try_from(wall.as_nanos())?,
            "user_us": spent(Usage::user_time),
            "system_us": spent(Usage::system_time),
            "rss_kib": now.usage.max_rss(),
            "allocations": allocations.map(|(now, before)| now - before),
        }))
    }
}
