//! The connections of hyper in the cache of hyper-util, the part that pools are composed of. It has
//! no limits, no ages and one server.

use super::{Settings, decode, get, hyper::Place, length, post};
use crate::{Result, drive::Peer, work::User};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST};
use http_body_util::Full;
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use hyper_util::{client::pool::cache, rt::TokioExecutor};
use serde::de::DeserializeOwned;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tower::{BoxError, Service, ServiceExt, service_fn};

/// A connection as a service.
struct Connection(SendRequest<Full<Bytes>>);

impl Service<Request<Full<Bytes>>> for Connection {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

#[derive(Clone)]
struct Composed<C> {
    cache: C,
    uri: Uri,
    host: HeaderValue,
}

pub(super) fn new(settings: &Settings) -> Result<impl Peer> {
    let url: Uri = settings.url().parse()?;
    let host = HeaderValue::from_str(url.authority().ok_or("the URL has an authority")?.as_str())?;
    let place = Place::new(settings, &url)?;
    let connect = service_fn(move |()| {
        let place = place.clone();
        Box::pin(async move {
            let sender = place.http1().await.map_err(|error| error.to_string())?;
            Ok::<_, BoxError>(Connection(sender))
        })
    });
    Ok(Composed {
        cache: cache::builder().executor(TokioExecutor::new()).build(connect),
        uri: url.path().parse()?,
        host,
    })
}

impl<C, S> Composed<C>
where
    C: Service<(), Response = S, Error = BoxError>,
    S: Service<Request<Full<Bytes>>, Response = Response<Incoming>, Error = hyper::Error>,
{
    /// The connection goes back to the cache when it is dropped.
    async fn connection(&mut self) -> Result<S> {
        let cache = self.cache.ready().await.map_err(|error| error.to_string())?;
        Ok(cache.call(()).await.map_err(|error| error.to_string())?)
    }

    async fn send(
        &self,
        connection: &mut S,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>> {
        request.headers_mut().insert(HOST, self.host.clone());
        Ok(connection.ready().await?.call(request).await?)
    }
}

impl<C, S> Peer for Composed<C>
where
    C: Service<(), Response = S, Error = BoxError, Future: Send> + Clone + Send + Sync + 'static,
    S: Service<
            Request<Full<Bytes>>,
            Response = Response<Incoming>,
            Error = hyper::Error,
            Future: Send,
        > + Send,
{
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        let mut connection = self.connection().await?;
        decode(self.send(&mut connection, get(&self.uri)).await?).await
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        let mut connection = self.connection().await?;
        decode(self.send(&mut connection, post(&self.uri, user)?).await?).await
    }

    async fn download(&mut self) -> Result<u64> {
        let mut connection = self.connection().await?;
        length(self.send(&mut connection, get(&self.uri)).await?).await
    }
}
