//! `Retry-After` gives the time that the server means, or none.
//!
//! Input: the value of `Date`, then those of `Retry-After`, a line each. An empty first line: no `Date`.

use http::{
    HeaderMap, HeaderValue,
    header::{DATE, RETRY_AFTER},
};
use httpdate::{fmt_http_date, parse_http_date};
use std::time::{Duration, SystemTime};
use tower_clients_layers::retry::retry_after;

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let mut lines = input.split(|byte| *byte == b'\n');
    let Ok(sent) = HeaderValue::from_bytes(lines.next().unwrap_or_default()) else { return };
    let mut headers = HeaderMap::new();
    if !sent.is_empty() {
        headers.insert(DATE, sent.clone());
    }
    for line in lines {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        headers.append(RETRY_AFTER, value);
    }
    for seconds in [0, 784_111_777, 4_102_444_800] {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let asked = retry_after(&headers, now);
        let clock = time(&sent).unwrap_or(now);
        let meant = headers.get_all(RETRY_AFTER).iter().filter_map(|value| meant(value, clock));
        assert_eq!(asked, meant.max(), "{headers:?}");
        if let Some(date) = asked.and_then(|asked| date(clock, asked)) {
            headers.insert(RETRY_AFTER, date);
            assert_eq!(retry_after(&headers, now), asked, "seconds and date differ");
            return;
        }
    }
}

fn time(value: &HeaderValue) -> Option<SystemTime> {
    parse_http_date(value.to_str().ok()?.trim()).ok()
}

/// By big numbers.
fn meant(value: &HeaderValue, clock: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.chars().all(|char| char.is_ascii_digit()) {
        let seconds = text.parse::<u128>().unwrap_or(u128::MAX);
        return Some(u64::try_from(seconds).map_or(Duration::MAX, Duration::from_secs));
    }
    Some(time(value)?.duration_since(clock).unwrap_or_default())
}

/// The moment after `wait`, where there is a date for it.
fn date(clock: SystemTime, wait: Duration) -> Option<HeaderValue> {
    const YEAR_9999: Duration = Duration::from_secs(253_402_300_799);
    let date = clock.checked_add(wait)?;
    let is_date = date.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|time| time <= YEAR_9999);
    is_date.then(|| HeaderValue::try_from(fmt_http_date(date)).unwrap())
}
