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
use std::{mem, sync::Arc};
use tokio::runtime::Handle;
use tower_clients_layers::{Error, ErrorKind, error::RequestLine};

/// What all requests of a transport share.
pub(crate) struct Shared {
    pub(crate) pool: Arc<Pool<Connection>>,
    pub(crate) connector: Connector,
    pub(crate) settings: TransportBuilder,
}

/// A request that a connection gives back unwritten, as one does that the server has just closed, is
/// sent once more, on a new one.
///
/// What is rare is boxed: this future is made and moved for each request.
pub(crate) async fn exchange(
    shared: Arc<Shared>,
    mut request: Request<Outgoing>,
) -> Result<Response<ResponseBody>, Error> {
    let line = RequestLine::of(&request);
    let uri = line.uri();
    let named = |error| line.named_in(error);
    let Ok(runtime) = Handle::try_current().map(|runtime| runtime.id()) else {
        let reason = "there is no tokio runtime to connect on";
        return Err(named(Error::new(ErrorKind::Config, reason)));
    };
    let host = shared.pool.host(KeyRef::new(uri, runtime), || name(uri)).map_err(named)?;
    let upload = request.body().upload();

    let may_multiplex = shared.connector.may_multiplex(uri);
    let (mut connection, mut is_new) = loop {
        match shared.pool.acquire(&host, may_multiplex).await {
            Acquired::Opening(opening) => {
                let connecting = Box::pin(shared.connector.connect(uri, opening));
                break (connecting.await.map_err(named)?, true);
            }
            Acquired::Connection(mut connection) => {
                if connection.is_ready().await {
                    break (connection, false);
                }
            }
        }
    };
    loop {
        connection.address(&mut request, uri, &host.name);
        let result = match &mut connection {
            Connection::Http1 { sender, .. } => sender.try_send_request(request).await,
            #[cfg(feature = "http2")]
            Connection::Http2 { sender, .. } => sender.try_send_request(request).await,
        };
        let mut error = match result {
            Ok(response) => {
                let pool = Arc::clone(&shared.pool);
                let lease = Lease { connection, host, pool, upload };
                return Ok(response.map(|body| ResponseBody::new(body, lease, line)));
            }
            Err(error) => error,
        };
        let Some(unsent) = error.take_message() else {
            return Err(named(unanswered(error.into_error())));
        };
        if mem::replace(&mut is_new, true) {
            return Err(named(not_sent(error.into_error())));
        }
        request = unsent;
        // It may hold what the other one needs.
        drop(connection);
        let opening = Box::pin(shared.pool.acquire_new(&host)).await;
        let connecting = Box::pin(shared.connector.connect(uri, opening));
        connection = connecting.await.map_err(named)?;
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
    let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    match uri.port_u16().filter(|port| *port != default) {
        Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
        None => HeaderValue::try_from(host),
    }
    .map_err(|_| refused("its host is no text of ASCII"))
}
