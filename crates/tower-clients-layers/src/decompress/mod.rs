//! Decodes compressed response bodies (RFC 9110 §8.4): gzip, deflate, brotli and zstd.
//!
//! A request that names no coding itself is sent with `Accept-Encoding: gzip, deflate, br, zstd`, and its
//! response is decoded while it is read; `Content-Encoding` and `Content-Length` are then gone. A request
//! that has an `Accept-Encoding` is left alone, and so is its response; so are those for a part of a
//! document, by `Range`, those by `HEAD`, and responses with 204, 205, 206 or 304.
//!
//! The end of a body is the end of what was encoded, or it fails. Each of these is a typed
//! [`DecompressError`], and never a shorter body:
//!
//! * it is damaged: it breaks off, its checksum is wrong, or more follows than further members of gzip or
//!   frames of zstd;
//! * it is a bomb: beyond the first MiB, it has more than 200 bytes for each one received
//!   ([`ratio`](DecompressLayer::ratio)), or more than the [`limit`](DecompressLayer::limit) in all, which
//!   is none by default, since memory does not grow with it;
//! * its coding is not known, or there are more than five, one in another. The head still arrives, so a
//!   status tells what it tells.
//!
//! The names of codings have aliases (`x-gzip`) and no case, `deflate` comes with and without its zlib
//! wrapper, and a body without a single byte is empty whatever its coding is.
//!
//! Put [`ResumeLayer`](crate::ResumeLayer) below (inside of) this one: ranges are of what is on the wire.
//!
//! ```
//! use axum::{Router, http::HeaderMap};
//! use flate2::{Compression, write::GzEncoder};
//! use http::Request;
//! use std::io::Write as _;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, DecompressLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new().fallback(async |headers: HeaderMap| {
//!     assert_eq!(headers["accept-encoding"], "gzip, deflate, br, zstd");
//!     let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
//!     encoder.write_all(b"hello").and_then(|()| encoder.finish())
//!         .map(|bytes| ([("content-encoding", "gzip")], bytes)).map_err(|error| error.to_string())
//! });
//! let service = ServiceBuilder::new().layer(DecompressLayer::new()).service(server);
//!
//! let response = service.oneshot(Request::get("/").body(Body::empty())?).await?;
//! assert!(!response.headers().contains_key("content-encoding"));
//! let body = http_body_util::BodyExt::collect(response.into_body()).await?;
//! assert_eq!(body.to_bytes(), "hello");
//! # Ok(())
//! # }
//! ```
//!
//! A response that is not encoded costs nothing; one that is costs its decoders.

mod body;
mod brotli;
mod codings;
mod decoder;
mod error;
mod gzip;
mod inflate;
mod input;
#[cfg(test)]
mod tests;
mod zstd;

pub use self::{
    body::DecompressBody,
    error::{DecompressError, NotDecompressed},
};

use crate::{BoxError, macros::inner_service_accessors};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response,
    header::{ACCEPT_ENCODING, Entry, RANGE},
};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;

const CODINGS: HeaderValue = HeaderValue::from_static("gzip, deflate, br, zstd");

/// Decodes compressed response bodies.
///
/// Makes [`Decompress`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct DecompressLayer {
    limits: Option<Limits>,
}

/// What a body may become.
#[derive(Debug, Clone, Copy)]
struct Limits {
    bytes: u64,
    ratio: u64,
}

impl DecompressLayer {
    /// Decodes bodies of up to 200 bytes for each one received.
    #[must_use]
    pub const fn new() -> Self {
        Self { limits: Some(Limits { bytes: u64::MAX, ratio: 200 }) }
    }

    /// Asks for no coding and decodes none.
    #[must_use]
    pub const fn none() -> Self {
        Self { limits: None }
    }

    /// Limits what is decoded of one body to `bytes`; no limit by default. The limits of those who collect a
    /// body, such as [`DecodeLayer`](crate::DecodeLayer), are for what is decoded too.
    #[must_use]
    pub const fn limit(mut self, bytes: u64) -> Self {
        if let Some(limits) = &mut self.limits {
            limits.bytes = bytes;
        }
        self
    }

    /// Limits what is decoded of one body to `ratio` times what was received; 200 by default. The first MiB
    /// is free.
    #[must_use]
    pub const fn ratio(mut self, ratio: u32) -> Self {
        if let Some(limits) = &mut self.limits {
            limits.ratio = ratio as u64;
        }
        self
    }
}

impl Default for DecompressLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for DecompressLayer {
    type Service = Decompress<S>;

    fn layer(&self, inner: S) -> Decompress<S> {
        Decompress { inner, layer: *self }
    }
}

/// Made by [`DecompressLayer`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct Decompress<S> {
    inner: S,
    layer: DecompressLayer,
}

impl<S> Decompress<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Decompress<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Response = Response<DecompressBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let limits = self.layer.limits.filter(|_| asks(&mut request));
        ResponseFuture { future: self.inner.call(request), limits }
    }
}

pin_project! {
    /// Waits for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        // None when it is not this layer that asked.
        limits: Option<Limits>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Output = Result<Response<DecompressBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(cx))?;
        let (mut head, body) = response.into_parts();
        let body = match this.limits {
            Some(limits) => body::decompressed(&mut head, body, *limits),
            None => DecompressBody::plain(body),
        };
        Poll::Ready(Ok(Response::from_parts(head, body)))
    }
}

/// Asks for codings, unless that is not for this layer to do.
fn asks<B>(request: &mut Request<B>) -> bool {
    if *request.method() == Method::HEAD || request.headers().contains_key(RANGE) {
        return false;
    }
    match request.headers_mut().entry(ACCEPT_ENCODING) {
        Entry::Occupied(_) => false,
        Entry::Vacant(entry) => {
            entry.insert(CODINGS);
            true
        }
    }
}
