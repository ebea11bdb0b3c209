//! What is to be done later.

use crate::Error;
use http::Request;
use std::task::{Context, Poll, ready};
use tower_service::Service;

/// A request to be sent later, and a service for it that is not ready yet: what readiness reserves
/// may be what others need to get on meanwhile.
pub(crate) struct Later<S, B> {
    service: S,
    request: Option<Request<B>>,
}

impl<S, B> Later<S, B> {
    pub(crate) fn new(service: S, request: Request<B>) -> Self {
        Self { service, request: Some(request) }
    }

    /// Gives up the readiness of `service`, which stays behind as another clone.
    pub(crate) fn instead_of_now(service: &mut S, request: Request<B>) -> Self
    where
        S: Clone,
    {
        *service = service.clone();
        Self::new(service.clone(), request)
    }

    /// The request, until it is sent.
    pub(crate) fn request_mut(&mut self) -> Option<&mut Request<B>> {
        self.request.as_mut()
    }

    /// The error with the request named in it.
    pub(crate) fn named_in(&self, error: Error) -> Error {
        match &self.request {
            Some(request) => error.for_request(request.method(), request.uri()),
            None => error,
        }
    }

    /// Sends the request, as soon as the service is ready.
    pub(crate) fn poll_call(&mut self, cx: &mut Context<'_>) -> Poll<Result<S::Future, S::Error>>
    where
        S: Service<Request<B>>,
    {
        ready!(self.service.poll_ready(cx))?;
        let request = self.request.take().expect("polled after completion");
        Poll::Ready(Ok(self.service.call(request)))
    }
}
