//! Times as people write them.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fmt, time::Duration};

/// A time such as `30s`, `1.5s` or `1h30m`.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Time(Duration);

const UNITS: [(&str, f64); 5] =
    [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)];

fn parse(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let (number, unit) = rest.split_at(rest.find(|char: char| char.is_ascii_lowercase())?);
        let end = unit.find(|char: char| !char.is_ascii_lowercase()).unwrap_or(unit.len());
        let (unit, behind) = unit.split_at(end);
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        // `parse` knows exponents and signs, which nobody writes here.
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = number.parse().ok().filter(|_| is_plain)?;
        sum = sum.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = behind.trim_start();
    }
    (!text.is_empty()).then_some(sum)
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parsed = String::deserialize(deserializer).ok().and_then(|text| parse(&text));
        let wanted = "expected a time such as `30s`, `1.5s`, `200ms` or `1h30m`";
        parsed.map(Self).ok_or_else(|| D::Error::custom(wanted))
    }
}

impl From<Time> for Duration {
    fn from(Time(time): Time) -> Self {
        time
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units_are_added() {
        for (text, millis) in [
            ("200ms", 200),
            ("1.5s", 1500),
            ("0.1s", 100),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
            ("1m 500ms", 60_500),
            ("1d", 86_400_000),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "", "1", "s", "1 s", "-1s", "+1s", "1e3s", "1S", "1min", "1.2.3s", "1s2", " 1s", "infs",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("99999999999999999999d"), None);
    }
}
