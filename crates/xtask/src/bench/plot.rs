//! Bars.

use super::{
    plan::{CLIENTS, Client},
    results::Results,
};
use crate::Result;
use std::{fmt::Write, fs, path::Path};

/// Below `docs`.
pub(super) const FILES: [&str; 2] = ["benchmarks-throughput.svg", "benchmarks-allocations.svg"];

const WIDTH: f64 = 720.0;
const TOP: f64 = 56.0;
const STEP: f64 = 28.0;
const BAR: f64 = 18.0;
/// Where bars begin, and how long the longest is.
const LEFT: f64 = 260.0;
const LONGEST: f64 = 390.0;

/// A bar with what stands beside it.
struct Bar<'a> {
    title: &'a str,
    is_ours: bool,
    value: f64,
    label: String,
}

pub(super) fn write(results: &Results, docs: &Path) -> Result {
    let throughput = bars(|client| {
        let ratio = results.row(("get", 64), client.name)?.to_limit.median;
        Some((ratio, format!("{ratio:.2}")))
    });
    let allocations = bars(|client| {
        let allocations = results.allocations.get(&("get", client.name))?;
        Some((*allocations, format!("{allocations:.0}")))
    });
    let titles = [
        "GET of a small JSON document, 64 connections: requests per second, hyper = 1",
        "GET of a small JSON document: allocations per request",
    ];
    for ((name, title), bars) in FILES.iter().zip(titles).zip([throughput, allocations]) {
        fs::write(docs.join(name), svg(title, &bars))?;
    }
    Ok(())
}

fn bars(value: impl Fn(&Client) -> Option<(f64, String)>) -> Vec<Bar<'static>> {
    let bar = |client: &'static Client| {
        let (value, label) = value(client)?;
        Some(Bar { title: client.title, is_ours: client.is_ours(), value, label })
    };
    CLIENTS.iter().filter_map(bar).collect()
}

/// None of the texts has a character that XML knows.
fn svg(title: &str, bars: &[Bar<'_>]) -> String {
    let height = TOP + STEP * bars.len() as f64 + 12.0;
    let largest = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let mut text = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13" fill="#24292f">
<rect width="100%" height="100%" rx="6" fill="#ffffff"/>
<text x="16" y="30" font-size="15" font-weight="bold">{title}</text>
"##
    );
    for (i, bar) in bars.iter().enumerate() {
        let top = TOP + STEP * i as f64;
        let middle = top + BAR / 2.0 + 4.5;
        let length = LONGEST * bar.value / largest;
        let (fill, weight) = if bar.is_ours { ("#1f6feb", "bold") } else { ("#afb8c1", "normal") };
        let title = bar.title.replace('`', "");
        let (before, after) = (LEFT - 10.0, LEFT + length + 8.0);
        // Nothing that is written to a string fails.
        let _ = write!(
            text,
            r#"<text x="{before}" y="{middle}" text-anchor="end" font-weight="{weight}">{title}</text>
<rect x="{LEFT}" y="{top}" width="{length:.1}" height="{BAR}" fill="{fill}"/>
<text x="{after:.1}" y="{middle}">{}</text>
"#,
            bar.label
        );
    }
    text + "</svg>\n"
}
