//! Answers of a server in process.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use std::{convert::Infallible, future::Ready};
use tower::service_fn;
use tower_clients_layers::{Body, SharedService};

/// Status, content type and body: a line of the first two with a space between them, then the third.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn read(input: &[u8]) -> Option<Self> {
        let end = input.iter().position(|byte| *byte == b'\n')?;
        let (head, body) = (&input[..end], &input[end + 1..]);
        let (status, content_type) = head.split_at_checked(3)?;
        let content_type = HeaderValue::from_bytes(content_type.trim_ascii()).ok()?;
        Some(Self {
            status: StatusCode::from_bytes(status).ok()?,
            content_type: (!content_type.is_empty()).then_some(content_type),
            body: Bytes::copy_from_slice(body),
        })
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        if let Some(content_type) = &self.content_type {
            response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
        }
        response
    }

    /// Gives it to every request.
    pub(crate) fn service(&self) -> impl SharedService<Body, ResBody = Body> {
        let answer = self.clone();
        service_fn(move |_: Request<Body>| ready(answer.response()))
    }
}

fn ready(response: Response<Body>) -> Ready<Result<Response<Body>, Infallible>> {
    std::future::ready(Ok(response))
}
