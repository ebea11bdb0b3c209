//! Reading a `Set-Cookie` line (RFC 6265bis, section 5.6).

use super::{date, refusal::Refusal};
use std::time::{Duration, SystemTime};

/// As in curl; a line that is longer is no cookie.
const LONGEST_LINE: usize = 5000;
/// Name and value together, as in browsers.
const LONGEST_PAIR: usize = 4096;
const LONGEST_ATTRIBUTE: usize = 1024;

/// A line, taken apart. Of attributes that come twice the last one counts.
#[derive(Default)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) domain: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    expires: Option<SystemTime>,
    /// In seconds.
    max_age: Option<u64>,
}

impl<'a> SetCookie<'a> {
    pub(super) fn parse(line: &'a str) -> Result<Self, Refusal> {
        if line.len() > LONGEST_LINE {
            return Err(Refusal::TooLong);
        }
        if line.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(Refusal::Malformed);
        }
        let mut parts = line.split(';');
        let pair = parts.next().unwrap_or_default();
        let (name, value) = pair.split_once('=').ok_or(Refusal::Malformed)?;
        let mut cookie = Self { name: trim(name), value: trim(value), ..Self::default() };
        if cookie.name.is_empty() {
            return Err(Refusal::Malformed);
        }
        if cookie.name.len() + cookie.value.len() > LONGEST_PAIR {
            return Err(Refusal::TooLong);
        }
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = trim(value);
            if value.len() <= LONGEST_ATTRIBUTE {
                cookie.set(trim(name), value);
            }
        }
        Ok(cookie)
    }

    fn set(&mut self, attribute: &str, value: &'a str) {
        match attribute.to_ascii_lowercase().as_str() {
            "expires" => self.expires = date::parse(value).or(self.expires),
            "max-age" => self.max_age = seconds(value).or(self.max_age),
            "domain" => self.domain = Some(value),
            "path" => self.path = Some(value),
            "secure" => self.secure = true,
            "httponly" => self.http_only = true,
            _ => {}
        }
    }

    /// How long it lives from `now` on; `None` until the end of the session.
    pub(super) fn life(&self, now: SystemTime) -> Option<Duration> {
        let until = |time: SystemTime| time.duration_since(now).unwrap_or_default();
        self.max_age.map(Duration::from_secs).or_else(|| self.expires.map(until))
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The seconds of `Max-Age`; zero when it is in the past, `None` when it is no number.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(if digits.len() < text.len() { 0 } else { digits.parse().unwrap_or(u64::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_attribute_counts_and_unknown_ones_are_passed_over() {
        let line = " a = b=\"c\" ;domain=x; PATH=/1;SameSite=Lax; Path = /2 ;; secure=no;HttpOnly";
        let cookie = SetCookie::parse(line).ok().unwrap();
        assert_eq!((cookie.name, cookie.value), ("a", "b=\"c\""));
        assert_eq!((cookie.domain, cookie.path), (Some("x"), Some("/2")));
        assert!(cookie.secure && cookie.http_only);
    }

    #[test]
    fn max_age_beats_expires_and_what_cannot_be_read_is_passed_over() {
        let now = SystemTime::UNIX_EPOCH;
        for (attributes, life) in [
            ("", None),
            ("Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:09 GMT", Some(60)),
            ("Expires=Thu, 01 Jan 1970 00:00:09 GMT; Expires=never", Some(9)),
            ("Expires=Wed, 31 Dec 1969 23:59:59 GMT", Some(0)),
            ("Max-Age=-1", Some(0)),
            ("Max-Age=+1; Max-Age=1s; Max-Age=; Max-Age=-", None),
            ("Max-Age=99999999999999999999999", Some(u64::MAX)),
        ] {
            let line = format!("a=b; {attributes}");
            let cookie = SetCookie::parse(&line).ok().unwrap();
            assert_eq!(cookie.life(now), life.map(Duration::from_secs), "{attributes}");
        }
    }

    #[test]
    fn lines_without_a_name_too_long_or_with_control_characters_are_refused() {
        let pair = format!("a={}", "b".repeat(LONGEST_PAIR));
        let line = format!("a=b; x={}", "y".repeat(LONGEST_LINE));
        for line in ["", "a", "=b", " =b", "a=b\r\nx", "a=b\0", &*pair, &*line] {
            assert!(SetCookie::parse(line).is_err(), "{}", &line[..line.len().min(20)]);
        }
        let attribute = format!("a=b; path=/{}", "y".repeat(LONGEST_ATTRIBUTE));
        assert!(SetCookie::parse(&attribute).is_ok_and(|cookie| cookie.path.is_none()));
    }
}
