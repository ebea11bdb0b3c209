//! `Retry-After` (RFC 9110 §10.2.3).

use crate::validators::single;
use http::{
    HeaderMap, HeaderValue,
    header::{DATE, RETRY_AFTER},
};
use std::time::{Duration, SystemTime};

/// How long a server asks to wait: a number of seconds, or until a date in one of the three forms of
/// HTTP. `None` when it asks for nothing, or in a way that nobody can read.
///
/// A date is compared with the `Date` of the response, so no clock of ours matters; only without that,
/// it is compared with `now`, once. A date that has passed is no time. A number too large to count is
/// the longest time. Of several fields, which there should not be, the longest time counts.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
/// use std::time::{Duration, SystemTime};
/// use tower_clients_layers::retry::retry_after;
///
/// let asks = |value| {
///     retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]), SystemTime::UNIX_EPOCH)
/// };
/// assert_eq!(asks(HeaderValue::from_static("120")), Some(Duration::from_secs(120)));
/// let date = HeaderValue::from_static("Thu, 01 Jan 1970 00:01:00 GMT");
/// assert_eq!(asks(date), Some(Duration::from_secs(60)));
/// assert_eq!(asks(HeaderValue::from_static("soon")), None);
/// ```
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let values = headers.get_all(RETRY_AFTER).iter();
    values.filter_map(|value| time_of(value, || sent_at(headers).unwrap_or(now))).max()
}

fn time_of(value: &HeaderValue, now: impl FnOnce() -> SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    Some(date(text)?.duration_since(now()).unwrap_or(Duration::ZERO))
}

/// The time by the clock of the server, if it tells it.
pub(crate) fn sent_at(headers: &HeaderMap) -> Option<SystemTime> {
    date(single(headers, &DATE).ok()??.to_str().ok()?.trim())
}

fn date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn asked(values: &[&str], sent: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        }
        if let Some(sent) = sent {
            headers.insert(DATE, HeaderValue::from_str(sent).unwrap());
        }
        retry_after(&headers, date(NOW).unwrap())
    }

    #[test]
    fn r1_seconds_and_dates_in_all_forms() {
        for (value, seconds) in [
            ("0", 0),
            ("7", 7),
            (" 007 ", 7),
            ("1000000000", 1_000_000_000),
            ("18446744073709551615", u64::MAX),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
            ("Sunday, 06-Nov-94 08:49:47 GMT", 10),
            ("Sun Nov  6 08:49:47 1994", 10),
            ("Sun, 06 Nov 1994 08:49:27 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 252_618_189_022),
        ] {
            assert_eq!(asked(&[value], None), Some(Duration::from_secs(seconds)), "{value}");
        }
        assert_eq!(asked(&["18446744073709551616"], None), Some(Duration::MAX));
    }

    #[test]
    fn r1_what_cannot_be_read_asks_for_nothing() {
        for value in ["", "-1", "+1", "1.5", "1 s", "1, 2", "soon", "Sun, 32 Nov 1994 08:49:37 GMT"]
        {
            assert_eq!(asked(&[value], None), None, "{value}");
        }
        assert_eq!(asked(&[], Some(NOW)), None);
    }

    #[test]
    fn r1_longest_of_several_counts() {
        assert_eq!(asked(&["1", "x", "3", "2"], None), Some(Duration::from_secs(3)));
    }

    #[test]
    fn r10_clock_of_the_server_decides_about_its_dates() {
        let later = "Mon, 07 Nov 1994 08:49:37 GMT";
        assert_eq!(asked(&[later], Some(later)), Some(Duration::ZERO));
        assert_eq!(asked(&[later], Some("junk")), Some(Duration::from_secs(86400)));
    }

    proptest! {
        #[test]
        fn r1_any_value_is_read_without_a_panic(value in "[ -~]{0,40}", sent in "[ -~]{0,40}") {
            asked(&[&value], Some(&sent));
        }

        #[test]
        fn r1_any_number_is_its_seconds(seconds: u64) {
            prop_assert_eq!(asked(&[&seconds.to_string()], None), Some(Duration::from_secs(seconds)));
        }
    }
}
