//! The body of a response.

use crate::{connection::Connection, error::broken_body};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{runtime::Handle, time::timeout};
use tower_clients_layers::Error;

/// Reading so much is cheaper than another connection.
const DRAINED: u64 = 64 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// The body of a response, as it arrives: data frames, then trailers if there are any.
///
/// # Errors
///
/// An error is of the kind [`Body`](tower_clients_layers::ErrorKind::Body), names the request, and
/// means that the body is incomplete. Nothing comes after it.
///
/// # Cancel safety
///
/// Frames that were not polled stay in the connection. A body read to its end gives the connection
/// back for the next request. Dropping one before its end closes an HTTP/1.1 connection, unless at
/// most 64 KiB are left, which are read by a task within a second; it resets the one stream of an
/// HTTP/2 connection.
///
/// An upload that is still going on over HTTP/1.1 ends when the body is dropped before its end, and with
/// the end of a response that is no success. Behind a success it goes on.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
/// use http_body::Body as _;
/// use http_body_util::BodyExt;
/// use tower::ServiceExt;
/// use tower_clients_layers::Body;
/// use tower_clients_transport::Transport;
///
/// let server = testbed::Testbed::http().await?;
/// let request = http::Request::get(format!("{}bytes/100", server.url())).body(Body::empty())?;
/// let response = Transport::new().oneshot(request).await?;
/// assert_eq!(response.body().size_hint().exact(), Some(100));
///
/// let bytes = response.into_body().collect().await?.to_bytes();
/// assert_eq!(bytes.len(), 100);
/// # Ok(())
/// # }
/// ```
pub struct ResponseBody {
    /// `None` when it is over.
    incoming: Option<Incoming>,
    /// With the lease of this exchange.
    connection: Option<Connection>,
}

fn poll_frame(
    connection: &mut Connection,
    incoming: &mut Incoming,
    cx: &mut Context<'_>,
) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
    connection.poll(cx, |cx| Pin::new(&mut *incoming).poll_frame(cx))
}

impl ResponseBody {
    pub(crate) fn new(incoming: Incoming, connection: Connection) -> Self {
        let mut this = Self { incoming: Some(incoming), connection: Some(connection) };
        if this.is_end_stream() {
            this.end();
        }
        this
    }

    fn end(&mut self) {
        self.incoming = None;
        if let Some(connection) = self.connection.take() {
            connection.finish();
        }
    }

    fn broken(&mut self, error: hyper::Error) -> Error {
        self.incoming = None;
        let error = broken_body(error);
        match self.connection.take().and_then(Connection::into_lease) {
            Some(lease) => lease.line.named_in(error),
            None => error,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Self { incoming: Some(incoming), connection: Some(connection) } = &mut *self else {
            return Poll::Ready(None);
        };
        let frame = ready!(poll_frame(connection, incoming, cx));
        let is_over = frame.is_none() || incoming.is_end_stream();
        Poll::Ready(match frame.transpose() {
            Ok(frame) => {
                if is_over {
                    self.end();
                }
                frame.map(Ok)
            }
            Err(error) => Some(Err(self.broken(error))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or(SizeHint::with_exact(0), Incoming::size_hint)
    }
}

/// Reads what little is left, so that the connection can be used again.
impl Drop for ResponseBody {
    fn drop(&mut self) {
        if let (Some(incoming), Some(connection)) = (self.incoming.take(), self.connection.take())
            && connection.is_wanted()
            && incoming.size_hint().upper().is_some_and(|left| left <= DRAINED)
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(timeout(DRAIN_TIMEOUT, drain(incoming, connection)));
        }
    }
}

async fn drain(mut incoming: Incoming, mut connection: Connection) {
    while let Some(frame) = poll_fn(|cx| poll_frame(&mut connection, &mut incoming, cx)).await {
        if frame.is_err() {
            return;
        }
    }
    connection.finish();
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("is_end_stream", &self.is_end_stream())
            .field("size_hint", &self.size_hint())
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn body_is_shareable<T: Send + Sync + Unpin + 'static>() {}
    body_is_shareable::<ResponseBody>();
};
