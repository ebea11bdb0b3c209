//! Which versions of HTTP a transport speaks.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpVersion {
    Negotiated,
    Http1,
    #[cfg(feature = "http2")]
    Http2,
}
