//! Passes on requests that came in.

use crate::Client;
use http::{Request, Response};
use tower_clients_layers::{
    AnswerErrors, AnswerErrorsLayer, Body, BoxError, Error, Forward, ForwardLayer, HttpService,
    deadline::DeadlineBody, url::Boundary,
};
use tower_layer::Layer;
use tower_service::Service;

/// A client as a gateway: requests that come in are passed on, and what fails is answered.
pub type Gateway<S> = AnswerErrors<Forward<Client<S>>>;

impl<S> Client<S> {
    /// Passes a request on that came in, and gives the response as it comes: the client as a gateway, with
    /// the defaults of the [`ForwardLayer`], below the base URL and nowhere else.
    ///
    /// The default headers and the credential of the client are added where the request has none. A
    /// [time limit](crate::ClientBuilder::timeout) is one of the whole exchange, body included.
    ///
    /// A client whose [boundary](crate::ClientBuilder::boundary) is its path already is not copied for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when the path leads outside of the base URL, a
    /// [`ForwardError`](crate::forward::ForwardError) when the request has been here or is for the gateway
    /// itself, and those of the service below; a status is none.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future, as a handler is dropped whose caller went away, drops the exchange below. The
    /// server may have seen the request.
    ///
    /// ```
    /// use axum::{Router, extract::{Request, State}, response::{IntoResponse, Response}, routing::get};
    /// use tower::ServiceExt;
    /// use tower_clients::{Body, BoxClient, Client, Error};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::BoxError> {
    /// async fn handler(State(users): State<BoxClient>, request: Request) -> Result<Response, Error> {
    ///     Ok(users.forward(request).await?.into_response())
    /// }
    /// let server = Router::new().route("/v1/users/7", get(async || "Ada"));
    /// let users = Client::with_service("http://users.internal/v1", server)?.boxed();
    /// let app = Router::new().route("/users/{id}", get(handler)).with_state(users);
    ///
    /// let response = app.oneshot(Request::get("/users/7").body(Body::empty())?.map(axum::body::Body::new)).await?;
    /// assert_eq!(axum::body::to_bytes(response.into_body(), 1024).await?, "Ada");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn forward<B>(
        &self,
        request: Request<B>,
    ) -> Result<Response<DeadlineBody<S::ResBody>>, Error>
    where
        S: HttpService<Body> + Clone,
        B: http_body::Body<Data = bytes::Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut service = ForwardLayer::new().layer(self.clone().within_its_path());
        std::future::poll_fn(|cx| Service::<Request<B>>::poll_ready(&mut service, cx)).await?;
        service.call(request).await
    }

    /// This client as a service that passes every request on and cannot fail: for `nest_service` of axum and
    /// its like. A failure is answered as [`AnswerErrorsLayer`] does.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use http::Request;
    /// use tower::ServiceExt;
    /// use tower_clients::{Body, Client, ForwardLayer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::BoxError> {
    /// let server = Router::new().route("/v1/users", get(async || "Ada"));
    /// let users = Client::with_service("http://users.internal/v1", server)?;
    /// let app: Router = Router::new().nest_service("/api", users.into_gateway(ForwardLayer::new()));
    ///
    /// let response = app.clone().oneshot(Request::get("/api/users").body(Body::empty())?).await?;
    /// assert_eq!(axum::body::to_bytes(response.into_body(), 1024).await?, "Ada");
    ///
    /// let escape = app.oneshot(Request::get("/api/..%2fsecret").body(Body::empty())?).await?;
    /// assert_eq!(escape.status(), 400);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_gateway(self, layer: ForwardLayer) -> Gateway<S> {
        (AnswerErrorsLayer::new(), layer).layer(self.within_its_path())
    }

    /// A path that comes from outside may not leave that of the base URL.
    fn within_its_path(self) -> Self {
        self.map_service(|service| service.with_boundary(Boundary::Path))
    }
}
