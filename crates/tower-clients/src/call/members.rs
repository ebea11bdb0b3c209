//! The parameters of a call, which are the members of an object.

use serde::Serialize;
use serde_json::{Map, Value};

/// What is sent, as an object; null is one without members.
pub(crate) fn object<T: Serialize + ?Sized>(value: &T) -> Result<Map<String, Value>, &'static str> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(Value::Null) => Ok(Map::new()),
        _ => Err("what is to be sent does not serialize as a JSON object"),
    }
}
