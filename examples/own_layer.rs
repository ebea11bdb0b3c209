//! A layer of one's own on one page: layer, service, future, body, and the test of their contract. This one
//! counts the bytes that responses have.
//!
//! Run it with `cargo run --example own_layer`, and its test with `cargo test --example own_layer`.

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};
use tower::{Layer, Service};
use tower_clients::{Client, Error, Resource};

/// Makes [`CountBytes`]. All that it makes share one counter.
#[derive(Debug, Clone, Default)]
pub struct CountBytesLayer {
    received: Arc<AtomicU64>,
}

impl CountBytesLayer {
    /// How many bytes have come so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }
}

impl<S> Layer<S> for CountBytesLayer {
    type Service = CountBytes<S>;

    fn layer(&self, inner: S) -> CountBytes<S> {
        CountBytes { inner, received: Arc::clone(&self.received) }
    }
}

/// Counts the bytes of response bodies. The struct has no bounds, so it can be named without any.
#[derive(Debug, Clone)]
pub struct CountBytes<S> {
    inner: S,
    received: Arc<AtomicU64>,
}

impl<S, B, R> Service<Request<B>> for CountBytes<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<CountedBody<R>>;
    // It cannot fail, so it keeps the error of the service below.
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    /// Calls the very instance that was made ready. Who has to call it later takes it along, and leaves
    /// a clone: `let clone = self.inner.clone(); let inner = mem::replace(&mut self.inner, clone);`
    fn call(&mut self, request: Request<B>) -> Self::Future {
        ResponseFuture { future: self.inner.call(request), received: Arc::clone(&self.received) }
    }
}

pin_project! {
    /// Waits for the head of a response. It has a name and is no box.
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        received: Arc<AtomicU64>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<CountedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(cx))?;
        let received = Arc::clone(this.received);
        Poll::Ready(Ok(response.map(|body| CountedBody { body, received })))
    }
}

pin_project! {
    /// The body of a response whose bytes are counted as they come.
    pub struct CountedBody<B> {
        #[pin]
        body: B,
        received: Arc<AtomicU64>,
    }
}

impl<B> Body for CountedBody<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.body.poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.received.fetch_add(data.len() as u64, Relaxed);
        }
        Poll::Ready(frame)
    }

    // Who reads the body goes by these two: left out, its length is not known.
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let count = CountBytesLayer::default();
    let client = Client::with_service("http://in.process", testbed::router())?;
    let api = Resource::from(client.layer(count.clone()));

    for length in [100, 1000] {
        api.get(("bytes", length)).bytes().await?;
    }
    println!("{} bytes", count.received());
    assert_eq!(count.received(), 1100);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower_clients_mock::contract::{assert_body_contract, assert_contract};

    #[tokio::test]
    async fn layer_keeps_the_contract_of_a_middleware() {
        assert_contract(CountBytesLayer::default()).await;
        assert_body_contract(CountBytesLayer::default()).await;
    }
}
