//! A value that is joined as a segment is one segment, and can be read back.
//!
//! Input: segments, with the byte 0xFF between them.

use percent_encoding::percent_decode_str;
use tower_clients_layers::{BaseUrl, url::Boundary};

/// See the [module docs](self).
pub fn check(input: &[u8]) {
    let segments: Result<Vec<&str>, _> =
        input.split(|byte| *byte == 0xff).map(str::from_utf8).collect();
    let Ok(segments) = segments else { return };
    let base = BaseUrl::parse("http://h/base").unwrap().with_boundary(Boundary::Path);
    match base.join(segments.as_slice()) {
        Ok(uri) => {
            assert!(base.origin().contains(&uri) && uri.query().is_none());
            let read: Vec<_> = uri.path().split('/').skip(2).map(decode).collect();
            assert_eq!(read, segments);
        }
        Err(_) => assert!(segments.iter().any(|segment| is_doubtful(segment)), "{segments:?}"),
    }
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8().unwrap().into_owned()
}

/// Only such segments may be refused.
fn is_doubtful(segment: &str) -> bool {
    let decoded: Vec<u8> = percent_decode_str(segment).collect();
    let could_be_dots = decoded.contains(&b'.');
    could_be_dots || segment.is_empty() || segment.bytes().any(|byte| byte.is_ascii_control())
        // The longest path that a `Uri` holds.
        || segment.len() > 20_000
}
