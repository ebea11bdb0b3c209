//! What a scenario found, beside its limits.

use serde_json::{Value, json};

/// The figures of one scenario.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Value>,
}

impl Report {
    /// A figure that has no limit.
    pub(crate) fn told(&mut self, what: &str, value: f64) {
        self.add(what, value, "", true);
    }

    pub(crate) fn at_most(&mut self, what: &str, value: f64, limit: f64) {
        self.add(what, value, &format!("≤ {}", number(limit)), value <= limit);
    }

    pub(crate) fn at_least(&mut self, what: &str, value: f64, limit: f64) {
        self.add(what, value, &format!("≥ {}", number(limit)), value >= limit);
    }

    pub(crate) fn none(&mut self, what: &str, value: u64) {
        self.add(what, value as f64, "0", value == 0);
    }

    fn add(&mut self, what: &str, value: f64, limit: &str, is_met: bool) {
        self.figures
            .push(json!({"what": what, "value": number(value), "limit": limit, "is_met": is_met}));
    }

    pub(crate) fn into_json(self) -> Value {
        Value::Array(self.figures)
    }
}

/// With as many digits as tell something.
fn number(value: f64) -> String {
    let text = match value.abs() {
        100.0.. => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
