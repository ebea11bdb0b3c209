//! The query, and lists of pairs as JSON.

use super::Refused;
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::{Map, Value};
use std::{convert::Infallible, str::FromStr};

/// The decoded pairs of the query, in order.
#[derive(Clone, Debug)]
pub(super) struct Args(pub(super) Vec<(String, String)>);

impl Args {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs.find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    pub(super) fn parse<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refused> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Refused::bad_request(format!("the parameter {name} cannot be {text:?}"))),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        by_name(self.0.iter().cloned()).into()
    }
}

impl<S: Sync> FromRequestParts<S> for Args {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(pairs(query.as_bytes())))
    }
}

pub(super) fn pairs(urlencoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(urlencoded).into_owned().collect()
}

/// A name that occurs once has its value; a repeated one has an array of them.
pub(super) fn by_name<V: Into<Value>>(
    pairs: impl IntoIterator<Item = (String, V)>,
) -> Map<String, Value> {
    let mut grouped: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let value = value.into();
        match grouped.get_mut(&name) {
            None => {
                grouped.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(single) => *single = Value::Array(vec![single.take(), value]),
        }
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn repeated_names_become_arrays() {
        let args = Args(pairs(b"a=1&b=x+y&a=2&a=%C3%A9&empty"));
        assert_eq!(args.to_json(), json!({"a": ["1", "2", "é"], "b": "x y", "empty": ""}));
        assert_eq!(args.get("a"), Some("1"));
    }

    #[test]
    fn parameters_that_do_not_parse_are_refused() {
        let args = Args(pairs(b"n=12&m=twelve"));
        assert_eq!(args.parse::<u8>("n").unwrap(), Some(12));
        assert_eq!(args.parse::<u8>("missing").unwrap(), None);
        assert!(args.parse::<u8>("m").is_err());
    }
}
