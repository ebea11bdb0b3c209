//! The body of a response.

use crate::error::broken_body;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    fmt,
    pin::Pin,
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
}

impl ResponseBody {
    pub(crate) fn new(incoming: Incoming, line: RequestLine) -> Self {
        Self { incoming, line }
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
