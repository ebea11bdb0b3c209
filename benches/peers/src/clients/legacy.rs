//! The pooled client of hyper-util with prepared URIs, and nothing above it.

use super::{Settings, decode, get, length, post};
use crate::{Result, drive::Peer, work::User};
use bytes::Bytes;
use http::Uri;
use http_body::Body;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::de::DeserializeOwned;

pub(super) type Pooled<B = Full<Bytes>> = Client<HttpsConnector<HttpConnector>, B>;

pub(super) fn pooled<B>(settings: &Settings) -> Result<Pooled<B>>
where
    B: Body<Data: Send> + Send,
{
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(settings.tls()?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new()).http2_only(settings.http2).build(https))
}

#[derive(Clone)]
pub(super) struct Legacy {
    client: Pooled,
    uri: Uri,
}

impl Legacy {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        Ok(Self { client: pooled(settings)?, uri: settings.url().parse()? })
    }
}

impl Peer for Legacy {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        decode(self.client.request(get(&self.uri)).await?).await
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        decode(self.client.request(post(&self.uri, user)?).await?).await
    }

    async fn download(&mut self) -> Result<u64> {
        length(self.client.request(get(&self.uri)).await?).await
    }
}
