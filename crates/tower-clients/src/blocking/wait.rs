//! Requests and calls that are waited for.

use super::{Blocking, Iter, Reader, driver::Drive};
use crate::{
    RequestBuilder,
    call::Call,
    request::{
        Checked, Create, Decoded, Draft, Exists, ExistsOrGet, InChunks, InItems, InJsonLines,
        InLines, Mode, Whole, WithHead,
    },
    rpc::{Answers, Batch},
};
use bytes::Bytes;
use http::Response;
use serde::de::DeserializeOwned;
use tower_clients_layers::{
    Body, Check, Error, FromBody, HttpService,
    deadline::DeadlineBody,
    stream::{Chunks, Items, JsonLines, Lines},
};

/// What a request gives when it is waited for: what its [`Mode`] gives, with bodies and streams that
/// are read by blocking calls.
pub trait WaitMode<S>: Mode<S> {
    /// A [`Reader`] in place of a body, an [`Iter`] in place of a stream.
    type Waited;

    #[doc(hidden)]
    fn waited(output: Self::Output, drive: Drive) -> Self::Waited;
}

impl<S, M: WaitMode<S>> RequestBuilder<Blocking<S>, M> {
    /// Sends the request and waits for what it gives: the blocking form of awaiting it.
    ///
    /// # Errors
    ///
    /// Those of awaiting it, and [`ErrorKind::Blocking`](crate::ErrorKind::Blocking) inside of an
    /// async task.
    pub fn wait(self) -> Result<M::Waited, Error> {
        let (request, driver) = self.split();
        let drive = driver.drive()?;
        let output = drive.begin(request.send())?;
        Ok(M::waited(output, drive))
    }
}

impl<S, J> Call<Blocking<S>, J>
where
    S: HttpService<Body>,
    J: Check<Bytes> + Clone,
{
    /// Sends the call and waits for its judged answer: the blocking form of awaiting it.
    ///
    /// # Errors
    ///
    /// Those of awaiting it, and [`ErrorKind::Blocking`](crate::ErrorKind::Blocking) inside of an
    /// async task.
    pub fn wait(self) -> Result<J::Output, Error> {
        let (call, driver) = self.split();
        driver.run(call.send())
    }
}

impl<S: HttpService<Body>> Batch<Blocking<S>> {
    /// Sends the batch and waits for the answers: the blocking form of awaiting it.
    ///
    /// # Errors
    ///
    /// Those of awaiting it, and [`ErrorKind::Blocking`](crate::ErrorKind::Blocking) inside of an
    /// async task.
    pub fn wait(self) -> Result<Answers, Error> {
        self.request().wait()
    }
}

macro_rules! as_it_is {
    ($($mode:ty $(, $decoder:ident)?;)+) => {$(
        impl<S: HttpService<Body> + Clone $(, $decoder: FromBody)?> WaitMode<S> for $mode {
            type Waited = Self::Output;

            fn waited(output: Self::Output, _: Drive) -> Self::Output {
                output
            }
        }
    )+};
}

as_it_is! {
    Draft;
    Decoded<D>, D;
    WithHead<D>, D;
    Exists;
    ExistsOrGet;
    Create;
}

macro_rules! whole {
    ($($mode:ty),+) => {$(
        impl<S: HttpService<Body>> WaitMode<S> for $mode {
            type Waited = Response<Reader<DeadlineBody<S::ResBody>>>;

            fn waited(response: Self::Output, drive: Drive) -> Self::Waited {
                response.map(|body| Reader::new(body, drive))
            }
        }
    )+};
}

whole!(Whole, Checked);

macro_rules! stream {
    ($($mode:ty $(, $value:ident)?: $stream:ty;)+) => {$(
        impl<S: HttpService<Body> $(, $value: DeserializeOwned)?> WaitMode<S> for $mode {
            type Waited = Iter<$stream>;

            fn waited(stream: Self::Output, drive: Drive) -> Self::Waited {
                Iter::new(stream, drive)
            }
        }
    )+};
}

stream! {
    InChunks: Chunks<DeadlineBody<S::ResBody>>;
    InLines: Lines<DeadlineBody<S::ResBody>>;
    InJsonLines<T>, T: JsonLines<DeadlineBody<S::ResBody>, T>;
    InItems: Items<DeadlineBody<S::ResBody>>;
}
