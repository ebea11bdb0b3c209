//! The body of a response.

use crate::{
    connection::{Connection, Upload},
    error::broken_body,
    pool::{Host, Pool, Pooled as _},
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower_clients_layers::{Error, error::RequestLine};

/// The body of a response, as it arrives: data frames, then trailers if there are any.
///
/// # Errors
///
/// An error is of the kind [`Body`](tower_clients_layers::ErrorKind::Body), names the request, and
/// means that the body is incomplete.
///
/// # Cancel safety
///
/// Frames that were not polled stay in the connection. Dropping the body before its end closes an
/// HTTP/1.1 connection, and resets the one stream of an HTTP/2 connection; a body read to its end
/// gives the connection back for the next request.
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
    incoming: Incoming,
    line: RequestLine,
    lease: Option<Lease>,
}

/// A connection that goes back to the pool when its exchange is over.
pub(crate) struct Lease {
    pub(crate) connection: Connection,
    pub(crate) host: Arc<Host<Connection>>,
    pub(crate) pool: Arc<Pool<Connection>>,
    pub(crate) upload: Upload,
}

impl Lease {
    /// A connection that still sends is not good for another request.
    fn end(self) {
        if self.upload.is_over() && self.connection.share().is_none() {
            self.pool.put(&self.host, self.connection);
        }
    }
}

impl ResponseBody {
    pub(crate) fn new(incoming: Incoming, lease: Lease, line: RequestLine) -> Self {
        let mut this = Self { incoming, line, lease: Some(lease) };
        this.end_if(this.incoming.is_end_stream());
        this
    }

    fn end_if(&mut self, is_over: bool) {
        if is_over && let Some(lease) = self.lease.take() {
            lease.end();
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
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        let is_over = frame.is_none() || self.incoming.is_end_stream();
        self.end_if(is_over);
        Poll::Ready(frame.map(|f| f.map_err(|error| self.line.named_in(broken_body(error)))))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
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
