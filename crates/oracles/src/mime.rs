//! Media types are read as the standard says, whatever a server sends.
//!
//! Input: the values of `Content-Type`, a line each.

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use tower_clients_layers::MediaType;

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        headers.append(CONTENT_TYPE, value);
    }
    let found = MediaType::of(&headers);
    if let Some(found) = &found {
        let (kind, subtype) = found.essence().split_once('/').unwrap();
        assert!(is_token(kind) && is_token(subtype), "{found}");
        assert_eq!(found.essence(), found.essence().to_ascii_lowercase());
        assert_eq!(found.to_string().parse().as_ref(), Ok(found), "{found}");
        assert_eq!(found.is_text(), kind == "text");
        let is_json = subtype.ends_with("+json")
            || (subtype == "json" && ["application", "text"].contains(&kind));
        assert_eq!(found.is_json(), is_json, "{found}");
    }
    if let Some(expected) = essence(input) {
        assert_eq!(found.map(|found| found.essence().to_owned()), expected);
    }
}

/// By hand, where there is one line without a comma.
fn essence(line: &[u8]) -> Option<Option<String>> {
    if line.contains(&b',') || line.contains(&b'\n') || !line.is_ascii() {
        return None;
    }
    let is_space = |char| matches!(char, ' ' | '\t');
    let line = str::from_utf8(line).unwrap().split(';').next().unwrap();
    let line = line.trim_matches(is_space).to_ascii_lowercase();
    let is_type = line != "*/*"
        && line.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    Some(is_type.then_some(line))
}

fn is_token(text: &str) -> bool {
    let is_of_token = |c: char| c.is_ascii_graphic() && !"\"(),/:;<=>?@[\\]{}".contains(c);
    !text.is_empty() && text.chars().all(is_of_token)
}
