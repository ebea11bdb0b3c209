//! The spans and their fields.

use super::{Shown, full_url::FullUrl};
use crate::{
    Error, RequestOptions,
    metrics::{Labels, Outcome},
    observe::Observer,
};
use http::{HeaderMap, HeaderName, Request};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};
use tracing::{
    Level, Span,
    field::{Empty, display},
    span,
};

/// An extension of the requests of a call: how many of them have been sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sends(Arc<AtomicU32>);

/// A span around everything that is done for one request; `None` when nobody wants it.
pub(super) fn of_call<B>(request: &mut Request<B>) -> Option<Span> {
    let span = {
        let labels = Labels::of(request);
        span!(
            target: "tower_clients",
            Level::INFO,
            "http.call",
            "otel.name" = %Name { prefix: "call ", labels },
            "otel.kind" = "internal",
            "otel.status_code" = Empty,
            "otel.status_description" = Empty,
            "error.type" = Empty,
            "cancelled" = Empty,
        )
    };
    if span.is_disabled() {
        return None;
    }
    request.extensions_mut().insert(Sends::default());
    Some(span)
}

/// A span of one attempt, with the fields of a client span of the OpenTelemetry conventions; `None`
/// when nobody wants it.
pub(super) fn of_attempt<B>(request: &Request<B>, shown: Option<&Shown>) -> Option<Span> {
    let labels = Labels::of(request);
    let method = request.method().as_str();
    let span = span!(
        target: "tower_clients",
        Level::INFO,
        "http.client.request",
        "otel.name" = %Name { prefix: "", labels },
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "otel.status_description" = Empty,
        "http.request.method" = labels.method,
        "http.request.method_original" = (labels.method != method).then_some(method),
        "server.address" = labels.server_address,
        "server.port" = labels.server_port.map(i64::from),
        "url.full" = %FullUrl { uri: request.uri(), shown: shown.map_or(&[], |shown| &shown.query) },
        "url.template" = labels.template,
        "http.request.resend_count" = Empty,
        "http.request.headers" = Empty,
        "http.response.status_code" = Empty,
        "network.protocol.version" = Empty,
        "error.type" = Empty,
        "cancelled" = Empty,
    );
    if span.is_disabled() {
        return None;
    }
    let resends = resends(request);
    if resends > 0 {
        span.record("http.request.resend_count", i64::from(resends));
    }
    if let Some(shown) = shown.filter(|shown| !shown.headers.is_empty()) {
        let headers = Headers { names: &shown.headers, headers: request.headers() };
        span.record("http.request.headers", display(headers));
    }
    Some(span)
}

/// How often the request has been sent before: by whatever is below the span of a call, else by
/// whoever counts attempts.
fn resends<B>(request: &Request<B>) -> u32 {
    match request.extensions().get::<Sends>() {
        Some(Sends(sent)) => sent.fetch_add(1, Relaxed),
        None => {
            let attempt = RequestOptions::of(request).and_then(RequestOptions::attempt_value);
            attempt.map_or(0, |attempt| attempt - 1)
        }
    }
}

/// The method and the template, if there is one; never the path, of which there are too many.
struct Name<'a> {
    prefix: &'static str,
    labels: Labels<'a>,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if self.labels.method == "_OTHER" { "HTTP" } else { self.labels.method };
        write!(f, "{}{method}", self.prefix)?;
        match self.labels.template {
            Some(template) => write!(f, " {template}"),
            None => Ok(()),
        }
    }
}

/// The values of some headers. One that is marked sensitive does not show.
struct Headers<'a> {
    names: &'a [HeaderName],
    headers: &'a HeaderMap,
}

impl fmt::Display for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |name| self.headers.get_all(name).iter().map(move |value| (name, value));
        for (i, (name, value)) in self.names.iter().flat_map(named).enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{name}: {value:?}")?;
        }
        Ok(())
    }
}

impl Observer for Span {
    fn watch<T>(&self, poll: impl FnOnce() -> T) -> T {
        self.in_scope(poll)
    }

    fn end(&self, outcome: &Outcome, error: Option<&Error>) {
        if let Some(status) = outcome.status() {
            self.record("http.response.status_code", i64::from(status.as_u16()));
        }
        if let Some(version) = outcome.protocol_version() {
            self.record("network.protocol.version", version);
        }
        if let Some(kind) = outcome.error_type() {
            self.record("error.type", kind).record("otel.status_code", "ERROR");
        }
        if outcome.is_cancelled() {
            self.record("cancelled", true);
        }
        if let Some(error) = error {
            self.record("otel.status_description", display(format_args!("{error:#}")));
        }
    }
}
