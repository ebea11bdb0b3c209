//! Makes a span of every attempt, by the conventions of OpenTelemetry for HTTP clients.
//!
//! The spans are those of [`tracing`](https://docs.rs/tracing): `tracing-opentelemetry` exports them, any
//! other subscriber prints them. Nothing of OpenTelemetry is needed here, and nothing happens where no
//! subscriber wants them.
//!
//! ```
//! use axum::{Router, http::StatusCode};
//! use http::Request;
//! use opentelemetry::trace::{SpanKind, Status, TracerProvider};
//! use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, RequestOptions, TraceLayer};
//! use tracing_subscriber::layer::SubscriberExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let exporter = InMemorySpanExporter::default();
//! let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
//! let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("demo"));
//! let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans));
//!
//! let server = Router::new().fallback(async || StatusCode::NOT_FOUND);
//! let service = ServiceBuilder::new().layer(TraceLayer::new()).service(server);
//! let request = Request::get("https://api.example.com/users/7?key=s3cret")
//!     .extension(RequestOptions::new().template("/users/{id}"))
//!     .body(Body::empty())?;
//! service.oneshot(request).await?;
//!
//! let span = &exporter.get_finished_spans()?[0];
//! assert_eq!((&*span.name, &span.span_kind), ("GET /users/{id}", &SpanKind::Client));
//! assert_eq!(span.status, Status::error(""));
//! let attribute = |name| span.attributes.iter().find(|pair| pair.key.as_str() == name).unwrap();
//! assert_eq!(
//!     attribute("url.full").value.as_str(),
//!     "https://api.example.com/users/7?key=REDACTED",
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # Spans
//!
//! [`TraceLayer::new`] makes a span of each request that passes it, of kind `client`. Below (inside of) what
//! sends a request again, `RetryLayer` and `RedirectLayer`, this is each attempt. Their parent is the
//! span of the program that is current, or one by [`TraceLayer::calls`], of kind `internal`, which goes above
//! what sends again: then one call is one span, and its attempts are the children.
//!
//! All are on the level `INFO`, and their target is `tower_clients`.
//!
//! | field | is |
//! |---|---|
//! | `otel.name` | the method and the template, `GET /users/{id}`; without one `GET`; `HTTP` for a method that is not well known. Of a call, `call GET /users/{id}` |
//! | `otel.kind` | `client`, of a call `internal` |
//! | `http.request.method` | the method; `_OTHER` for one that is not well known, which then is `http.request.method_original` |
//! | `server.address`, `server.port` | those of the URI, or the port of its scheme |
//! | `url.full` | the URI, [redacted](#what-does-not-show) |
//! | `url.template` | the [template](crate::RequestOptions::template), if the request has one |
//! | `http.request.resend_count` | how often the request was sent before: for a redirect, for a new token, by a retry. Without a layer for calls, only attempts that are [counted](crate::RequestOptions::attempt) |
//! | `http.request.headers` | headers that are [listed](TraceLayer::record_request_header), in one field, since a span of `tracing` has no others than those it is declared with |
//! | `http.response.status_code` | the status |
//! | `network.protocol.version` | `1.1`, `2`, of the response |
//! | `error.type` | the status if it is 4xx or 5xx, or the [kind](crate::ErrorKind::name) of the error |
//! | `otel.status_code` | `ERROR` where there is an `error.type` |
//! | `otel.status_description` | the error with its causes, if there is no response |
//! | `cancelled` | `true` when the future was dropped: nobody waited any more |
//!
//! The span of a call has those that begin with `otel`, `error.type` and `cancelled`. Only an attempt is an
//! HTTP request.
//!
//! # When a span ends
//!
//! With the head of the response, as the conventions want it: a program may read the body much later, or
//! never. A body that breaks off is an error of whoever reads it.
//!
//! A future that is dropped ends its span, which is no error. When a [deadline](crate::deadline) above has
//! come, this is the reason, and the `error.type` is `timeout`.
//!
//! # What does not show
//!
//! User information, the values of the query and header values, unless a [key](TraceLayer::record_query) or
//! [name](TraceLayer::record_request_header) is listed. A header that is marked sensitive never shows, and
//! all that the layers of this crate add for authorization are. The path does show.
//!
//! # Cost
//!
//! Nothing where nobody wants the spans: they are filtered, or there is no subscriber. A span that is
//! wanted costs one allocation here, and that of a call up to four more, besides what the subscriber does.

mod full_url;
mod span;
#[cfg(test)]
mod tests;

pub(crate) use self::span::Sends;

use crate::{BoxError, Error, macros::inner_service_accessors, observe::WithObserver};
use http::{HeaderName, Request, Response};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;

/// Makes a span of every attempt.
///
/// Makes [`Trace`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct TraceLayer {
    spans: Spans,
}

#[derive(Debug, Clone)]
enum Spans {
    Off,
    Calls,
    Attempts(Option<Arc<Shown>>),
}

/// What shows of a request beside what always does.
#[derive(Debug, Clone, Default)]
struct Shown {
    query: Vec<Box<str>>,
    headers: Vec<HeaderName>,
}

impl TraceLayer {
    /// Makes a span of kind `client` of each request that passes.
    #[must_use]
    pub const fn new() -> Self {
        Self { spans: Spans::Attempts(None) }
    }

    /// Makes a span of kind `internal` around all that is done below for one request.
    #[must_use]
    pub const fn calls() -> Self {
        Self { spans: Spans::Calls }
    }

    /// Makes none.
    #[must_use]
    pub const fn none() -> Self {
        Self { spans: Spans::Off }
    }

    /// Whether it makes any.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self.spans, Spans::Off)
    }

    /// Shows the values of the query parameter `key`, as it is written in the URI. Spans of calls show none.
    #[must_use]
    pub fn record_query(self, key: &str) -> Self {
        self.show(|shown| shown.query.push(key.into()))
    }

    /// Shows the values of the header `name` of requests, unless they are marked sensitive. Spans of calls
    /// show none.
    #[must_use]
    pub fn record_request_header(self, name: HeaderName) -> Self {
        self.show(|shown| shown.headers.push(name))
    }

    fn show(mut self, change: impl FnOnce(&mut Shown)) -> Self {
        if let Spans::Attempts(shown) = &mut self.spans {
            change(Arc::make_mut(shown.get_or_insert_default()));
        }
        self
    }

    fn span_of<B>(&self, request: &mut Request<B>) -> Option<Span> {
        match &self.spans {
            Spans::Off => None,
            Spans::Calls => span::of_call(request),
            Spans::Attempts(shown) => span::of_attempt(request, shown.as_deref()),
        }
    }
}

impl Default for TraceLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace { inner, layer: self.clone() }
    }
}

/// Made by [`TraceLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Trace<S> {
    inner: S,
    layer: TraceLayer,
}

impl<S> Trace<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Trace<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let span = self.layer.span_of(&mut request);
        let future = match &span {
            Some(span) => span.in_scope(|| self.inner.call(request)),
            None => self.inner.call(request),
        };
        ResponseFuture { future: WithObserver::new(future, span) }
    }
}

pin_project! {
    /// Waits for the head of the response, inside of the span.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange, and ends the span as cancelled, or as out of time once its deadline
    /// has come. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: WithObserver<F, Span>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}
