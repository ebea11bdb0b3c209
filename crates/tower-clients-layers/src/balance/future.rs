//! One request, and the upstreams that it tries.

use super::{
    Balance, BalanceBody, Priority,
    shared::{Exchange, Shared, is_of_request},
};
use crate::{Body, BoxError, Error, RequestOptions, copy::copy, maybe_refused::MaybeRefused};
use http::{Request, Response, Uri};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower_service::Service;

pin_project! {
    /// Waits for an upstream to answer; goes on to the next one where that is safe.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives up the request that is under way, which then counts no longer as active.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, P, F> {
        #[pin]
        state: State<F>,
        exchange: Option<Exchange>,
        spare: Option<Spare<S, P>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Called { #[pin] future: MaybeRefused<F> },
        // For the service below to be ready for the next upstream.
        Waiting,
    }
}

/// What it takes to send the request to another upstream.
pub(super) struct Spare<S, P> {
    service: S,
    shared: Arc<Shared>,
    priority: P,
    request: Request<Body>,
    tried: Vec<usize>,
}

impl<S: Clone, P: Clone> Spare<S, P> {
    /// `None` where failover is off or pointless, a retry layer above does better, or the body is a
    /// stream.
    pub(super) fn of(balance: &Balance<S, P>, request: &Request<Body>, uri: Uri) -> Option<Self> {
        let shared = &balance.shared;
        let attempt = RequestOptions::of(request).and_then(RequestOptions::attempt_value);
        if !shared.settings.failover || shared.len() < 2 || attempt.is_some() {
            return None;
        }
        Some(Self {
            service: balance.inner.clone(),
            shared: Arc::clone(shared),
            priority: balance.priority.clone(),
            request: copy(request, uri)?,
            tried: Vec::new(),
        })
    }
}

impl<S, P: Priority> Spare<S, P> {
    /// The next best upstream after one that failed, when the request may be sent once more.
    fn next(&mut self, failed: &Exchange, error: &Error) -> Option<Exchange> {
        let (method, uri) = (self.request.method(), self.request.uri());
        let is_safe = !error.may_have_been_sent() || method.is_idempotent();
        if !is_safe || is_of_request(error) {
            return None;
        }
        self.tried.push(failed.index());
        self.shared.choose(&self.priority, method, uri, &self.tried).ok()
    }
}

impl<S, P> Spare<S, P>
where
    S: Service<Request<Body>, Error: Into<BoxError>>,
{
    /// Sends the request to the upstream of `exchange`, as soon as the service is ready.
    fn poll_call(
        &mut self,
        exchange: &Exchange,
        cx: &mut Context<'_>,
    ) -> Poll<Result<S::Future, Error>> {
        ready!(self.service.poll_ready(cx)).map_err(Error::from_service)?;
        let target = self.shared.target(self.request.uri(), exchange.url())?;
        let request = copy(&self.request, target).expect("a copy can be copied");
        Poll::Ready(Ok(self.service.call(request)))
    }
}

impl<S, P, F> ResponseFuture<S, P, F> {
    pub(super) fn called(
        future: F,
        exchange: Option<Exchange>,
        spare: Option<Spare<S, P>>,
    ) -> Self {
        let future = MaybeRefused::called(future);
        Self { state: State::Called { future }, exchange, spare }
    }

    pub(super) fn refused(error: impl Into<Error>, request: &Request<Body>) -> Self {
        let future = MaybeRefused::refused(error, request);
        Self { state: State::Called { future }, exchange: None, spare: None }
    }
}

impl<S, P, R> Future for ResponseFuture<S, P, S::Future>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
    P: Priority,
    R: http_body::Body,
{
    type Output = Result<Response<BalanceBody<R>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Called { future } => match ready!(future.poll(cx)) {
                    Ok(response) => {
                        *this.spare = None;
                        let mut exchange = this.exchange.take();
                        if let Some(exchange) = &mut exchange {
                            exchange.answered(response.status().is_server_error());
                        }
                        return Poll::Ready(Ok(
                            response.map(|body| BalanceBody::new(body, exchange))
                        ));
                    }
                    Err(error) => {
                        let next = this.exchange.take().and_then(|mut failed| {
                            failed.failed(&error);
                            this.spare.as_mut()?.next(&failed, &error)
                        });
                        if next.is_none() {
                            *this.spare = None;
                            return Poll::Ready(Err(error));
                        }
                        *this.exchange = next;
                        State::Waiting
                    }
                },
                StateProjection::Waiting => {
                    let (Some(spare), Some(exchange)) = (this.spare.as_mut(), &*this.exchange)
                    else {
                        unreachable!("both are there until there is an outcome");
                    };
                    match ready!(spare.poll_call(exchange, cx)) {
                        Ok(future) => State::Called { future: MaybeRefused::called(future) },
                        Err(error) => {
                            (*this.exchange, *this.spare) = (None, None);
                            return Poll::Ready(Err(error));
                        }
                    }
                }
            };
            this.state.set(next);
        }
    }
}

impl<S, P, F> fmt::Debug for ResponseFuture<S, P, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}
