//! The dates of cookies (RFC 6265bis, section 5.1.1): whatever servers have ever written.

use std::time::{Duration, SystemTime};

/// The time that `text` names; `None` when it names none.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none() && clock(token).is_some() {
            time = clock(token);
        } else if day.is_none() && leading_number(token, 1..=2).is_some() {
            day = leading_number(token, 1..=2);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() {
            year = leading_number(token, 2..=4);
        }
    }
    let ([hour, minute, second], day, month) = (time?, day?, month?);
    let year = match year? {
        short @ 0..=69 => short + 2000,
        short @ 70..=99 => short + 1900,
        year => year,
    };
    let valid = year >= 1601
        && (1..=days_in(month, year)).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 59;
    if !valid {
        return None;
    }
    let seconds =
        ((days_since_1970(year, month, day) * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60
            + i64::from(second);
    let offset = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(offset)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(offset)
    }
}

fn is_delimiter(letter: char) -> bool {
    matches!(letter, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// The number that the first digits of `token` make, when there are as many of them as allowed.
fn leading_number(token: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let end = token.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(token.len());
    digits.contains(&end).then(|| token[..end].parse().ok())?
}

fn clock(token: &str) -> Option<[u32; 3]> {
    let mut parts = token.splitn(3, ':');
    let mut whole = || {
        let part = parts.next()?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| leading_number(part, 1..=2))?
    };
    let (hour, minute) = (whole()?, whole()?);
    Some([hour, minute, leading_number(parts.next()?, 1..=2)?])
}

fn month_of(token: &str) -> Option<u32> {
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    let token = token.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.as_bytes().chunks(3).position(|month| month == token.as_bytes())?;
    u32::try_from(at + 1).ok()
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: u32, month: u32, day: u32) -> i64 {
    let before = i64::from(year) - 1;
    let leap_days = before / 4 - before / 100 + before / 400;
    let of_year: u32 = (1..month).map(|month| days_in(month, year)).sum();
    before * 365 + leap_days + i64::from(of_year + day) - 719_163
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        let time = parse(text)?;
        Some(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap(),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap(),
        })
    }

    #[test]
    fn one_time_has_many_forms() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "6 november 1994 8:49:37zone",
            "1994th 6th nov 08:49:37",
        ] {
            assert_eq!(seconds(text), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn calendar_has_leap_days() {
        for (text, days) in [
            ("1 Jan 1970", 0),
            ("31 Dec 1969", -1),
            ("29 Feb 2000", 11016),
            ("1 Mar 2100", 47541),
            ("1 Jan 1601", -134_774),
            ("31 Dec 9999", 2_932_896),
        ] {
            assert_eq!(seconds(&format!("{text} 00:00:00")), Some(days * 86400), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "soon",
            "29 Feb 2100 00:00:00",
            "31 Jun 2020 00:00:00",
            "0 Jan 2020 00:00:00",
            "1 Jan 1600 00:00:00",
            "1 Jan 2020 24:00:00",
            "1 Jan 2020 00:60:00",
            "1 Jan 2020 00:00:60",
            "1 Jan 2020 00:00",
            "1 Jan 00:00:00",
            "1 Jän 2020 00:00:00",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
