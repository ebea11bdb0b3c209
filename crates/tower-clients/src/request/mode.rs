//! What awaiting a request gives.

use http::{Request, Response};
use std::marker::PhantomData;
use tower_clients_layers::{
    Body, CheckStatus, CheckStatusLayer, Decode, DecodeLayer, Error, FromBody, HttpService, JoinUrl,
};
use tower_layer::Layer;
use tower_service::Service;

/// What awaiting a request over the service `S` gives, and the layers that make it so.
///
/// Implemented by [`Whole`], [`Checked`] and [`Decoded`].
pub trait Mode<S> {
    /// The layers, over the base URL.
    type Service: Service<Request<Body>, Error = Error>;
    /// What a request gives.
    type Output;

    /// Puts the layers over the base URL.
    fn stack(service: JoinUrl<S>) -> Self::Service;

    /// Takes the output from the response of the layers.
    fn output(response: <Self::Service as Service<Request<Body>>>::Response) -> Self::Output;
}

/// The response, whatever its status.
#[derive(Debug)]
pub struct Whole(());

/// The response, if its status is 2xx.
#[derive(Debug)]
pub struct Checked(());

/// The body decoded by `D`, if the status is 2xx.
#[derive(Debug)]
pub struct Decoded<D>(PhantomData<fn() -> D>);

impl<S: HttpService<Body>> Mode<S> for Whole {
    type Service = JoinUrl<S>;
    type Output = Response<S::ResBody>;

    fn stack(service: JoinUrl<S>) -> JoinUrl<S> {
        service
    }

    fn output(response: Response<S::ResBody>) -> Response<S::ResBody> {
        response
    }
}

impl<S: HttpService<Body>> Mode<S> for Checked {
    type Service = CheckStatus<JoinUrl<S>>;
    type Output = Response<S::ResBody>;

    fn stack(service: JoinUrl<S>) -> Self::Service {
        CheckStatusLayer::new().layer(service)
    }

    fn output(response: Response<S::ResBody>) -> Response<S::ResBody> {
        response
    }
}

impl<S: HttpService<Body>, D: FromBody> Mode<S> for Decoded<D> {
    type Service = Decode<CheckStatus<JoinUrl<S>>, D>;
    type Output = D::Output;

    fn stack(service: JoinUrl<S>) -> Self::Service {
        (DecodeLayer::new(), CheckStatusLayer::new()).layer(service)
    }

    fn output(response: Response<D::Output>) -> D::Output {
        response.into_body()
    }
}
