//! One request and its response, over a connection of the pool.

use crate::{
    TransportBuilder,
    body::{Lease, ResponseBody},
    connect::Connector,
    connection::{Connection, Outgoing},
    error::{not_sent, unanswered},
    pool::{Acquired, KeyRef, Pool},
};
use http::{HeaderValue, Request, Response, Uri, uri::Scheme};
use hyper::body::Incoming;
use std::{mem, sync::Arc};
use tokio::runtime::Handle;
use tower_clients_layers::{Body, Error, ErrorKind, error::RequestLine};

/// What all requests of a transport share.
pub(crate) struct Shared {
    pub(crate) pool: Arc<Pool<Connection>>,
    pub(crate) connector: Connector,
    pub(crate) settings: TransportBuilder,
}

pub(crate) async fn exchange(
    shared: Arc<Shared>,
    request: Request<Body>,
) -> Result<Response<ResponseBody>, Error> {
    let line = RequestLine::of(&request);
    match send(&shared, request, line.uri()).await {
        Ok((response, lease)) => Ok(response.map(|body| ResponseBody::new(body, lease, line))),
        Err(error) => Err(line.named_in(error)),
    }
}

/// A request that a connection gives back unwritten, as one does that the server has just closed, is
/// sent once more, on a new one.
async fn send(
    shared: &Shared,
    request: Request<Body>,
    uri: &Uri,
) -> Result<(Response<Incoming>, Lease), Error> {
    let Ok(runtime) = Handle::try_current() else {
        return Err(Error::new(ErrorKind::Config, "there is no tokio runtime to connect on"));
    };
    let host = shared.pool.host(KeyRef::new(uri, runtime.id()), || name(uri))?;
    drop(runtime);

    let (parts, body) = request.into_parts();
    let (body, upload) = Outgoing::new(body);
    let mut request = Request::from_parts(parts, body);
    let may_multiplex = shared.connector.may_multiplex(uri);
    let (mut connection, mut is_new) = loop {
        match shared.pool.acquire(&host, may_multiplex).await {
            Acquired::Opening(opening) => {
                break (Box::pin(shared.connector.connect(uri, opening)).await?, true);
            }
            Acquired::Connection(mut connection) => {
                if connection.is_ready().await {
                    break (connection, false);
                }
            }
        }
    };
    loop {
        let mut error = match connection.send(request, &host.name).await {
            Ok(response) => {
                let lease = Lease { connection, host, pool: Arc::clone(&shared.pool), upload };
                return Ok((response, lease));
            }
            Err(error) => error,
        };
        let Some(unsent) = error.take_message() else {
            return Err(unanswered(error.into_error()));
        };
        if mem::replace(&mut is_new, true) {
            return Err(not_sent(error.into_error()));
        }
        request = unsent;
        *request.uri_mut() = uri.clone();
        let opening = Box::pin(shared.pool.acquire_new(&host)).await;
        connection = Box::pin(shared.connector.connect(uri, opening)).await?;
    }
}

/// What HTTP/1.1 names a server by: host and port, which is left out where it goes without saying
/// (RFC 9110 §4.2.3).
fn name(uri: &Uri) -> Result<HeaderValue, Error> {
    let refused = |reason| Error::new(ErrorKind::Url, reason);
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(refused(
            "it has user information: send that in an `Authorization` header instead",
        ));
    }
    let host = uri.host().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| refused("it names no host"))?;
    let is_default = match uri.port_u16() {
        None => true,
        Some(80) => uri.scheme() == Some(&Scheme::HTTP),
        Some(443) => uri.scheme() == Some(&Scheme::HTTPS),
        Some(_) => false,
    };
    match uri.port_u16().filter(|_| !is_default) {
        Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
        None => HeaderValue::try_from(host),
    }
    .map_err(|_| refused("its host is no text of ASCII"))
}
