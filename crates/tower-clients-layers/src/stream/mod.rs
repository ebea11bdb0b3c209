//! Bodies as streams: of chunks, of lines, of JSON values.
//!
//! | stream | over | gives |
//! |---|---|---|
//! | [`Chunks`] | any body | the bytes, as they come |
//! | [`Lines`] | UTF-8 text | lines, without their ends |
//! | [`JsonLines`] | newline-delimited JSON | a value for each line that is not blank |
//! | [`Items`] | any response | one of the above, by its content type |
//!
//! A line ends in `\n` or `\r\n`, wherever the frames of the body split it. Nothing else ends one:
//! U+2028, U+0085, a lone `\r` and `\0` are text. The last line needs no end, if the body came to
//! its own: a body that breaks off is an error, and what there was of a line is dropped.
//!
//! A line may have [1 MiB](DEFAULT_LINE_LIMIT); a longer one is an
//! [`ErrorKind::Body`](crate::ErrorKind::Body) error, however slowly it comes. A line within one
//! frame is a slice of it and not copied.
//!
//! Each stream ends after its first error, and stays at its end. It is [`Unpin`] when its body is.
//! All are `futures_core::Stream`s; their own `next` needs no other crate.
//!
//! ```
//! use http_body_util::Full;
//! use tower_clients_layers::stream::Lines;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::Error> {
//! let mut lines = Lines::new(Full::from("one\r\ntwo"));
//! while let Some(line) = lines.next().await {
//!     println!("{}", line?);
//! }
//! # Ok(())
//! # }
//! ```

mod chunks;
mod error;
mod items;
mod json_lines;
mod lines;
mod split;

pub use self::{
    chunks::Chunks, error::LineError, items::Items, json_lines::JsonLines, lines::Lines,
    split::DEFAULT_LINE_LIMIT,
};
pub use bytestring::ByteString;

/// What every stream has beside `Stream` itself.
macro_rules! stream_methods {
    ($item:ty, $inner:ident) => {
        /// The next item; `None` at the end of the body and after an error.
        ///
        /// The same as `StreamExt::next`, without another crate.
        ///
        /// # Cancel safety
        ///
        /// Nothing is lost when the future is dropped: what came is kept for the next call.
        pub async fn next(&mut self) -> Option<Result<$item, $crate::Error>>
        where
            B: http_body::Body<Data = bytes::Bytes, Error: Into<$crate::BoxError>> + Unpin,
        {
            let mut this = std::pin::Pin::new(self);
            std::future::poll_fn(|cx| futures_core::Stream::poll_next(this.as_mut(), cx)).await
        }

        /// Names the request in errors that name none.
        pub fn named(mut self, request: $crate::error::RequestLine) -> Self {
            self.$inner = self.$inner.named(request);
            self
        }

        /// The body, as far as it was not read. What was read and not given is dropped.
        pub fn into_inner(self) -> B {
            self.$inner.into_inner()
        }
    };
}

/// `limit` and `from_response` of a stream over lines.
macro_rules! line_methods {
    () => {
        /// The lines of a response.
        ///
        /// # Errors
        ///
        /// The body has a content coding, such as `gzip`, that nothing below took off.
        pub fn from_response(response: http::Response<B>) -> Result<Self, $crate::Error> {
            $crate::content::check_coding(response.headers())
                .map_err(|error| $crate::Error::new($crate::ErrorKind::Decode, error))?;
            Ok(Self::new(response.into_body()))
        }

        /// Limits each line to `bytes`, without its end; [1 MiB](super::DEFAULT_LINE_LIMIT) by
        /// default. A longer one is an [`ErrorKind::Body`](crate::ErrorKind::Body) error.
        pub fn limit(mut self, bytes: usize) -> Self {
            self.lines = self.lines.limit(bytes);
            self
        }
    };
}

use line_methods;
use stream_methods;

#[cfg(test)]
mod tests;
