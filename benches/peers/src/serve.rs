//! A server that does as little as it can for a request.

use crate::{
    Result,
    work::{self, BASE, SMALL, USER, USERS, ZEROS, ZEROS_LENGTH},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use std::{
    convert::Infallible,
    fs, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    thread,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
};
use tokio_rustls::TlsAcceptor;

pub(crate) enum Protocol<'a> {
    Http1,
    Http2,
    /// HTTP/1.1 over TLS; the authority's certificate is written to this file.
    Tls(&'a str),
}

/// Serves until the standard input ends, on one thread.
pub(crate) fn serve(protocol: Protocol<'_>) -> Result {
    let acceptor = match protocol {
        Protocol::Tls(file) => Some(acceptor(file)?),
        _ => None,
    };
    let http2 = matches!(protocol, Protocol::Http2);
    let large = work::large();
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        println!("PEERS={scheme}://{}{BASE}", listener.local_addr()?);
        let mut end = end_of_input();
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => accepted?.0,
                _ = &mut end => return Ok(()),
            };
            stream.set_nodelay(true)?;
            tokio::spawn(connection(stream, acceptor.clone(), http2, large.clone()));
        }
    })
}

fn end_of_input() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        sender.send(())
    });
    receiver
}

/// A client that goes away is no error.
async fn connection(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    http2: bool,
    large: Bytes,
) -> Option<()> {
    match acceptor {
        Some(acceptor) => http(acceptor.accept(stream).await.ok()?, http2, large).await,
        None => http(stream, http2, large).await,
    }
}

async fn http<T>(stream: T, http2: bool, large: Bytes) -> Option<()>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(request, large.clone()));
    let stream = TokioIo::new(stream);
    if http2 {
        let executor = TokioExecutor::new();
        http2::Builder::new(executor).serve_connection(stream, service).await.ok()
    } else {
        http1::Builder::new().serve_connection(stream, service).await.ok()
    }
}

async fn answer(
    request: Request<Incoming>,
    large: Bytes,
) -> std::result::Result<Response<Reply>, Infallible> {
    let is_as_agreed = is_as_agreed(request.headers());
    let path = request.uri().path().strip_prefix(BASE).unwrap_or("");
    let reply = match (request.method(), path) {
        _ if !is_as_agreed => None,
        (&Method::GET, USER) => Some(Reply::once(Bytes::from_static(SMALL.as_bytes()))),
        (&Method::GET, USERS) => Some(Reply::once(large)),
        (&Method::GET, ZEROS) => Some(Reply::zeros()),
        (&Method::POST, USERS) if is_json(request.headers()) => {
            request.into_body().collect().await.ok().map(|body| Reply::once(body.to_bytes()))
        }
        _ => None,
    };
    Ok(match reply {
        Some(reply) => {
            let mut response = Response::new(reply);
            let json = HeaderValue::from_static(work::ACCEPT);
            response.headers_mut().insert(CONTENT_TYPE, json);
            response
        }
        None => {
            let mut response = Response::new(Reply::once(Bytes::new()));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    })
}

/// Whether a client sends what all send.
fn is_as_agreed(headers: &HeaderMap) -> bool {
    is(headers, USER_AGENT, work::USER_AGENT)
        && is(headers, ACCEPT, work::ACCEPT)
        && is(headers, AUTHORIZATION, work::AUTHORIZATION)
}

/// With or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    media_type.is_some_and(|media_type| media_type.starts_with(work::ACCEPT.as_bytes()))
}

fn is(headers: &HeaderMap, name: HeaderName, value: &str) -> bool {
    headers.get(name).is_some_and(|found| found == value)
}

/// A body that repeats a frame until it has a length.
struct Reply {
    frame: Bytes,
    rest: u64,
}

impl Reply {
    fn once(frame: Bytes) -> Self {
        Self { rest: frame.len() as u64, frame }
    }

    fn zeros() -> Self {
        static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
        Self { frame: Bytes::from_static(&ZEROS), rest: ZEROS_LENGTH }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        if self.rest == 0 {
            return Poll::Ready(None);
        }
        self.rest -= self.frame.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(self.frame.clone()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest)
    }
}

fn acceptor(file: &str) -> Result<TlsAcceptor> {
    let mut authority = CertificateParams::new([])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    fs::write(file, authority.pem())?;

    let key = KeyPair::generate()?;
    let names = ["127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
