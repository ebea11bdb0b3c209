//! What a response says about the requests to come.

use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{DATE, RETRY_AFTER},
};
use std::time::{Duration, SystemTime};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// No advice holds for longer: such a number is a mistake, or means no good.
const LONGEST: Duration = Duration::from_secs(86_400);

/// A number of seconds above this one is a date. It is the September of 2001.
const DATES: f64 = 1e9;

/// What a response says about the requests to come.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Advice {
    /// Nothing is to be sent for so long.
    pub(super) pause: Option<Duration>,
    /// So many may be sent, at least one, in so long: of several quotas the scarcest one.
    pub(super) left: Option<(u32, Duration)>,
}

impl Advice {
    /// Reads `RateLimit`, `X-RateLimit-Remaining` with `X-RateLimit-Reset`, and, of a 429 or 503,
    /// `Retry-After`. What cannot be read counts as not there.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let mut advice = Self::default();
        for line in headers.get_all(RATE_LIMIT).iter().filter_map(|line| line.to_str().ok()) {
            for (left, reset) in split(line, ',').filter_map(quota) {
                advice.add(left, reset);
            }
        }
        let left = text(headers, &REMAINING).and_then(|left| left.parse().ok());
        if let (Some(left), Some(reset)) = (left, reset(headers)) {
            advice.add(left, reset);
        }
        let refused = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
        if refused.contains(&status)
            && let Some(pause) = retry_after(headers)
        {
            advice.add(0, pause);
        }
        advice
    }

    fn add(&mut self, left: u64, reset: Duration) {
        let reset = reset.min(LONGEST);
        if left == 0 {
            self.pause = self.pause.max(Some(reset));
            return;
        }
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        if self.left.is_none_or(|(other, time)| time / other < reset / left) {
            self.left = Some((left, reset));
        }
    }
}

/// One item of `RateLimit`, such as `"default";r=50;t=30`: `r` requests are left for `t` seconds
/// (draft-ietf-httpapi-ratelimit-headers). Without `t` it says nothing about time.
fn quota(item: &str) -> Option<(u64, Duration)> {
    let parameter = |name| {
        let found = split(item, ';').skip(1).find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            (key.trim() == name).then(|| value.trim().parse().ok())
        });
        found.flatten()
    };
    Some((parameter("r")?, Duration::from_secs(parameter("t")?)))
}

/// The pieces between separators that do not stand in a string (RFC 9651).
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |c| {
        let is_literal = std::mem::take(&mut is_escaped);
        match c {
            _ if is_literal => {}
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            c => return c == separator && !is_quoted,
        }
        false
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// `X-RateLimit-Reset` is a number of seconds or, with others, a date as Unix time.
fn reset(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = text(headers, &RESET)?.parse().ok()?;
    let since = if seconds >= DATES { now(headers).as_secs_f64() } else { 0.0 };
    Duration::try_from_secs_f64((seconds - since).max(0.0)).ok()
}

/// Seconds or a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, &RETRY_AFTER)?;
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    Some(unix_time(httpdate::parse_http_date(text).ok()?).saturating_sub(now(headers)))
}

/// The time by the clock of the server, if it tells it.
fn now(headers: &HeaderMap) -> Duration {
    let date = text(headers, &DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    unix_time(date.unwrap_or_else(SystemTime::now))
}

fn unix_time(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;

    fn advice(status: u16, lines: &[(&str, &str)]) -> (Option<u64>, Option<(u32, u64)>) {
        let mut response = Response::builder().status(status);
        for (name, value) in lines {
            response = response.header(*name, *value);
        }
        let Advice { pause, left } = {
            let response = response.body(()).unwrap();
            Advice::of(response.status(), response.headers())
        };
        let seconds = |time: Duration| time.as_secs();
        (pause.map(seconds), left.map(|(left, reset)| (left, seconds(reset))))
    }

    #[test]
    fn quotas_of_the_draft_are_read_and_the_scarcest_counts() {
        for (line, expected) in [
            (r#""default";r=50;t=30"#, (None, Some((50, 30)))),
            (r#""default" ; t=30 ; r=50"#, (None, Some((50, 30)))),
            (r#""a";r=50;t=30, "b";r=1;t=600"#, (None, Some((1, 600)))),
            (r#""a";r=0;t=30, "b";r=0;t=7"#, (Some(30), None)),
            (r#""a";r=0;t=30,"b";r=4;t=8"#, (Some(30), Some((4, 8)))),
            (r#""a,\";r=1;t=1\\";r=5;t=3"#, (None, Some((5, 3)))),
            (r#""a";pk=:cHs=:;r=5;t=3"#, (None, Some((5, 3)))),
            (r#""default";r=50"#, (None, None)),
            (r#""default";t=50"#, (None, None)),
            (r#""default";r=-1;t=30"#, (None, None)),
            (r#""default";r=99999999999;t=99999999999"#, (None, Some((u32::MAX, 86_400)))),
            (r#""r=1;t=1"#, (None, None)),
            ("limit=100, remaining=50, reset=5", (None, None)),
            ("", (None, None)),
        ] {
            assert_eq!(advice(200, &[("ratelimit", line)]), expected, "{line}");
        }
        let lines = [("ratelimit", r#""a";r=9;t=9"#), ("ratelimit", r#""b";r=1;t=9"#)];
        assert_eq!(advice(200, &lines), (None, Some((1, 9))));
    }

    #[test]
    fn older_headers_are_read_as_seconds_or_dates() {
        const DATE: (&str, &str) = ("date", "Fri, 17 Jul 2026 12:00:00 GMT"); // 1784289600
        for (left, reset, expected) in [
            ("5", "10", (None, Some((5, 10)))),
            ("0", "10.5", (Some(10), None)),
            ("0", "1784289660", (Some(60), None)),
            ("5", "1784289660", (None, Some((5, 60)))),
            ("0", "1784289000", (Some(0), None)),
            ("0", "1784289660000", (Some(86_400), None)),
            ("0", "-1", (Some(0), None)),
            ("0", "NaN", (Some(0), None)),
            ("0", "inf", (None, None)),
            ("0", "soon", (None, None)),
            ("many", "10", (None, None)),
        ] {
            let lines = [DATE, ("x-ratelimit-remaining", left), ("x-ratelimit-reset", reset)];
            assert_eq!(advice(200, &lines), expected, "{left} {reset}");
        }
        assert_eq!(advice(200, &[("x-ratelimit-remaining", "0")]), (None, None));
    }

    #[test]
    fn r1_retry_after_counts_where_it_means_a_refusal() {
        const DATE: (&str, &str) = ("date", "Fri, 17 Jul 2026 12:00:00 GMT");
        for (value, expected) in [
            ("7", Some(7)),
            ("Fri, 17 Jul 2026 12:00:30 GMT", Some(30)),
            ("Fri, 17 Jul 2020 12:00:30 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400)),
            ("1000000000", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            for status in [429, 503] {
                let lines = [DATE, ("retry-after", value)];
                assert_eq!(advice(status, &lines), (expected, None), "{status} {value}");
            }
            assert_eq!(advice(301, &[("retry-after", value)]), (None, None));
        }
    }
}
