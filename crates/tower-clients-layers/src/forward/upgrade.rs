//! Changes of the protocol (RFC 9110 §7.8), passed on.

use super::hop::list;
use http::{
    HeaderMap, HeaderValue, Request, Response, Version,
    header::{CONNECTION, UPGRADE},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

/// A caller that wants to change the protocol.
#[derive(Debug)]
pub(super) struct Upgrade {
    protocol: HeaderValue,
    caller: OnUpgrade,
}

impl Upgrade {
    /// `None` where the caller does not ask for it, or its server cannot do it.
    pub(super) fn take<B>(request: &mut Request<B>) -> Option<Self> {
        if request.version() != Version::HTTP_11 {
            return None;
        }
        let protocol = wanted(request.headers())?;
        let caller = request.extensions_mut().remove()?;
        Some(Self { protocol, caller })
    }

    pub(super) fn protocol(&self) -> &HeaderValue {
        &self.protocol
    }

    /// Has a task copy bytes both ways from when both sides have changed. `None` when the server did not.
    pub(super) fn join<R>(self, response: &mut Response<R>) -> Option<()> {
        let server = response.extensions_mut().remove::<OnUpgrade>()?;
        let caller = self.caller;
        tokio::spawn(async move {
            // The caller changes when it has the response, which it may not wait for.
            if let (Ok(server), Ok(caller)) = (server.await, caller.await) {
                let (mut server, mut caller) = (TokioIo::new(server), TokioIo::new(caller));
                // Who loses a side notices.
                let _ = copy_bidirectional(&mut caller, &mut server).await;
            }
        });
        Some(())
    }
}

fn wanted(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut options = list(headers, &CONNECTION);
    let asks = options.any(|option| option.eq_ignore_ascii_case("upgrade"));
    let value = headers.get(UPGRADE).filter(|_| asks)?;
    let mut protocols = value.to_str().ok()?.split(',');
    protocols.all(|protocol| !hides_requests(protocol)).then(|| value.clone())
}

/// Whether what comes are requests again, by which a caller would pass by the gateway.
fn hides_requests(protocol: &str) -> bool {
    let name = protocol.split('/').next().unwrap_or(protocol).trim();
    ["h2c", "http", "tls"].iter().any(|hiding| hiding.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_is_asked_for_by_both_headers() {
        for (connection, upgrade, is_wanted) in [
            ("Upgrade", "websocket", true),
            ("keep-alive, upgrade", "websocket", true),
            ("close", "websocket", false),
            ("upgrade", "websocket, H2C", false),
            ("upgrade", "HTTP/2.0", false),
            ("upgrade", "TLS/1.0", false),
            ("upgrade", "h2cx, websocket/13", true),
        ] {
            let fields = [(CONNECTION, connection), (UPGRADE, upgrade)];
            let headers = fields.map(|(name, value)| (name, HeaderValue::from_static(value)));
            let headers = HeaderMap::from_iter(headers);
            assert_eq!(wanted(&headers).is_some(), is_wanted, "{connection}");
        }
        let mut headers = HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("upgrade"))]);
        assert!(wanted(&headers).is_none());
        headers.insert(UPGRADE, HeaderValue::from_bytes(b"h2c, \xff").unwrap());
        assert!(wanted(&headers).is_none());
    }
}
