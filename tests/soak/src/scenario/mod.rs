//! What is tried. Each scenario runs in a process of its own, with a server of its own.

mod balance;
mod bomb;
mod cancel;
mod faults;
mod keep_alive;
mod outage;
mod slow;
mod token;

use crate::{Result, report::Report};

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Size {
    /// Some seconds, on a machine with other things to do.
    Ci,
    Full,
}

impl Size {
    pub(crate) fn pick<T>(self, ci: T, full: T) -> T {
        match self {
            Self::Ci => ci,
            Self::Full => full,
        }
    }
}

type Scenario = fn(Size, &mut Report) -> Result;

const SCENARIOS: [(&str, Scenario); 8] = [
    ("faults", faults::run),
    ("outage", outage::run),
    ("cancel", cancel::run),
    ("keep_alive", keep_alive::run),
    ("bomb", bomb::run),
    ("slow", slow::run),
    ("balance", balance::run),
    ("token", token::run),
];

/// Runs a scenario and prints what it found.
pub(crate) fn run(name: &str, size: Size) -> Result {
    let known = SCENARIOS.iter().find(|(known, _)| *known == name);
    let (_, scenario) = known.ok_or_else(|| format!("there is no scenario `{name}`"))?;
    let mut report = Report::default();
    scenario(size, &mut report)?;
    println!("{}", report.into_json());
    Ok(())
}
