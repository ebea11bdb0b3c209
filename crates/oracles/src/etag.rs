//! Only a strong validator makes a condition.
//!
//! Input: values of `ETag`, `Last-Modified` and `Date`, a line each; any further one is another `ETag`.

use http::{
    HeaderMap, HeaderValue,
    header::{DATE, ETAG, IF_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED},
};
use std::time::Duration;
use tower_clients_layers::validators::{EntityTag, Validator};

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let mut headers = HeaderMap::new();
    let names = [ETAG, LAST_MODIFIED, DATE].into_iter().chain(std::iter::repeat(ETAG));
    for (line, name) in input.split(|byte| *byte == b'\n').zip(names) {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        if !line.is_empty() {
            headers.append(name, value);
        }
    }
    let tags: Vec<_> = headers.get_all(ETAG).iter().collect();
    for value in &tags {
        let tag = EntityTag::parse(value);
        assert_eq!(tag.is_some(), is_tag(value.as_bytes()), "{value:?}");
        if let Some(tag) = tag {
            assert_eq!(tag.value(), *value);
            assert_eq!(EntityTag::parse(tag.value()).as_ref(), Some(&tag));
            assert_eq!(tag.is_weak(), value.as_bytes().starts_with(b"W/"));
            assert_eq!(tag.matches_strongly(&tag), !tag.is_weak());
            let others = tags.iter().filter_map(|value| EntityTag::parse(value));
            for other in others {
                let both = !tag.is_weak() && !other.is_weak();
                assert_eq!(tag.matches_strongly(&other), both && tag == other);
                assert_eq!(tag.matches_strongly(&other), other.matches_strongly(&tag));
            }
        }
    }
    let Ok(validator) = Validator::of(&headers) else { return };
    if validator.name() == IF_MATCH {
        assert_eq!(tags, [validator.value()]);
        assert!(!EntityTag::parse(tags[0]).unwrap().is_weak());
    } else {
        assert_eq!(validator.name(), IF_UNMODIFIED_SINCE);
        assert_eq!(validator.value(), headers[LAST_MODIFIED]);
        let time = |value: &HeaderValue| httpdate::parse_http_date(value.to_str().unwrap()).unwrap();
        let age = time(&headers[DATE]).duration_since(time(&headers[LAST_MODIFIED]));
        assert!(age.unwrap() >= Duration::from_secs(1));
    }
}

/// RFC 9110 §8.8.3, letter by letter.
fn is_tag(value: &[u8]) -> bool {
    let opaque = if value.starts_with(b"W/") { &value[2..] } else { value };
    opaque.len() >= 2
        && opaque[0] == b'"'
        && opaque[opaque.len() - 1] == b'"'
        && opaque[1..opaque.len() - 1].iter().all(|byte| *byte > b' ' && !b"\"\x7f".contains(byte))
}
