//! isahc, a client over libcurl. What libcurl allocates itself is not counted.

use super::{Settings, check};
use crate::{
    Result,
    drive::Peer,
    work::{ACCEPT, AUTHORIZATION, USER_AGENT, User},
};
use futures_lite::AsyncRead;
use http::{Request, header};
use isahc::{
    AsyncReadResponseExt, HttpClient,
    config::{Configurable, VersionNegotiation},
    tls::{TlsConfig, TrustStore},
};
use serde::de::DeserializeOwned;
use std::{future::poll_fn, pin::Pin};

#[derive(Clone)]
pub(super) struct Awaited {
    client: HttpClient,
    settings: Settings,
}

impl Awaited {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let mut builder = HttpClient::builder()
            .default_header(header::USER_AGENT, USER_AGENT)
            .default_header(header::ACCEPT, ACCEPT)
            .default_header(header::AUTHORIZATION, AUTHORIZATION)
            .connection_cache_size(settings.connections)
            .version_negotiation(VersionNegotiation::http11())
            .automatic_decompression(false)
            .tcp_nodelay();
        if let Some(ca) = settings.ca.clone() {
            let trusted = TrustStore::builder().certificate_from_pem(ca).build();
            builder = builder.tls_config(TlsConfig::builder().trust_store(trusted).build());
        }
        Ok(Self { client: builder.build()?, settings: settings.clone() })
    }
}

impl Peer for Awaited {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        let mut response = self.client.get_async(self.settings.url()).await?;
        check(response.status())?;
        Ok(serde_json::from_slice(&response.bytes().await?)?)
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        let request = Request::post(self.settings.url())
            .header(header::CONTENT_TYPE, ACCEPT)
            .body(serde_json::to_vec(user)?)?;
        let mut response = self.client.send_async(request).await?;
        check(response.status())?;
        Ok(serde_json::from_slice(&response.bytes().await?)?)
    }

    async fn download(&mut self) -> Result<u64> {
        let response = self.client.get_async(self.settings.url()).await?;
        check(response.status())?;
        let mut body = response.into_body();
        let mut buffer = vec![0; 64 * 1024];
        let mut length = 0;
        loop {
            match poll_fn(|cx| Pin::new(&mut body).poll_read(cx, &mut buffer)).await? {
                0 => return Ok(length),
                read => length += read as u64,
            }
        }
    }
}
