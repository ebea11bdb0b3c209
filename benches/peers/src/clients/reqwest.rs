//! reqwest, awaited and blocking.

use super::{Settings, length_of};
use crate::{
    Result,
    drive::{BlockingPeer, Peer},
    work::{ACCEPT, AUTHORIZATION, USER_AGENT, User},
};
use http::{HeaderMap, HeaderValue, header};
use reqwest::{Certificate, Client, blocking};
use serde::de::DeserializeOwned;

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static(AUTHORIZATION));
    headers
}

#[derive(Clone)]
pub(super) struct Awaited {
    client: Client,
    settings: Settings,
}

impl Awaited {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let mut builder = Client::builder().user_agent(USER_AGENT).default_headers(headers());
        if settings.http2 {
            builder = builder.http2_prior_knowledge();
        }
        if let Some(ca) = &settings.ca {
            builder = builder.tls_certs_only([Certificate::from_pem(ca.as_bytes())?]);
        }
        Ok(Self { client: builder.build()?, settings: settings.clone() })
    }
}

impl Peer for Awaited {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        let response = self.client.get(self.settings.url()).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        let response = self.client.post(self.settings.url()).json(user).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }

    async fn download(&mut self) -> Result<u64> {
        let response = self.client.get(self.settings.url()).send().await?;
        let mut response = response.error_for_status()?;
        let mut length = 0;
        while let Some(chunk) = response.chunk().await? {
            length += chunk.len() as u64;
        }
        Ok(length)
    }
}

/// Its threads share one client.
#[derive(Clone)]
pub(super) struct Waited {
    client: blocking::Client,
    settings: Settings,
}

impl Waited {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let builder = blocking::Client::builder();
        let mut builder = builder.user_agent(USER_AGENT).default_headers(headers());
        if let Some(ca) = &settings.ca {
            builder = builder.tls_certs_only([Certificate::from_pem(ca.as_bytes())?]);
        }
        Ok(Self { client: builder.build()?, settings: settings.clone() })
    }
}

impl BlockingPeer for Waited {
    fn get<T: DeserializeOwned>(&mut self) -> Result<T> {
        let response = self.client.get(self.settings.url()).send()?;
        Ok(response.error_for_status()?.json()?)
    }

    fn post(&mut self, user: &User) -> Result<User> {
        let response = self.client.post(self.settings.url()).json(user).send()?;
        Ok(response.error_for_status()?.json()?)
    }

    fn download(&mut self) -> Result<u64> {
        length_of(self.client.get(self.settings.url()).send()?.error_for_status()?)
    }
}
