//! Modes that give the body of a response as a stream, if its status is 2xx.

use super::{
    Mode, RequestBuilder, SendsBody,
    mode::{Keep, sealed::Sealed},
};
use http::{Request, Response};
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use tower_clients_layers::{
    Body, CheckStatus, CheckStatusLayer, Error, HttpService, RequestOptions,
    deadline::DeadlineBody,
    error::RequestLine,
    stream::{Chunks, DEFAULT_LINE_LIMIT, Items, JsonLines, Lines},
};
use tower_layer::Layer;

/// The [`Chunks`] of the body, if the status is 2xx.
#[derive(Debug)]
pub struct InChunks(());

/// The [`Lines`] of the body, if the status is 2xx.
#[derive(Debug)]
pub struct InLines(());

/// The [`JsonLines`] of the body, if the status is 2xx.
#[derive(Debug)]
pub struct InJsonLines<T>(PhantomData<fn() -> T>);

/// The [`Items`] of the body, if the status is 2xx.
#[derive(Debug)]
pub struct InItems(());

/// What a stream needs of its request.
#[derive(Debug)]
#[allow(unnameable_types, reason = "modes cannot be added elsewhere")]
pub struct Asked {
    line: RequestLine,
    limit: usize,
}

impl Keep for Asked {
    fn of(request: &Request<Body>) -> Self {
        let limit = RequestOptions::of(request).and_then(RequestOptions::limit_value);
        Self { line: RequestLine::of(request), limit: limit.unwrap_or(DEFAULT_LINE_LIMIT) }
    }
}

macro_rules! mode {
    ($mode:ty $(, $value:ident)?: $stream:ty, $over:expr) => {
        impl<S: HttpService<Body> $(, $value: DeserializeOwned)?> Mode<S> for $mode {
            type Service = CheckStatus<S>;
            type Received = S::ResBody;
            type Output = $stream;
            type Kept = Asked;

            fn stack(service: S) -> Self::Service {
                CheckStatusLayer::new().layer(service)
            }

            fn output(
                response: Response<DeadlineBody<S::ResBody>>,
                asked: Asked,
            ) -> Result<Self::Output, Error> {
                let over: fn(Response<_>, usize) -> Result<$stream, Error> = $over;
                match over(response, asked.limit) {
                    Ok(stream) => Ok(stream.named(asked.line)),
                    Err(error) => Err(asked.line.named_in(error)),
                }
            }
        }

        impl $(<$value>)? Sealed for $mode {}

        impl $(<$value>)? SendsBody for $mode {
            type Sent = Self;
        }
    };
}

mode!(InChunks: Chunks<DeadlineBody<S::ResBody>>, |response, _| {
    Ok(Chunks::new(response.into_body()))
});
mode!(InLines: Lines<DeadlineBody<S::ResBody>>, |response, limit| {
    Ok(Lines::from_response(response)?.limit(limit))
});
mode!(InJsonLines<T>, T: JsonLines<DeadlineBody<S::ResBody>, T>, |response, limit| {
    Ok(JsonLines::from_response(response)?.limit(limit))
});
mode!(InItems: Items<DeadlineBody<S::ResBody>>, |response, limit| {
    Ok(Items::from_response(response)?.limit(limit))
});

/// Streams of the body of a response with a status of 2xx. A [timeout](Self::timeout) covers them
/// to their end, and every error names the request. Dropping one drops the exchange.
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_clients::Resource;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients::Error> {
/// let server = Router::new().route("/log", get("one\ntwo\n"));
/// let api = Resource::with_service("http://in.process", server)?;
///
/// let mut lines = api.get("log").lines().await?;
/// while let Some(line) = lines.next().await {
///     println!("{}", line?);
/// }
/// # Ok(())
/// # }
/// ```
impl<S, M> RequestBuilder<S, M> {
    /// Asks for the body as a stream of bytes, as they come.
    pub fn chunks(self) -> RequestBuilder<S, InChunks> {
        self.into_mode()
    }

    /// Asks for the body as a stream of lines of UTF-8 text, of up to 1 MiB each, unless there is another
    /// [limit](Self::limit).
    pub fn lines(self) -> RequestBuilder<S, InLines> {
        self.into_mode()
    }

    /// Asks for the body as a stream of values, each line the JSON of one (NDJSON), of up to 1 MiB, unless
    /// there is another [limit](Self::limit). The content type is not looked at.
    pub fn json_lines<T: DeserializeOwned>(self) -> RequestBuilder<S, InJsonLines<T>> {
        self.into_mode()
    }

    /// Asks for the body as a stream by its content type: JSON values, each a line; lines of text;
    /// or bytes as they come.
    pub fn items(self) -> RequestBuilder<S, InItems> {
        self.into_mode()
    }
}
