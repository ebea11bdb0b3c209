//! What awaiting a request gives.

use http::{Request, Response};
use std::marker::PhantomData;
use tower_clients_layers::{
    Body, BoxError, CheckStatus, CheckStatusLayer, Content, Decode, DecodeLayer, Error, FromBody,
    HttpService, deadline::DeadlineBody, error::RequestLine,
};
use tower_layer::Layer;
use tower_service::Service;

/// What awaiting a request over the service `S` gives, and the layers that make it so.
///
/// Implemented by the modes of [this module](crate::request) only, over every [`HttpService`].
#[diagnostic::on_unimplemented(
    message = "a `RequestBuilder<{S}, {Self}>` cannot be awaited",
    label = "not a request that can be sent as it is",
    note = "`{S}` must be an `HttpService<Body>`; over `Blocking<_>`, a request is waited for by `.wait()`",
    note = "an `Edit` is sent by `.with(..)`, `.try_with(..)` or `.read()`"
)]
pub trait Mode<S>: sealed::Sealed {
    /// The layers, below which is what is below the base URL: the URL is joined when a request is made.
    type Service: Service<Request<Body>, Response = Response<Self::Received>, Error: Into<BoxError>>;
    /// What the layers put into the place of the body.
    type Received;
    /// What a request gives.
    type Output;
    #[doc(hidden)]
    type Kept: Keep;

    #[doc(hidden)]
    fn stack(service: S) -> Self::Service;

    #[doc(hidden)]
    fn output(
        response: Response<DeadlineBody<Self::Received>>,
        kept: Self::Kept,
    ) -> Result<Self::Output, Error>;
}

/// What a mode keeps of its request until the response comes.
#[allow(unnameable_types, reason = "modes cannot be added elsewhere")]
pub trait Keep {
    fn of(request: &Request<Body>) -> Self;
}

impl Keep for () {
    fn of(_: &Request<Body>) {}
}

impl Keep for RequestLine {
    fn of(request: &Request<Body>) -> Self {
        Self::of(request)
    }
}

/// A mode whose request can be given a body.
pub trait SendsBody: sealed::Sealed {
    /// The mode of the request with its body.
    type Sent;
}

/// The response, whatever its status.
#[derive(Debug)]
pub struct Whole(());

/// The response, if its status is 2xx.
#[derive(Debug)]
pub struct Checked(());

/// [`Content`], if the status is 2xx, of a request that is still to be given its body.
#[derive(Debug)]
pub struct Draft(());

/// The body decoded by `D`, if the status is 2xx.
#[derive(Debug)]
pub struct Decoded<D>(PhantomData<fn() -> D>);

/// The response with its body decoded by `D`, if the status is 2xx.
#[derive(Debug)]
pub struct WithHead<D>(PhantomData<fn() -> D>);

type Decoding<S, D> = Decode<CheckStatus<S>, D>;

fn decoding<S, D>(service: S) -> Decoding<S, D> {
    (DecodeLayer::new(), CheckStatusLayer::new().unnamed()).layer(service)
}

impl<S: HttpService<Body>> Mode<S> for Whole {
    type Service = S;
    type Received = S::ResBody;
    type Output = Response<DeadlineBody<S::ResBody>>;
    type Kept = ();

    fn stack(service: S) -> S {
        service
    }

    fn output(response: Self::Output, (): ()) -> Result<Self::Output, Error> {
        Ok(response)
    }
}

impl<S: HttpService<Body>> Mode<S> for Checked {
    type Service = CheckStatus<S>;
    type Received = S::ResBody;
    type Output = Response<DeadlineBody<S::ResBody>>;
    type Kept = ();

    fn stack(service: S) -> Self::Service {
        CheckStatusLayer::new().layer(service)
    }

    fn output(response: Self::Output, (): ()) -> Result<Self::Output, Error> {
        Ok(response)
    }
}

impl<S: HttpService<Body>> Mode<S> for Draft {
    type Service = Decoding<S, Content>;
    type Received = Content;
    type Output = Content;
    type Kept = ();

    fn stack(service: S) -> Self::Service {
        decoding(service)
    }

    fn output(response: Response<DeadlineBody<Content>>, (): ()) -> Result<Content, Error> {
        Ok(response.into_body().into_inner())
    }
}

impl<S: HttpService<Body>, D: FromBody> Mode<S> for Decoded<D> {
    type Service = Decoding<S, D>;
    type Received = D::Output;
    type Output = D::Output;
    type Kept = ();

    fn stack(service: S) -> Self::Service {
        decoding(service)
    }

    fn output(response: Response<DeadlineBody<D::Output>>, (): ()) -> Result<D::Output, Error> {
        Ok(response.into_body().into_inner())
    }
}

impl<S: HttpService<Body>, D: FromBody> Mode<S> for WithHead<D> {
    type Service = Decoding<S, D>;
    type Received = D::Output;
    type Output = Response<D::Output>;
    type Kept = ();

    fn stack(service: S) -> Self::Service {
        decoding(service)
    }

    fn output(
        response: Response<DeadlineBody<D::Output>>,
        (): (),
    ) -> Result<Response<D::Output>, Error> {
        Ok(response.map(DeadlineBody::into_inner))
    }
}

impl SendsBody for Whole {
    type Sent = Self;
}

impl SendsBody for Checked {
    type Sent = Self;
}

impl SendsBody for Draft {
    type Sent = Decoded<Content>;
}

impl<D> SendsBody for Decoded<D> {
    type Sent = Self;
}

impl<D> SendsBody for WithHead<D> {
    type Sent = Self;
}

#[allow(unnameable_types, reason = "it seals the traits")]
pub(super) mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Whole {}
    impl Sealed for super::Checked {}
    impl Sealed for super::Draft {}
    impl<D> Sealed for super::Decoded<D> {}
    impl<D> Sealed for super::WithHead<D> {}
}
