//! Reading replies that were recorded as text.
//!
//! `### case [request headers]`, then indented lines: the status line, the headers and, behind `|`,
//! the lines of the body. A `\r` at the end of such a line stands for that character.
//! Records of requests that were not answered have no status line, and are left out.

use libtest_mimic::Failed;
use serde_json::{Value, json};

/// One object for each reply of a file.
pub(crate) fn rows(text: &str) -> Result<Vec<Value>, Failed> {
    let text = format!("\n{text}");
    let records = text.split("\n### ").skip(1);
    let answered = records.filter(|record| record.contains(" HTTP/1.1 "));
    answered.map(|record| Ok(row(record).ok_or("a record is damaged")?)).collect()
}

fn row(record: &str) -> Option<Value> {
    let mut lines = record.lines().filter(|line| !line.starts_with("====="));
    let case = lines.next()?;
    let status: u16 = lines.next()?.split_whitespace().nth(1)?.parse().ok()?;
    let (mut content_type, mut body) = (None, Vec::new());
    for line in lines.map(str::trim_start) {
        match line.strip_prefix('|') {
            Some(line) => body.push(line.strip_prefix(' ').unwrap_or(line).replace("\\r", "\r")),
            None => {
                let (name, value) = line.split_once(": ").unwrap_or((line, ""));
                if name.eq_ignore_ascii_case("content-type") {
                    content_type = Some(value);
                }
            }
        }
    }
    Some(json!({"case": case, "status": status, "type": content_type, "body": body.join("\n")}))
}
