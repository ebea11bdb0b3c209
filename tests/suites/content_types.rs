//! The tests of the Fetch Standard: several `Content-Type` lines make one media type.

use crate::{
    charset,
    suite::{Case, Suite},
};
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use tower_clients_layers::MediaType;

/// Nothing differs; which type a browser assumes where there is none is not asked.
pub(crate) const SUITE: Suite<Row, Option<String>> =
    Suite::new(&["wpt-fetch/content-types.json"], case, judge);

#[derive(Deserialize)]
pub(crate) struct Row {
    #[serde(rename = "input")]
    lines: Vec<String>,
    #[serde(rename = "mimeType")]
    media_type: Option<String>,
    encoding: Option<String>,
}

fn case(row: Value) -> serde_json::Result<Option<Case<Row, Option<String>>>> {
    if row.is_string() {
        return Ok(None);
    }
    let row: Row = serde_json::from_value(row)?;
    // No media type reads as an empty one in a browser.
    let expected = row.media_type.clone().filter(|text| !text.is_empty());
    Ok(Some(Case { label: row.lines.join(" | "), expected, input: row }))
}

fn judge(row: &Row, expected: &Option<String>) -> Result<(), Failed> {
    let lines = row.lines.iter().map(String::as_str);
    let headers = charset::headers(lines).ok_or("a line cannot be a header value")?;
    let found = MediaType::of(&headers).map(|media_type| media_type.to_string());
    if found != *expected {
        return Err(format!("expected {expected:?}\n but is  {found:?}").into());
    }
    charset::check(headers, row.encoding.as_deref())
}
