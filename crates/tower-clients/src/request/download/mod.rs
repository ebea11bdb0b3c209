//! Downloads: the body of a response in a file or a writer.
//!
//! A file is written beside its target under another name, and takes the name of the target only
//! when it is complete and synced. Whatever happens, the target is the old file or the whole new
//! one:
//!
//! * the status is checked first (2xx), and nothing is created before the head of the response is
//!   accepted;
//! * a body that breaks off, or has another length than its `Content-Length`, is an error;
//! * a body whose end cannot be told from a cut is refused, unless it is
//!   [allowed](Download::allow_unframed): over HTTP/1 one with neither a length nor
//!   `Transfer-Encoding: chunked` (RFC 9112, section 6.3);
//! * no content coding is asked for, since the length and the ranges of the document count; one that comes
//!   all the same, such as `gzip`, is refused;
//! * a part of the content (206) is refused, unless the request has a `Range`;
//! * the timeout of the client or request covers all of it, the writing included.
//!
//! There is no limit of size.
//!
//! A body that breaks off can be [resumed](Download::resume), within one download: the file goes on
//! where it was. When the download has failed, nothing of it is left, so that no other one, in this
//! process or the next, could go on with it.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_clients::Resource;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients::Error> {
//! let server = Router::new().route("/report", get("one\ntwo\n"));
//! let api = Resource::with_service("http://in.process", server)?;
//!
//! let path = std::env::temp_dir().join(format!("report-{}.txt", std::process::id()));
//! let written = api
//!     .get("report")
//!     .download()
//!     .on_progress(|progress| println!("{} of {:?} bytes", progress.received, progress.total))
//!     .to_path(&path)
//!     .await?;
//! assert_eq!(written, 8);
//! assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
//! # std::fs::remove_file(path).unwrap();
//!
//! let mut memory = Vec::new();
//! api.get("report").download().to_writer(&mut memory).await?;
//! assert_eq!(memory, b"one\ntwo\n");
//! # Ok(())
//! # }
//! ```

mod file;
mod incoming;

pub use self::{
    file::FileError,
    incoming::{FramingError, Progress},
};

use self::{file::Temporary, incoming::Incoming};
use super::{Checked, Pending, RequestBuilder};
use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCEPT_ENCODING, RANGE},
};
use std::{fmt, future::Future, path::Path, pin::pin, time::Duration};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tower_clients_layers::{
    Body, Error, ErrorKind, HttpService, ResumeLayer,
    content::check_coding,
    deadline::{DeadlineBody, limit},
    error::RequestLine,
    resume::ResumeBody,
};
use tower_layer::Layer;

/// So many bytes go to the disk at once, at least: each time costs a way to another thread.
const WRITE: usize = 256 * 1024;

/// A request whose response body goes to a file or a writer. See the [module docs](self).
#[must_use = "a download does nothing until it has a place to go to"]
pub struct Download<S, P = fn(Progress)> {
    request: RequestBuilder<S>,
    unframed: bool,
    resume: ResumeLayer,
    progress: P,
}

impl<S, M> RequestBuilder<S, M> {
    /// Asks for the body in a file or a writer, of a response with a status of 2xx. See
    /// [`download`](self).
    pub fn download(self) -> Download<S> {
        let resume = ResumeLayer::new(0);
        Download { request: self.into_mode(), unframed: false, resume, progress: |_| {} }
    }
}

impl<S, P> Download<S, P> {
    pub(crate) fn service(&self) -> &S {
        self.request.service()
    }

    pub(crate) fn map_service<T>(self, change: impl FnOnce(S) -> T) -> Download<T, P> {
        let Self { request, unframed, resume, progress } = self;
        Download { request: request.map_service(change), unframed, resume, progress }
    }

    /// Lets [`to_path`](Self::to_path) take a body whose end cannot be told from a cut. Such a file
    /// may lack its end, and nothing says so.
    pub fn allow_unframed(mut self) -> Self {
        self.unframed = true;
        self
    }

    /// Asks at most `attempts` times for the rest of a body that breaks off; 0 by default. What has
    /// come is kept.
    ///
    /// Only a document that is provably still the same is resumed: the server must send a strong
    /// `ETag` or `Last-Modified`, and answer ranges. Else, and when no attempt is left, the error is
    /// that of the body that broke off. See [`resume`](tower_clients_layers::resume).
    pub fn resume(mut self, attempts: u32) -> Self {
        self.resume = ResumeLayer::new(attempts);
        self
    }

    /// Calls `progress` when the head of the response is there, and for each piece of the body that
    /// was received. In place of an earlier one.
    pub fn on_progress<Q: FnMut(Progress)>(self, progress: Q) -> Download<S, Q> {
        let Self { request, unframed, resume, .. } = self;
        Download { request, unframed, resume, progress }
    }
}

