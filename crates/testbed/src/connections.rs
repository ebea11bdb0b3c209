//! The accept loop and the connections it owns.

use axum::{Router, body::Body, extract::ConnectInfo};
use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// The scheme of the listener a request came through, put into its extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme(pub(crate) &'static str);

#[derive(Debug, Default)]
pub(crate) struct Counters {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

impl Counters {
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// What every connection shares.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) router: Router,
    pub(crate) acceptor: Option<TlsAcceptor>,
    pub(crate) scheme: Scheme,
    pub(crate) counters: Arc<Counters>,
}

impl Connections {
    pub(crate) async fn accept(self, listener: TcpListener) {
        // Owned by this future: aborting it drops the set, which aborts every connection.
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    // An error here is the failure of one connection attempt, not of the listener.
                    if let Ok((stream, peer)) = accepted {
                        self.counters.connections.fetch_add(1, Ordering::SeqCst);
                        tasks.spawn(self.clone().connection(stream, peer));
                    }
                }
                // Reaps the finished ones, so that a long run does not gather them.
                Some(_) = tasks.join_next() => {}
            }
        }
    }

    async fn connection(self, stream: TcpStream, peer: SocketAddr) {
        // Only a latency matter: a socket that refuses the option still serves.
        let _ = stream.set_nodelay(true);
        match self.acceptor.clone() {
            // A failed handshake is the client's to report; the server goes on.
            Some(acceptor) => {
                if let Ok(stream) = acceptor.accept(stream).await {
                    self.requests(stream, peer).await;
                }
            }
            None => self.requests(stream, peer).await,
        }
    }

    async fn requests<I>(self, stream: I, peer: SocketAddr)
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(self.scheme);
            let router = self.router.clone();
            let counters = Arc::clone(&self.counters);
            async move {
                let response = router.oneshot(request.map(Body::new)).await;
                counters.requests.fetch_add(1, Ordering::SeqCst);
                response
            }
        });
        // Clients that break off mid-request are part of what is tested here.
        let _ = auto::Builder::new(TokioExecutor::new())
            .serve_connection_with_upgrades(TokioIo::new(stream), service)
            .await;
    }
}
