//! Reading JSON that may hold half of a surrogate pair.

use libtest_mimic::Failed;
use serde_json::Value;
use std::{fs, path::Path};

/// The items of the array that a file holds.
pub(crate) fn rows(path: &Path) -> Result<Vec<Value>, Failed> {
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    Ok(serde_json::from_str(&replace_lone_surrogates(&text))?)
}

/// Strings of the web may hold half of a surrogate pair, strings of Rust may not. The APIs that the
/// files were written for read such a half as the replacement character.
fn replace_lone_surrogates(json: &str) -> String {
    let mut replaced = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        replaced.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                replaced.push('\u{fffd}');
                rest = &rest[6..];
                continue;
            }
            // Both characters of an escape, lest an escaped backslash begin another one.
            _ => rest.len().min(2),
        };
        let (escape, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        replaced.push_str(escape);
        rest = after;
    }
    replaced + rest
}

/// The UTF-16 unit that an escape at the start of `text` stands for.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}
