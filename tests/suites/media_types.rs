//! The tests of the MIME Sniffing Standard: parsing and serializing.

use crate::{
    charset,
    suite::{Case, Suite},
};
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use tower_clients_layers::MediaType;

/// Nothing differs: not even characters that no header holds, for text from elsewhere may.
pub(crate) const SUITE: Suite<Row, Option<String>> =
    Suite::new(&["wpt-mime/mime-types.json", "wpt-mime/generated-mime-types.json"], case, judge);

#[derive(Deserialize)]
pub(crate) struct Row {
    input: String,
    /// `None` when the text is no media type.
    output: Option<String>,
    /// `Some(None)` when the text has no encoding that is known, `None` when that is not told.
    #[serde(default, deserialize_with = "present")]
    encoding: Option<Option<String>>,
}

fn present<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(json).map(Some)
}

fn case(row: Value) -> serde_json::Result<Option<Case<Row, Option<String>>>> {
    if row.is_string() {
        return Ok(None);
    }
    let row: Row = serde_json::from_value(row)?;
    Ok(Some(Case { label: row.input.clone(), expected: row.output.clone(), input: row }))
}

fn judge(row: &Row, expected: &Option<String>) -> Result<(), Failed> {
    let parsed = row.input.parse::<MediaType>().ok();
    let written = parsed.as_ref().map(ToString::to_string);
    if written != *expected {
        return Err(format!("expected {expected:?}\n but is  {written:?}").into());
    }
    if let Some(text) = &written
        && text.parse::<MediaType>().ok() != parsed
    {
        return Err(format!("{text:?} does not parse as what it was").into());
    }
    match (&row.encoding, charset::headers([&*row.input])) {
        (Some(encoding), Some(headers)) => charset::check(headers, encoding.as_deref()),
        _ => Ok(()),
    }
}
