//! What was measured, and what it says.

use super::plan::{LIMIT, REQWEST};
use crate::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Name = &'static str;

#[derive(Default)]
pub(super) struct Results {
    /// Whether server and client had a core each.
    pub(super) is_pinned: bool,
    /// By work and connections, and client; one of each round.
    pub(super) samples: BTreeMap<((Name, usize), Name), Vec<Sample>>,
    /// Of one request, by work and client.
    pub(super) allocations: BTreeMap<(Name, Name), f64>,
    pub(super) instructions: BTreeMap<(Name, Name), f64>,
}

/// One run of a client, per request.
pub(super) struct Sample {
    /// Requests in a second.
    pub(super) rate: f64,
    /// Microseconds.
    pub(super) user: f64,
    pub(super) system: f64,
    /// Of the process at its largest, in MiB.
    pub(super) rss: f64,
}

impl Sample {
    pub(super) fn read(line: &Value) -> Result<Self> {
        let requests = number(line, "requests")?;
        Ok(Self {
            rate: requests / number(line, "wall_ns")? * 1e9,
            user: number(line, "user_us")? / requests,
            system: number(line, "system_us")? / requests,
            rss: number(line, "rss_kib")? / 1024.0,
        })
    }
}

pub(super) fn number(line: &Value, name: &str) -> Result<f64> {
    line[name].as_f64().ok_or_else(|| format!("a run tells no `{name}`").into())
}

/// What a client reached in a case.
pub(super) struct Row {
    pub(super) rate: f64,
    pub(super) to_limit: Ratio,
    pub(super) to_reqwest: Ratio,
    pub(super) user: f64,
    pub(super) cpu: f64,
    pub(super) rss: f64,
}

/// The throughput of a client by that of another one in the same round.
#[derive(Debug, PartialEq)]
pub(super) struct Ratio {
    pub(super) median: f64,
    /// Half of the rounds differ from the median by at most that.
    pub(super) spread: f64,
}

impl Results {
    pub(super) fn row(&self, case: (Name, usize), client: Name) -> Option<Row> {
        let own = self.samples.get(&(case, client))?;
        let to =
            |other| Ratio::of(own, self.samples.get(&(case, other)).map_or(&[], Vec::as_slice));
        // The system counts time in ticks, so only the sum over many of them tells something.
        let mean =
            |value: fn(&Sample) -> f64| own.iter().map(value).sum::<f64>() / own.len() as f64;
        Some(Row {
            rate: median(own.iter().map(|sample| sample.rate)),
            to_limit: to(LIMIT),
            to_reqwest: to(REQWEST),
            user: mean(|sample| sample.user),
            cpu: mean(|sample| sample.user + sample.system),
            rss: median(own.iter().map(|sample| sample.rss)),
        })
    }

    /// Everything, for programs that want to know more.
    pub(super) fn to_json(&self) -> Value {
        let samples = self.samples.iter().map(|(((work, connections), client), rounds)| {
            let of = |value: fn(&Sample) -> f64| rounds.iter().map(value).collect::<Vec<_>>();
            json!({
                "work": work,
                "connections": connections,
                "client": client,
                "requests_per_second": of(|sample| sample.rate),
                "user_us": of(|sample| sample.user),
                "system_us": of(|sample| sample.system),
                "rss_mib": of(|sample| sample.rss),
                "allocations": self.allocations.get(&(*work, *client)),
                "instructions": self.instructions.get(&(*work, *client)),
            })
        });
        samples.collect()
    }
}

impl Ratio {
    fn of(own: &[Sample], other: &[Sample]) -> Self {
        let ratios = || own.iter().zip(other).map(|(own, other)| own.rate / other.rate);
        let median_ratio = median(ratios());
        let spread = median(ratios().map(|ratio| (ratio - median_ratio).abs()));
        Self { median: median_ratio, spread }
    }
}

/// Of nothing it is not a number.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        even if even % 2 == 0 => f64::midpoint(values[even / 2 - 1], values[even / 2]),
        odd => values[odd / 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rate: f64) -> Sample {
        Sample { rate, user: 0.0, system: 0.0, rss: 0.0 }
    }

    #[test]
    fn clients_of_the_same_round_are_compared() {
        let fast = [20.0, 2.0, 30.0].map(sample);
        let slow = [10.0, 1.0, 10.0].map(sample);
        assert_eq!(Ratio::of(&fast, &slow), Ratio { median: 2.0, spread: 0.0 });
    }

    #[test]
    fn the_median_of_an_even_number_is_in_the_middle() {
        assert_eq!(median([4.0, 1.0, 3.0, 100.0].into_iter()), 3.5);
        assert!(median([].into_iter()).is_nan());
    }
}
