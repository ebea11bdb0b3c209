//! Modes that give what came of a request, and no body.

use super::{Mode, RequestBuilder, SendsBody, mode::sealed::Sealed};
use http::{Response, StatusCode, Uri};
use serde::Serialize;
use tower_clients_layers::{
    Body, CheckStatus, CheckStatusLayer, Error, ErrorKind, HeadOrGet, HeadOrGetLayer, HttpService,
    Json, deadline::DeadlineBody, error::RequestLine, redirect::Redirected, url::location,
};
use tower_layer::Layer;

/// Whether there is something. See [`Resource::exists`](crate::Resource::exists).
#[derive(Debug)]
pub struct Exists(());

/// [`Exists`], by `GET` where `HEAD` is refused.
#[derive(Debug)]
pub struct ExistsOrGet(());

/// The URI of what was created. See [`Resource::create`](crate::Resource::create).
#[derive(Debug)]
pub struct Create(());

/// Only those that answer the question; of all others it is not known what they mean.
const ANSWERS: CheckStatusLayer = CheckStatusLayer::new()
    .accept(|status| exists(status) || matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE));

fn exists(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection()
}

impl<S: HttpService<Body>> Mode<S> for Exists {
    type Service = CheckStatus<S>;
    type Received = S::ResBody;
    type Output = bool;
    type Kept = ();

    fn stack(service: S) -> Self::Service {
        ANSWERS.layer(service)
    }

    fn output(response: Response<DeadlineBody<S::ResBody>>, (): ()) -> Result<bool, Error> {
        Ok(exists(response.status()))
    }
}

impl<S: HttpService<Body> + Clone> Mode<S> for ExistsOrGet {
    type Service = CheckStatus<HeadOrGet<S>>;
    type Received = S::ResBody;
    type Output = bool;
    type Kept = ();

    fn stack(service: S) -> Self::Service {
        (ANSWERS, HeadOrGetLayer::new()).layer(service)
    }

    fn output(response: Response<DeadlineBody<S::ResBody>>, (): ()) -> Result<bool, Error> {
        Ok(exists(response.status()))
    }
}

impl<S: HttpService<Body>> Mode<S> for Create {
    type Service = CheckStatus<S>;
    type Received = S::ResBody;
    type Output = Option<Uri>;
    type Kept = RequestLine;

    fn stack(service: S) -> Self::Service {
        CheckStatusLayer::new().layer(service)
    }

    fn output(
        response: Response<DeadlineBody<S::ResBody>>,
        request: RequestLine,
    ) -> Result<Option<Uri>, Error> {
        let uri = Redirected::of(&response).map_or(request.uri(), Redirected::uri);
        location(uri, response.headers())
            .map_err(|error| request.named_in(Error::new(ErrorKind::Decode, error)))
    }
}

impl Sealed for Exists {}
impl Sealed for ExistsOrGet {}
impl Sealed for Create {}

impl SendsBody for Create {
    type Sent = Self;
}

impl<S> RequestBuilder<S, Exists> {
    /// Asks again by `GET`, and drops the body, where `HEAD` is not allowed (405) or not
    /// implemented (501). The body may cost a connection; see [`HeadOrGet`].
    pub fn or_get(self) -> RequestBuilder<S, ExistsOrGet> {
        self.into_mode()
    }
}

impl<S> RequestBuilder<S, Create> {
    /// Sets a JSON body.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.body(Json(value))
    }
}
