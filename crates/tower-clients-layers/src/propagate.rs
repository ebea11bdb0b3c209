//! Tells a server of which trace a request is a part: `traceparent` and its kin.
//!
//! What is sent, and in which headers, is up to the propagator of OpenTelemetry that the program has set,
//! such as that of W3C Trace Context; there is none until it does. The context is the current one of
//! OpenTelemetry, which `tracing-opentelemetry` keeps at that of the current span. So this layer goes below
//! (inside of) [`TraceLayer`](crate#features), best at the very bottom: then the parent of what the server
//! does is the attempt.
//!
//! A request that has one of these headers keeps its own, and none is added.
//!
//! Baggage may tell more than a server should know. So all of this is bound to an origin.
//!
//! ```
//! use http::{Request, Response};
//! use opentelemetry::{Context, global, trace::{SpanContext, TraceContextExt}};
//! use opentelemetry_sdk::propagation::TraceContextPropagator;
//! use std::convert::Infallible;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_clients_layers::{Body, PropagateLayer, url::Origin};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! global::set_text_map_propagator(TraceContextPropagator::new());
//!
//! let origin: Origin = "https://api.example.com".parse()?;
//! let service = ServiceBuilder::new().layer(PropagateLayer::new(origin)).service(service_fn(
//!     async |request: Request<Body>| {
//!         Ok::<_, Infallible>(Response::new(request.headers()["traceparent"].clone()))
//!     },
//! ));
//!
//! // What a subscriber with `tracing-opentelemetry` does for each span.
//! let (trace, span) = (0x4bf9_2f35.into(), 0xb7.into());
//! let context = SpanContext::new(trace, span, Default::default(), true, Default::default());
//! let _current = Context::new().with_remote_span_context(context).attach();
//!
//! let request = Request::get("https://api.example.com/users").body(Body::empty())?;
//! assert_eq!(
//!     service.oneshot(request).await?.into_body(),
//!     "00-0000000000000000000000004bf92f35-00000000000000b7-00",
//! );
//! # Ok(())
//! # }
//! ```

use crate::{macros::inner_service_accessors, url::Origin};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use opentelemetry::{global::get_text_map_propagator, propagation::Injector};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Tells a server of which trace a request is a part.
///
/// Makes [`Propagate`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct PropagateLayer {
    origin: Option<Origin>,
}

impl PropagateLayer {
    /// Tells `origin`, and no other.
    #[must_use]
    pub const fn new(origin: Origin) -> Self {
        Self { origin: Some(origin) }
    }

    /// Tells nobody.
    #[must_use]
    pub const fn none() -> Self {
        Self { origin: None }
    }
}

impl<S> Layer<S> for PropagateLayer {
    type Service = Propagate<S>;

    fn layer(&self, inner: S) -> Propagate<S> {
        Propagate { inner, origin: self.origin.clone() }
    }
}

/// Made by [`PropagateLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Propagate<S> {
    inner: S,
    origin: Option<Origin>,
}

impl<S> Propagate<S> {
    inner_service_accessors!();
}

impl<S, B> Service<Request<B>> for Propagate<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if self.origin.as_ref().is_some_and(|origin| origin.binds(&request)) {
            inject(request.headers_mut());
        }
        self.inner.call(request)
    }
}

fn inject(headers: &mut HeaderMap) {
    get_text_map_propagator(|propagator| {
        if !propagator.fields().any(|name| headers.contains_key(name)) {
            propagator.inject(&mut Headers(headers));
        }
    });
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, name: &str, value: String) {
        // An empty `tracestate` should not be sent. What fits no header is not told.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
            && !value.is_empty()
        {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::CrossedOrigin;
    use http::Response;
    use opentelemetry::{
        Context as Current, global,
        trace::{SpanContext, TraceContextExt, TraceFlags, TraceState},
    };
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use std::{convert::Infallible, str::FromStr};
    use tower::{ServiceExt, service_fn};

    /// The headers of a request as they are below the layer, inside of a sampled trace.
    async fn sent(layer: PropagateLayer, request: Request<()>) -> HeaderMap {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let state = TraceState::from_str("vendor=1").unwrap();
        let span = SpanContext::new(1.into(), 2.into(), TraceFlags::SAMPLED, true, state);
        let _guard = Current::new().with_remote_span_context(span).attach();
        let echo = service_fn(async |request: Request<()>| {
            Ok::<_, Infallible>(Response::new(request.headers().clone()))
        });
        layer.layer(echo).oneshot(request).await.unwrap().into_body()
    }

    fn layer() -> PropagateLayer {
        PropagateLayer::new("https://h".parse().unwrap())
    }

    #[tokio::test]
    async fn trace_context_is_that_of_w3c() {
        let headers = sent(layer(), Request::get("https://h/x").body(()).unwrap()).await;
        let expected = "00-00000000000000000000000000000001-0000000000000002-01";
        assert_eq!(headers["traceparent"], expected);
        assert_eq!(headers["tracestate"], "vendor=1");
    }

    #[tokio::test]
    async fn other_origin_is_told_nothing() {
        for uri in ["https://other/x", "http://h/x", "https://h:8443/x", "/x"] {
            assert!(sent(layer(), Request::get(uri).body(()).unwrap()).await.is_empty(), "{uri}");
        }
        let led_back = Request::get("https://h/x").extension(CrossedOrigin).body(()).unwrap();
        assert!(sent(layer(), led_back).await.is_empty());
        let request = Request::get("https://h/x").body(()).unwrap();
        assert!(sent(PropagateLayer::none(), request).await.is_empty());
    }

    #[test]
    fn what_is_empty_or_fits_no_header_is_not_sent() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("tracestate", ""), ("tracestate", "\n"), ("a b", "c")] {
            Headers(&mut headers).set(name, value.into());
        }
        assert!(headers.is_empty());
    }

    #[tokio::test]
    async fn header_of_the_request_stays_and_stays_alone() {
        let request = Request::get("https://h/x").header("traceparent", "own").body(()).unwrap();
        let headers = sent(layer(), request).await;
        assert_eq!((headers.len(), headers["traceparent"].as_bytes()), (1, &b"own"[..]));
    }
}
