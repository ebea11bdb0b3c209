//! The layers of octocrab over the pooled client of hyper-util, in the order in which its own client has
//! them, but for spans, redirects, retries and a cache.

use super::{
    Settings,
    legacy::{Pooled, pooled},
    length,
};
use crate::{
    Result,
    drive::Peer,
    work::{ACCEPT, AUTHORIZATION, USER_AGENT, User},
};
use http::{HeaderValue, Uri, header};
use octocrab::{
    AuthState, OctoBody, Octocrab, OctocrabBuilder,
    service::middleware::{
        auth_header::AuthHeaderLayer, base_uri::BaseUriLayer, extra_headers::ExtraHeadersLayer,
    },
};
use serde::de::DeserializeOwned;
use std::sync::Arc;

#[derive(Clone)]
pub(super) struct Layered {
    client: Octocrab,
    path: String,
}

impl Layered {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let base: Uri = settings.base.parse()?;
        let headers = vec![
            (header::USER_AGENT, HeaderValue::from_static(USER_AGENT)),
            (header::ACCEPT, HeaderValue::from_static(ACCEPT)),
        ];
        let token = HeaderValue::from_static(AUTHORIZATION);
        let pooled: Pooled<OctoBody> = pooled(settings)?;
        let client = OctocrabBuilder::new_empty()
            .with_service(pooled)
            .with_layer(&ExtraHeadersLayer::new(Arc::new(headers)))
            .with_layer(&BaseUriLayer::new(base.clone()))
            .with_layer(&AuthHeaderLayer::new(Some(token), base.clone(), base))
            .with_auth(AuthState::None)
            .build()?;
        Ok(Self { client, path: format!("/{}", settings.reference) })
    }
}

impl Peer for Layered {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        Ok(self.client.get(&self.path, None::<&()>).await?)
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        Ok(self.client.post(&self.path, Some(user)).await?)
    }

    async fn download(&mut self) -> Result<u64> {
        length(self.client._get(&self.path).await?).await
    }
}
