//! One request and its response, over a connection of the pool.

use crate::{
    body::ResponseBody,
    connect::Connector,
    connection::{Connection, Lease, is_upgrade},
    error::{not_sent, unanswered},
    pool::{Acquired, Host, InFlight, KeyRef, Opening, Pool},
    timings::Stopwatch,
    upload::Upload,
    uri::host_field,
};
use futures_util::future::{Either, select};
use http::{
    HeaderMap, Request, Response, Uri,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use hyper::{body::Incoming, client::conn::TrySendError};
use std::{
    future::{Future, poll_fn},
    mem,
    pin::{Pin, pin},
    sync::Arc,
};
use tokio::runtime::Handle;
use tower_clients_layers::{Body, Error, ErrorKind, RequestOptions, error::RequestLine};

/// What all requests of a transport share.
pub(crate) struct Shared {
    pub(crate) pool: Arc<Pool<Connection>>,
    pub(crate) connector: Connector,
}

impl Shared {
    pub(crate) fn new(connector: Connector) -> Self {
        Self { pool: Arc::new(Pool::new(connector.settings.limits)), connector }
    }
}

pub(crate) type Answer = Result<Response<ResponseBody>, Error>;

/// A request that a connection gives back unwritten, as one does that the server has just closed, is
/// sent once more, on a new one.
///
/// What is rare in it is boxed: this future is made and moved for each request.
#[expect(clippy::manual_async_fn, reason = "the future of a function keeps its arguments twice")]
pub(crate) fn exchange(
    shared: Arc<Shared>,
    in_flight: InFlight<Connection>,
    mut request: Request<Body>,
) -> impl Future<Output = Answer> + Send {
    async move {
        // The connection has a URI of its own for it.
        let line = RequestLine::new(request.method().clone(), mem::take(request.uri_mut()));
        let uri = line.uri();
        let named = |error| line.named_in(error);
        let Ok(runtime) = Handle::try_current().map(|runtime| runtime.id()) else {
            let reason = "there is no tokio runtime to connect on";
            return Err(named(Error::new(ErrorKind::Config, reason)));
        };
        let host =
            shared.pool.host(KeyRef::new(uri, runtime), || host_field(uri)).map_err(named)?;
        let upload = Upload::of(&mut request).map_err(named)?;

        let stopwatch = shared.connector.settings.timings.then(Stopwatch::start);

        let (mut connection, is_new) = loop {
            let acquired = shared.pool.acquire(&host, shared.connector.may_multiplex(uri)).await;
            let (mut connection, is_new) = match acquired {
                Acquired::Connection(connection) => (connection, false),
                Acquired::Opening(opening) => {
                    let connecting = connect(&shared, uri, attempt(&request), opening);
                    Box::pin(first(&shared, &host, connecting)).await.map_err(named)?
                }
            };
            if is_new || poll_fn(|cx| connection.poll_ready(cx)).await {
                break (connection, is_new);
            }
        };
        shared.connector.address(&connection, &mut request, uri, &host.name);
        let mut response = match connection.send(request).await {
            Ok(response) => response,
            Err(error) => {
                // It may hold what the other one needs.
                drop(connection);
                let again = Box::pin(again(&shared, &host, uri, error, is_new));
                let response;
                (connection, response) = again.await.map_err(named)?;
                response
            }
        };
        let is_coded = response.headers().contains_key(TRANSFER_ENCODING);
        if is_coded && has_unknown_coding(response.headers()) {
            let reason = "the response has a transfer coding that was not asked for";
            return Err(named(Error::new(ErrorKind::Transport, reason)));
        }
        let is_upgrade = is_upgrade(&response);
        if !upload.is_over() || is_upgrade {
            connection.detach();
        }
        let setup = connection.take_setup();
        let watch = stopwatch.map(|stopwatch| stopwatch.head(setup, response.extensions_mut()));
        // Of two lengths, one peer may have read the other (RFC 9112 §6.3).
        let has_two_lengths = is_coded && response.headers().contains_key(CONTENT_LENGTH);
        let is_last = is_upgrade || has_two_lengths;
        let goes_on = is_upgrade || response.status().is_success();
        connection.begin(Lease { line, host, in_flight, upload, is_last, goes_on, watch });
        Ok(response.map(|body| ResponseBody::new(body, connection)))
    }
}

type Connecting = Pin<Box<dyn Future<Output = Result<Connection, Error>> + Send>>;

fn connect(
    shared: &Arc<Shared>,
    uri: &Uri,
    attempt: u32,
    opening: Opening<Connection>,
) -> Connecting {
    let (shared, uri) = (Arc::clone(shared), uri.clone());
    Box::pin(async move { shared.connector.connect(&uri, attempt, opening).await })
}

/// The connection that is being made, or one that comes back before it is there; whether it is new. What
/// was begun goes on: the next request may want it.
async fn first(
    shared: &Shared,
    host: &Arc<Host<Connection>>,
    connecting: Connecting,
) -> Result<(Connection, bool), Error> {
    match select(connecting, pin!(host.returned())).await {
        Either::Left((made, _)) => Ok((made?, true)),
        Either::Right((connection, _)) if connection.is_shared() => Ok((connection, false)),
        Either::Right((connection, connecting)) => {
            let (pool, host) = (Arc::clone(&shared.pool), Arc::clone(host));
            tokio::spawn(async move {
                if let Ok(mut connection) = connecting.await
                    && poll_fn(|cx| connection.poll_ready(cx)).await
                {
                    // Nobody waited for it.
                    connection.take_setup();
                    pool.put(&host, connection);
                }
                pool.close_if_shut_down();
            });
            Ok((connection, false))
        }
    }
}

/// Sends a request once more, on a new connection, if the first one gives it back.
async fn again(
    shared: &Shared,
    host: &Arc<Host<Connection>>,
    uri: &Uri,
    mut error: TrySendError<Request<Body>>,
    was_new: bool,
) -> Result<(Connection, Response<Incoming>), Error> {
    let Some(mut request) = error.take_message() else {
        return Err(unanswered(error.into_error()));
    };
    if was_new {
        return Err(not_sent(error.into_error()));
    }
    let opening = shared.pool.acquire_new(host).await;
    let mut connection = shared.connector.connect(uri, attempt(&request), opening).await?;
    shared.connector.address(&connection, &mut request, uri, &host.name);
    match connection.send(request).await {
        Ok(response) => Ok((connection, response)),
        Err(error) if error.message().is_some() => Err(not_sent(error.into_error())),
        Err(error) => Err(unanswered(error.into_error())),
    }
}

/// Whether the body has a coding that is not taken off it, so that it is not the content. Only `chunked`
/// needs not be asked for (RFC 9112 §7.4); `identity` is none, and some servers still name it.
fn has_unknown_coding(headers: &HeaderMap) -> bool {
    let is_known = |coding: &str| {
        let coding = coding.trim();
        coding.eq_ignore_ascii_case("chunked") || coding.eq_ignore_ascii_case("identity")
    };
    let mut values = headers.get_all(TRANSFER_ENCODING).iter();
    values.any(|value| !value.to_str().is_ok_and(|codings| codings.split(',').all(is_known)))
}

/// Which attempt of a layer above this is.
fn attempt<B>(request: &Request<B>) -> u32 {
    RequestOptions::of(request).and_then(RequestOptions::attempt_value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Transport;

    #[test]
    fn exchange_stays_small_enough_for_the_quick_way_through_an_allocator() {
        let shared = Transport::new().shared;
        let in_flight = InFlight::begin(&shared.pool).unwrap();
        assert!(size_of_val(&exchange(shared, in_flight, Request::new(Body::empty()))) <= 1024);
    }
}
