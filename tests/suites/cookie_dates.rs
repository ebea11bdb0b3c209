//! The tests of the IETF working group on HTTP state: dates. A cookie is there until its date.

use crate::suite::{Case, Suite};
use http::Uri;
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use std::time::{Duration, SystemTime};
use tower_clients_layers::CookieJar;

/// Nothing differs.
pub(crate) const SUITE: Suite<Row, Option<String>> =
    Suite::new(&["http-state/dates-examples.json"], case, judge);

#[derive(Deserialize)]
pub(crate) struct Row {
    test: String,
    expected: Option<String>,
}

fn case(row: Value) -> serde_json::Result<Option<Case<Row, Option<String>>>> {
    let row: Row = serde_json::from_value(row)?;
    Ok(Some(Case { label: row.test.clone(), expected: row.expected.clone(), input: row }))
}

/// Whether a cookie with this date lives when its line comes at `received`.
fn lives(date: &str, received: SystemTime) -> Result<bool, Failed> {
    let jar = CookieJar::new();
    let uri = Uri::from_static("http://h/");
    jar.insert_at(&uri, &format!("a=b; Expires={date}"), received)?;
    Ok(jar.len() == 1)
}

fn judge(Row { test: date, .. }: &Row, expected: &Option<String>) -> Result<(), Failed> {
    const MINUTE: Duration = Duration::from_secs(60);
    let found = match expected {
        Some(expected) => {
            let end = imf_fixdate(expected).ok_or("the expected date cannot be read")?;
            lives(date, end - MINUTE)? && !lives(date, end)? && lives(date, end - MINUTE / 60)?
        }
        // Without a date it lives as long as the session, whatever the time is.
        None => lives(date, SystemTime::UNIX_EPOCH + MINUTE * 60 * 24 * 365 * 8000)?,
    };
    if found { Ok(()) } else { Err(format!("it is not {expected:?}").into()) }
}

/// The expected dates have one form, such as `Mon, 10 Dec 2007 17:02:24 GMT`.
fn imf_fixdate(text: &str) -> Option<SystemTime> {
    let fields: Vec<_> = text.split([' ', ':']).collect();
    let [_, day, month, year, hour, minute, second, "GMT"] = fields[..] else { return None };
    let number = |text: &str| text.parse::<u64>().ok();
    let month = "JanFebMarAprMayJunJulAugSepOctNovDec".find(month)? / 3;
    let (year, month) = (number(year)?, month as u64);
    // Years that begin in March end with the leap day.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days =
        year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + number(day)?
            - 1
            - 719_468;
    let seconds = ((days * 24 + number(hour)?) * 60 + number(minute)?) * 60 + number(second)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}
