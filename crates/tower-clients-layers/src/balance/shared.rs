//! The upstreams that all clones of a balance share, and the choice among them.

use super::{
    Priority, Snapshot,
    stats::{TICKS, Upstream},
};
use crate::{BaseUrl, Error, ErrorKind, random::Random};
use http::{Method, Uri};
use std::{cmp::Ordering, fmt, sync::Arc, time::Duration};
use tokio::time::Instant;

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) half_life: Duration,
    pub(super) patience: Duration,
    pub(super) failover: bool,
    pub(super) seed: u64,
}

pub(super) struct Shared {
    upstreams: Box<[Upstream]>,
    pub(super) settings: Settings,
    start: Instant,
    chance: Random,
}

impl Shared {
    pub(super) fn new(urls: &[BaseUrl], settings: Settings) -> Self {
        Self {
            upstreams: urls.iter().cloned().map(Upstream::new).collect(),
            start: Instant::now(),
            chance: Random::seeded(settings.seed),
            settings,
        }
    }

    pub(super) fn snapshots(&self) -> impl ExactSizeIterator<Item = Snapshot<'_>> {
        let now = self.now();
        self.upstreams.iter().map(move |upstream| upstream.snapshot(now))
    }

    pub(super) fn len(&self) -> usize {
        self.upstreams.len()
    }

    /// The URL that requests come in below.
    pub(super) fn base(&self) -> &BaseUrl {
        &self.upstreams[0].url
    }

    /// Where a request goes at an upstream.
    pub(super) fn target(&self, uri: &Uri, upstream: &BaseUrl) -> Result<Uri, Error> {
        Ok(self.base().carry_over(uri, upstream)?)
    }

    fn now(&self) -> u64 {
        let nanos = self.start.elapsed().as_nanos() * u128::from(TICKS);
        (nanos / self.settings.half_life.as_nanos().max(1)) as u64
    }

    /// Starts an exchange with the best upstream that is not among those `tried`.
    pub(super) fn choose<P: Priority>(
        self: &Arc<Self>,
        priority: &P,
        method: &Method,
        uri: &Uri,
        tried: &[usize],
    ) -> Result<Exchange, NoUpstream> {
        loop {
            let now = self.now();
            let (index, is_due) =
                self.best(priority, method, uri, tried, now).ok_or(NoUpstream(()))?;
            // Another thread may have been faster, and is the probe now.
            if !is_due || self.upstreams[index].claim_probe(now) {
                return Ok(Exchange::start(Arc::clone(self), index, is_due));
            }
        }
    }

    fn best<P: Priority>(
        &self,
        priority: &P,
        method: &Method,
        uri: &Uri,
        tried: &[usize],
        now: u64,
    ) -> Option<(usize, bool)> {
        let mut best: Option<(P::Rank, usize, bool)> = None;
        let mut equals = 1;
        for (index, upstream) in self.upstreams.iter().enumerate() {
            if tried.contains(&index) {
                continue;
            }
            let snapshot = upstream.snapshot(now);
            let Some(rank) = priority.rank(method, uri, &snapshot) else { continue };
            let takes = match best.as_ref().map(|(best, ..)| rank.cmp(best)) {
                None | Some(Ordering::Less) => {
                    equals = 1;
                    true
                }
                Some(Ordering::Equal) => {
                    equals += 1;
                    self.chance.next().is_multiple_of(equals)
                }
                Some(Ordering::Greater) => false,
            };
            if takes {
                best = Some((rank, index, snapshot.is_due()));
            }
        }
        best.map(|(_, index, is_due)| (index, is_due))
    }
}

/// One exchange with one upstream. It is active as long as this lives.
pub(super) struct Exchange {
    shared: Arc<Shared>,
    index: usize,
    is_probe: bool,
    /// When it started, until there is an outcome.
    waiting: Option<Instant>,
    faults: u64,
}

impl Exchange {
    fn start(shared: Arc<Shared>, index: usize, is_probe: bool) -> Self {
        let faults = shared.upstreams[index].start();
        Self { shared, index, is_probe, waiting: Some(Instant::now()), faults }
    }

    fn upstream(&self) -> &Upstream {
        &self.shared.upstreams[self.index]
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    pub(super) fn url(&self) -> &BaseUrl {
        &self.upstream().url
    }

    pub(super) fn answered(&mut self, is_server_error: bool) {
        self.waiting = None;
        if is_server_error {
            self.upstream().failure(self.shared.now());
        } else {
            self.upstream().succeed(self.faults);
        }
        self.end_probe();
    }

    pub(super) fn failed(&mut self, error: &Error) {
        self.waiting = None;
        if !is_of_request(error) {
            self.broke_off();
        }
        self.end_probe();
    }

    pub(super) fn broke_off(&self) {
        self.upstream().error(self.shared.now());
    }

    fn end_probe(&mut self) {
        if std::mem::take(&mut self.is_probe) {
            self.upstream().release_probe();
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.waiting.is_some_and(|start| start.elapsed() >= self.shared.settings.patience) {
            self.broke_off();
        }
        self.end_probe();
        self.upstream().stop();
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({})", self.url())
    }
}

/// Whether the request is at fault: that says nothing about the upstream, nor would another one
/// help.
pub(super) fn is_of_request(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Config | ErrorKind::Url | ErrorKind::Request)
}

/// The priority ruled out every upstream: the source of a [`Connect`](ErrorKind::Connect) error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoUpstream(());

impl fmt::Display for NoUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the priority rules out every upstream")
    }
}

impl std::error::Error for NoUpstream {}

impl From<NoUpstream> for Error {
    fn from(error: NoUpstream) -> Self {
        Self::new(ErrorKind::Connect, error)
    }
}
