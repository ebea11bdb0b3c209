//! tower-clients: the transport alone, and all of it, awaited or waited for.

use super::{Settings, decode, get, length, length_of, post};
use crate::{
    Result,
    drive::{BlockingPeer, Peer},
    work::{ACCEPT, TOKEN, USER_AGENT, User},
};
use http::Uri;
use serde::de::DeserializeOwned;
use tower::ServiceExt;
use tower_clients::{Client, Resource, Transport, blocking, tls::Tls};

fn transport(settings: &Settings) -> Result<Transport> {
    let mut builder = Transport::builder().pool_max_idle_per_host(settings.connections);
    if settings.http2 {
        builder = builder.http2_prior_knowledge();
    }
    if let Some(ca) = &settings.ca {
        builder = builder.tls(Tls::roots_pem(ca)?);
    }
    Ok(builder.build()?)
}

fn resource(settings: &Settings) -> Result<Resource> {
    let client = Client::builder(&*settings.base)
        .header("user-agent", USER_AGENT)
        .header("accept", ACCEPT)
        .bearer_auth(TOKEN)
        .build_over(transport(settings)?)?;
    Ok(client.into())
}

/// With prepared URIs, and nothing above it.
#[derive(Clone)]
pub(super) struct OverTransport {
    transport: Transport,
    uri: Uri,
}

impl OverTransport {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        Ok(Self { transport: transport(settings)?, uri: settings.url().parse()? })
    }
}

impl Peer for OverTransport {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        decode(self.transport.clone().oneshot(get(&self.uri)).await?).await
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        decode(self.transport.clone().oneshot(post(&self.uri, user)?).await?).await
    }

    async fn download(&mut self) -> Result<u64> {
        length(self.transport.clone().oneshot(get(&self.uri)).await?).await
    }
}

#[derive(Clone)]
pub(super) struct OverResource {
    api: Resource,
    reference: &'static str,
}

impl OverResource {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        Ok(Self { api: resource(settings)?, reference: settings.reference })
    }
}

impl Peer for OverResource {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        Ok(self.api.get(self.reference).json().await?)
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        Ok(self.api.post(self.reference).json(user).json().await?)
    }

    async fn download(&mut self) -> Result<u64> {
        length(self.api.get(self.reference).response().await?).await
    }
}

/// Its threads share one client.
#[derive(Clone)]
pub(super) struct OverBlocking {
    api: blocking::Resource,
    reference: &'static str,
}

impl OverBlocking {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        Ok(Self { api: resource(settings)?.blocking()?, reference: settings.reference })
    }
}

impl BlockingPeer for OverBlocking {
    fn get<T: DeserializeOwned>(&mut self) -> Result<T> {
        Ok(self.api.get(self.reference).json().wait()?)
    }

    fn post(&mut self, user: &User) -> Result<User> {
        Ok(self.api.post(self.reference).json(user).json().wait()?)
    }

    fn download(&mut self) -> Result<u64> {
        length_of(self.api.get(self.reference).response().wait()?.into_body())
    }
}
