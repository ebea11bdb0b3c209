//! When requests to one origin may be sent: pure reckoning, no clock.

use super::advice::Advice;
use crate::far::after;
use std::time::Duration;
use tokio::time::Instant;

/// The generic cell rate algorithm (ITU-T I.371), and what the server has said beside it.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    interval: Duration,
    burst: u32,
    /// When the next request would come if all came evenly: the "theoretical arrival time".
    arrival: Instant,
    sent: Option<Instant>,
    /// Nothing is sent before.
    closed: Instant,
    pace: Option<Pace>,
}

/// The last requests before a reset are spread.
#[derive(Debug, Clone, Copy)]
struct Pace {
    interval: Duration,
    until: Instant,
}

impl Schedule {
    pub(super) fn new(interval: Duration, burst: u32, now: Instant) -> Self {
        Self { interval, burst, arrival: now, sent: None, closed: now, pace: None }
    }

    /// Whether it is the same as a new one.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let paced = self.pace.is_some_and(|pace| now < pace.until);
        self.arrival <= now && self.closed <= now && !paced
    }

    /// Counts a request that is sent now, if it may be.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let is_open = self.time_of(0, now) <= now;
        if is_open {
            self.arrival = after(self.arrival.max(now), self.interval);
            self.sent = Some(now);
        }
        is_open
    }

    /// Takes back a request that was counted and not sent.
    pub(super) fn give_back(&mut self) {
        self.arrival = self.arrival.checked_sub(self.interval).unwrap_or(self.arrival);
    }

    /// When a request may be sent that has `rank` others before it.
    pub(super) fn time_of(&self, rank: usize, now: Instant) -> Instant {
        let rank = u32::try_from(rank).unwrap_or(u32::MAX);
        let start = now.max(self.closed);
        let Some(Pace { interval, until }) = self.pace.filter(|pace| start < pace.until) else {
            return self.own_time_of(rank, start);
        };
        let first = self.sent.map_or(start, |sent| start.max(after(sent, interval)));
        let time = after(first, interval.saturating_mul(rank));
        if time < until {
            return time.max(self.own_time_of(rank, start));
        }
        // It comes behind the reset, as do those before it that do not fit either.
        let room = until.saturating_duration_since(first).as_nanos();
        let fit = room.div_ceil(interval.as_nanos().max(1));
        self.own_time_of(rank.saturating_sub(u32::try_from(fit).unwrap_or(u32::MAX)), until)
    }

    /// The same by our own rate, when all are sent as early as they may be, none before `start`.
    fn own_time_of(&self, rank: u32, start: Instant) -> Instant {
        let full = self.arrival.max(start);
        match rank.checked_sub(self.burst - 1) {
            Some(late) => after(full, self.interval.saturating_mul(late)),
            None => {
                let credit = self.interval.saturating_mul(self.burst - 1 - rank);
                full.checked_sub(credit).map_or(start, |time| time.max(start))
            }
        }
    }

    /// Does what the server says; `spread_last` is how many are spread.
    pub(super) fn heed(&mut self, advice: Advice, spread_last: u32, now: Instant) {
        if let Some(pause) = advice.pause {
            self.closed = self.closed.max(after(now, pause));
        }
        if let Some((left, reset)) = advice.left {
            let pace = || Pace { interval: reset / left, until: after(now, reset) };
            self.pace = (left <= spread_last).then(pace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The seconds at which requests are sent that all want to be sent at once.
    fn sent(mut schedule: Schedule, start: Instant, count: usize) -> Vec<f64> {
        let mut now = start;
        (0..count)
            .map(|_| {
                now = schedule.time_of(0, now);
                assert!(schedule.take(now));
                (now - start).as_secs_f64()
            })
            .collect()
    }

    fn foretold(schedule: &Schedule, now: Instant, count: usize) -> Vec<f64> {
        (0..count).map(|rank| (schedule.time_of(rank, now) - now).as_secs_f64()).collect()
    }

    #[test]
    fn requests_are_spaced_after_a_burst() {
        let now = Instant::now();
        for (burst, times) in [(1, [0.0, 1.0, 2.0, 3.0]), (3, [0.0, 0.0, 0.0, 1.0])] {
            let schedule = Schedule::new(SECOND, burst, now);
            assert_eq!(foretold(&schedule, now, 4), times);
            assert_eq!(sent(schedule, now, 4), times);
        }
    }

    #[test]
    fn burst_comes_back_with_time_and_never_grows() {
        let start = Instant::now();
        let mut schedule = Schedule::new(SECOND, 3, start);
        assert!([true, true, true, false].iter().all(|&is_open| schedule.take(start) == is_open));
        let later = start + 2 * SECOND;
        assert!([true, true, false].iter().all(|&is_open| schedule.take(later) == is_open));
        assert!(!schedule.is_idle(later) && schedule.is_idle(later + 3 * SECOND));
        assert_eq!(sent(schedule, later + 99 * SECOND, 5), [0.0, 0.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn what_was_not_sent_is_taken_back() {
        let now = Instant::now();
        let mut schedule = Schedule::new(SECOND, 1, now);
        assert!(schedule.take(now) && !schedule.take(now));
        schedule.give_back();
        assert!(schedule.take(now) && !schedule.take(now));
    }

    #[test]
    fn nothing_is_sent_in_a_pause_and_a_later_advice_does_not_shorten_it() {
        let now = Instant::now();
        let mut schedule = Schedule::new(SECOND, 2, now);
        for pause in [5, 3] {
            schedule.heed(Advice { pause: Some(pause * SECOND), left: None }, 10, now);
        }
        assert_eq!(foretold(&schedule, now, 4), [5.0, 5.0, 6.0, 7.0]);
        assert_eq!(sent(schedule, now, 4), [5.0, 5.0, 6.0, 7.0]);
    }

    #[test]
    fn the_last_ones_are_spread_until_the_reset_and_many_are_not() {
        let now = Instant::now();
        let schedule = |left| {
            let mut schedule = Schedule::new(SECOND / 2, 2, now);
            assert!(schedule.take(now));
            schedule.heed(Advice { pause: None, left: Some((left, 9 * SECOND)) }, 3, now);
            schedule
        };
        let expected = [3.0, 6.0, 9.0, 9.0, 9.5];
        assert_eq!(foretold(&schedule(3), now, 5), expected);
        assert_eq!(sent(schedule(3), now, 5), expected);
        assert_eq!(sent(schedule(4), now, 3), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn longest_times_do_not_overflow() {
        let now = Instant::now();
        let mut schedule = Schedule::new(Duration::MAX, u32::MAX, now);
        schedule.heed(Advice { pause: Some(Duration::MAX), left: None }, 1, now);
        schedule.heed(Advice { pause: None, left: Some((1, Duration::MAX)) }, 1, now);
        assert!(schedule.time_of(usize::MAX, now) > now && !schedule.take(now));
    }
}
