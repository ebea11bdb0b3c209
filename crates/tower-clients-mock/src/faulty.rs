//! Bodies that go wrong.

use bytes::Bytes;
use http_body::{Body, Frame};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

/// What a body does in place of its end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    Cut,
    Stall,
    Endless,
}

pub(crate) struct Faulty {
    bytes: Bytes,
    fault: Option<Fault>,
}

impl Faulty {
    pub(crate) const fn new(bytes: Bytes, fault: Fault) -> Self {
        Self { bytes, fault: Some(fault) }
    }
}

impl Body for Faulty {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(Fault::Endless) = self.fault {
            return Poll::Ready(Some(Ok(Frame::data(self.bytes.clone()))));
        }
        if !self.bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes)))));
        }
        match self.fault {
            Some(Fault::Stall) => Poll::Pending,
            fault => {
                self.fault = None;
                Poll::Ready(fault.map(|_| Err(io::ErrorKind::ConnectionReset.into())))
            }
        }
    }
}
