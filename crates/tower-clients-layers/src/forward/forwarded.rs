//! Where a request comes from (RFC 7239), also in the headers that were there before.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header::FORWARDED};
use std::{fmt::Write as _, net::IpAddr};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Whether servers may believe of this header that a gateway has written it. Some take `_` for `-`.
fn is_of_gateways(name: &HeaderName) -> bool {
    let dashed = |byte| if byte == b'_' { b'-' } else { byte };
    let is = |known: &str| name.as_str().bytes().map(dashed).take(known.len()).eq(known.bytes());
    is("x-forwarded-") || *name == FORWARDED || is("x-real-ip")
}

pub(super) fn proto(uri: &Uri) -> Option<&'static str> {
    match uri.scheme_str() {
        Some("http") => Some("http"),
        Some("https") => Some("https"),
        _ => None,
    }
}

/// Without user information.
pub(super) fn host(uri: &Uri) -> Option<HeaderValue> {
    let authority = uri.authority()?.as_str();
    HeaderValue::from_str(authority.rsplit('@').next().unwrap_or(authority)).ok()
}

pub(super) fn write(
    headers: &mut HeaderMap,
    peer: Option<IpAddr>,
    host: Option<HeaderValue>,
    proto: Option<&'static str>,
    trusts: bool,
) {
    if !trusts {
        let names: Vec<_> = headers.keys().filter(|name| is_of_gateways(name)).cloned().collect();
        for name in names {
            headers.remove(name);
        }
    }
    append(headers, FORWARDED, &element(peer, host.as_ref(), proto));
    if let Some(peer) = peer {
        append(headers, FOR, &peer.to_string());
    }
    // Of several gateways, the first one knows them.
    if let Some(host) = host {
        headers.entry(HOST).or_insert(host);
    }
    if let Some(proto) = proto {
        headers.entry(PROTO).or_insert_with(|| HeaderValue::from_static(proto));
    }
}

/// Goes on with a list, in one line: some servers read no other.
fn append(headers: &mut HeaderMap, name: HeaderName, element: &str) {
    let values = headers.get_all(&name).into_iter().filter_map(|value| value.to_str().ok());
    let list = values.chain([element]).collect::<Vec<_>>().join(", ");
    if let Ok(list) = HeaderValue::try_from(list) {
        headers.insert(name, list);
    }
}

fn element(peer: Option<IpAddr>, host: Option<&HeaderValue>, proto: Option<&str>) -> String {
    let mut element = match peer {
        None => "for=unknown".to_owned(),
        Some(IpAddr::V4(peer)) => format!("for={peer}"),
        Some(IpAddr::V6(peer)) => format!("for=\"[{peer}]\""),
    };
    if let Some(host) = host.and_then(|host| host.to_str().ok()) {
        // A colon needs quotes, and what a host cannot have would end them.
        let host = host.replace(['"', '\\'], "");
        let _ = write!(element, ";host=\"{host}\"");
    }
    if let Some(proto) = proto {
        let _ = write!(element, ";proto={proto}");
    }
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(inbound: &[(&'static str, &'static str)], peer: &str, trusts: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in inbound {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let host = HeaderValue::from_static("h:81");
        write(&mut headers, peer.parse().ok(), Some(host), Some("https"), trusts);
        headers
    }

    #[test]
    fn origin_of_a_request_is_written_in_both_ways() {
        let headers = written(&[], "2001:db8::1", false);
        assert_eq!(headers["forwarded"], r#"for="[2001:db8::1]";host="h:81";proto=https"#);
        assert_eq!(headers["x-forwarded-for"], "2001:db8::1");
        assert_eq!(headers["x-forwarded-host"], "h:81");
        assert_eq!(headers["x-forwarded-proto"], "https");

        let headers = written(&[], "", false);
        assert_eq!(headers["forwarded"], r#"for=unknown;host="h:81";proto=https"#);
        assert!(!headers.contains_key("x-forwarded-for"));
    }

    #[test]
    fn what_a_caller_says_is_believed_only_when_it_is_trusted() {
        let inbound = [
            ("forwarded", "for=1.1.1.1"),
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "2.2.2.2"),
            ("x-forwarded-host", "first"),
            ("x-real-ip", "1.1.1.1"),
            ("x-forwarded-ssl", "on"),
            // Servers that put headers in variables take it for the one with hyphens.
            ("x_forwarded_for", "1.1.1.1"),
        ];
        let headers = written(&inbound, "3.3.3.3", false);
        assert_eq!(headers["x-forwarded-for"], "3.3.3.3");
        assert_eq!(headers["x-forwarded-host"], "h:81");
        assert_eq!(headers["forwarded"], r#"for=3.3.3.3;host="h:81";proto=https"#);
        assert_eq!(headers.len(), 4, "{headers:?}");

        let headers = written(&inbound, "3.3.3.3", true);
        assert_eq!(headers["x-forwarded-for"], "1.1.1.1, 2.2.2.2, 3.3.3.3");
        assert_eq!(headers["x-forwarded-host"], "first");
        let forwarded = r#"for=1.1.1.1, for=3.3.3.3;host="h:81";proto=https"#;
        assert_eq!(headers["forwarded"], forwarded);
    }

    #[test]
    fn host_cannot_end_its_quotes() {
        let host = HeaderValue::from_static("a\";for=1.1.1.1;x=\"\\");
        assert_eq!(element(None, Some(&host), None), r#"for=unknown;host="a;for=1.1.1.1;x=""#);
    }
}