impl<S: HttpService<Body> + Clone, P: FnMut(Progress)> Download<S, P> {
    /// Sends the request and writes the body to `writer`, then flushes it. Gives the number of
    /// bytes.
    ///
    /// # Errors
    ///
    /// Those of the request; [`ErrorKind::Status`] outside of 2xx; [`ErrorKind::Decode`] for a
    /// content coding; [`ErrorKind::Body`] for a body that breaks off or has another length than
    /// the head says, with a [`FramingError`] when it was this that noticed, or with a
    /// [`ResumeError`](tower_clients_layers::resume::ResumeError) when the rest was asked for and
    /// did not fit;
    /// [`ErrorKind::Io`] with the error of `writer`. It has the part that came before the error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the exchange. What was written stays written.
    pub async fn to_writer<W>(self, writer: &mut W) -> Result<u64, Error>
    where
        W: AsyncWrite + Unpin + ?Sized,
    {
        let failed = |error| Error::new(ErrorKind::Io, error);
        let times = self.times();
        let exchange = async move {
            let mut incoming = pin!(self.open(true).await?);
            while let Some(piece) = incoming.as_mut().next().await? {
                writer.write_all(&piece).await.map_err(failed)?;
            }
            writer.flush().await.map_err(failed)?;
            Ok(incoming.received())
        };
        within(exchange, times).await
    }

    /// Sends the request and puts the body into the file at `path`, new or in place of what is
    /// there. Gives the number of bytes.
    ///
    /// The folder must exist. The file is a new one, with the permissions of new files; a symbolic
    /// link is replaced, not followed. Until it is complete it lies in the same folder, as
    /// `.download-` and 16 random digits.
    ///
    /// # Errors
    ///
    /// Those of [`to_writer`](Self::to_writer), and [`ErrorKind::Body`] with
    /// [`FramingError::Unframed`]; [`ErrorKind::Io`] with a [`FileError`] that names the path. The
    /// old file is as it was, and nothing else is left.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the exchange and removes the unfinished file: at once, or when the
    /// write that is under way in another thread has ended. One dropped in its last step may still
    /// put the complete file in place; so may one that ran out of time there. Only when the process
    /// is killed the unfinished file stays.
    ///
    /// # Panics
    ///
    /// The future panics when it is polled outside of a tokio runtime.
    pub async fn to_path(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let target = path.as_ref().to_path_buf();
        let times = self.times();
        let exchange = async move {
            let unframed = self.unframed;
            let mut incoming = pin!(self.open(unframed).await?);
            let mut file = Temporary::beside(target).await?;
            let (mut pieces, mut size) = (Vec::new(), 0);
            while let Some(piece) = incoming.as_mut().next().await? {
                size += piece.len();
                pieces.push(piece);
                if size >= WRITE {
                    file = file.write(std::mem::take(&mut pieces)).await?;
                    size = 0;
                }
            }
            file.write(pieces).await?.commit().await?;
            Ok(incoming.received())
        };
        within(exchange, times).await
    }

    async fn open(self, unframed: bool) -> Result<Incoming<Received<S>, P>, Error> {
        let (service, deadline, mut request) = self.request.into_parts();
        if let Ok(request) = &mut request {
            let identity = HeaderValue::from_static("identity");
            request.headers_mut().entry(ACCEPT_ENCODING).or_insert(identity);
        }
        let is_part = request.as_ref().is_ok_and(|it| it.headers().contains_key(RANGE));
        let service = self.resume.layer(service);
        let response = Pending::<_, Checked>::new(service, deadline, request).await?;
        check_coding(response.headers()).map_err(|error| Error::new(ErrorKind::Decode, error))?;
        if response.status() == StatusCode::PARTIAL_CONTENT && !is_part {
            return Err(FramingError::Part.into());
        }
        Incoming::new(response, unframed, self.progress)
    }
}

type Received<S> = DeadlineBody<ResumeBody<S, Body>>;

impl<S, P> Download<S, P> {
    fn times(&self) -> Times {
        let request = self.request.request.as_ref().ok()?;
        Some((self.request.deadline.timeout_of(request), RequestLine::of(request)))
    }
}

/// The request, unless it could not be built, and its time.
type Times = Option<(Option<Duration>, RequestLine)>;

/// The deadline of the body knows nothing of a writer that does not get on.
async fn within(
    exchange: impl Future<Output = Result<u64, Error>>,
    times: Times,
) -> Result<u64, Error> {
    let Some((timeout, line)) = times else { return exchange.await };
    let time = timeout.map(|timeout| (timeout, line.clone()));
    let response = limit(async { exchange.await.map(Response::new) }, time).await;
    match response {
        Ok(response) => Ok(response.into_body().into_inner()),
        Err(error) => Err(line.named_in(error)),
    }
}

impl<S, P> fmt::Debug for Download<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("request", &self.request)
            .field("allow_unframed", &self.unframed)
            .field("resume", &self.resume)
            .finish_non_exhaustive()
    }
}
