//! hyper's connections and nothing above them: what a client over hyper can reach at best.

use super::{Settings, decode, get, length, post};
use crate::{Result, drive::Peer, work::User};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
};
use tokio_rustls::TlsConnector;

type Sender1 = http1::SendRequest<Full<Bytes>>;
type Sender2 = http2::SendRequest<Full<Bytes>>;

pub(super) struct Bare {
    place: Place,
    /// Without scheme and authority for HTTP/1.
    uri: Uri,
    host: Option<HeaderValue>,
    own: Option<Sender1>,
    shared: Option<Arc<OnceCell<Sender2>>>,
}

/// Where connections go to.
#[derive(Clone)]
pub(super) struct Place {
    authority: String,
    host: String,
    tls: Option<TlsConnector>,
}

impl Bare {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let url: Uri = settings.url().parse()?;
        let place = Place::new(settings, &url)?;
        let host = HeaderValue::from_str(&place.authority)?;
        Ok(if settings.http2 {
            Self { place, uri: url, host: None, own: None, shared: Some(Arc::default()) }
        } else {
            let uri = url.path().parse()?;
            Self { place, uri, host: Some(host), own: None, shared: None }
        })
    }

    async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>> {
        if let Some(host) = &self.host {
            request.headers_mut().insert(HOST, host.clone());
        }
        if let Some(shared) = &self.shared {
            let mut sender = shared.get_or_try_init(|| self.place.http2()).await?.clone();
            sender.ready().await?;
            return Ok(sender.send_request(request).await?);
        }
        let sender = match &mut self.own {
            Some(sender) => sender,
            none => none.insert(self.place.http1().await?),
        };
        sender.ready().await?;
        Ok(sender.send_request(request).await?)
    }
}

impl Place {
    pub(super) fn new(settings: &Settings, url: &Uri) -> Result<Self> {
        let authority = url.authority().ok_or("the URL has an authority")?;
        let tls = settings.ca.is_some().then(|| settings.tls()).transpose()?;
        Ok(Self {
            authority: authority.to_string(),
            host: authority.host().to_owned(),
            tls: tls.map(|tls| TlsConnector::from(Arc::new(tls))),
        })
    }

    async fn stream(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(&*self.authority).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    pub(super) async fn http1(&self) -> Result<Sender1> {
        let stream = self.stream().await?;
        match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone())?;
                handshake(tls.connect(name, stream).await?).await
            }
            None => handshake(stream).await,
        }
    }

    async fn http2(&self) -> Result<Sender2> {
        let stream = TokioIo::new(self.stream().await?);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

async fn handshake<T>(stream: T) -> Result<Sender1>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// A connection of HTTP/1 is for one task.
impl Clone for Bare {
    fn clone(&self) -> Self {
        Self {
            place: self.place.clone(),
            uri: self.uri.clone(),
            host: self.host.clone(),
            own: None,
            shared: self.shared.clone(),
        }
    }
}

impl Peer for Bare {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        let response = self.send(get(&self.uri)).await?;
        decode(response).await
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        let response = self.send(post(&self.uri, user)?).await?;
        decode(response).await
    }

    async fn download(&mut self) -> Result<u64> {
        let response = self.send(get(&self.uri)).await?;
        length(response).await
    }
}
