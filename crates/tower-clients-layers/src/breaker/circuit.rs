//! Whether one origin is asked: what all exchanges with it share.

use super::Settings;
use crate::{Error, far::after, per_origin::Keep};
use http::StatusCode;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

pub(super) struct Circuit {
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Grows with every change of the phase: what an exchange of before comes to tells nothing new.
    epoch: u64,
    /// In a row, while it is closed.
    failures: u32,
    /// In a row, without a success while it was closed.
    openings: u32,
    changed: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Closed,
    Open { until: Instant },
    Probing,
}

impl State {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.epoch += 1;
        self.failures = 0;
    }

    fn fail(&mut self, settings: &Settings, now: Instant) {
        self.changed = now;
        self.failures += 1;
        if self.phase == Phase::Probing || self.failures >= settings.failures {
            let time = settings.open_time(self.openings);
            self.openings = self.openings.saturating_add(1);
            self.enter(Phase::Open { until: after(now, time) });
        }
    }
}

impl Circuit {
    pub(super) fn new(settings: Settings) -> Self {
        let now = Instant::now();
        let state =
            State { phase: Phase::Closed, epoch: 0, failures: 0, openings: 0, changed: now };
        Self { settings, state: Mutex::new(state) }
    }

    /// No code of others runs under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an exchange, or says how long it is until the next probe.
    pub(super) fn begin(self: &Arc<Self>) -> Result<Exchange, Duration> {
        let now = Instant::now();
        let mut state = self.lock();
        match state.phase {
            Phase::Closed => {}
            Phase::Open { until } if until <= now => state.enter(Phase::Probing),
            Phase::Open { until } => return Err(until - now),
            Phase::Probing => return Err(Duration::ZERO),
        }
        let epoch = state.epoch;
        Ok(Exchange { circuit: Arc::clone(self), epoch, began: now, outcome: Outcome::Waiting })
    }
}

impl Keep for Circuit {
    /// So is one that has not failed for long: it would be asked anyway.
    fn is_idle(&self) -> bool {
        let state = self.lock();
        let is_new = (state.phase, state.failures, state.openings) == (Phase::Closed, 0, 0);
        is_new || state.changed.elapsed() > self.settings.longest.saturating_mul(2)
    }
}

/// One exchange with an origin, until it is known what came of it.
pub(super) struct Exchange {
    circuit: Arc<Circuit>,
    epoch: u64,
    began: Instant,
    outcome: Outcome,
}

enum Outcome {
    Waiting,
    Answered,
    Failed,
    /// It tells nothing about the origin.
    Nothing,
}

impl Exchange {
    /// Takes in how it began, and gives it back where its body tells more. A response that is none of a
    /// failure is all that a probe is for; any other exchange is a success when its body has come.
    pub(super) fn begun(mut self, head: Result<StatusCode, &Error>) -> Option<Self> {
        let is_failure = (self.circuit.settings.is_failure)(head);
        self.outcome = match (head.is_ok(), is_failure) {
            (_, true) => Outcome::Failed,
            (false, false) => Outcome::Nothing,
            (true, false) => {
                let mut state = self.circuit.lock();
                if state.epoch == self.epoch && state.phase == Phase::Probing {
                    state.enter(Phase::Closed);
                    self.epoch = state.epoch;
                }
                Outcome::Answered
            }
        };
        matches!(self.outcome, Outcome::Answered).then_some(self)
    }

    /// Takes in that the body broke off.
    pub(super) fn broke_off(mut self) {
        self.outcome = Outcome::Failed;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let settings = &self.circuit.settings;
        let now = Instant::now();
        let mut state = self.circuit.lock();
        if state.epoch != self.epoch {
            return;
        }
        match self.outcome {
            Outcome::Failed => state.fail(settings, now),
            Outcome::Waiting if now - self.began >= settings.patience => state.fail(settings, now),
            Outcome::Answered => (state.failures, state.openings) = (0, 0),
            // The next request is the probe.
            Outcome::Waiting | Outcome::Nothing if state.phase == Phase::Probing => {
                state.enter(Phase::Open { until: now });
            }
            Outcome::Waiting | Outcome::Nothing => {}
        }
    }
}

impl fmt::Debug for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuit").field("state", &*self.lock()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("circuit", &self.circuit).finish_non_exhaustive()
    }
}
