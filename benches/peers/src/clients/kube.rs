//! The layers of kube's client over the pooled client of hyper-util, put together as its documentation has
//! it: without the span and the retries that it has by default.

use super::{
    Settings,
    legacy::{Pooled, pooled},
    length,
};
use crate::{
    Result,
    drive::Peer,
    work::{ACCEPT, TOKEN, USER_AGENT, User},
};
use http::{HeaderValue, Request, header};
use kube_client::{
    Client, Config,
    client::{Body, ConfigExt},
};
use serde::de::DeserializeOwned;
use tower::{BoxError, ServiceBuilder};

#[derive(Clone)]
pub(super) struct Layered {
    client: Client,
    path: String,
}

impl Layered {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let mut config = Config::new(settings.base.parse()?);
        config.auth_info.token = Some(TOKEN.into());
        config.headers = vec![
            (header::USER_AGENT, HeaderValue::from_static(USER_AGENT)),
            (header::ACCEPT, HeaderValue::from_static(ACCEPT)),
        ];
        let pooled: Pooled<Body> = pooled(settings)?;
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .option_layer(config.auth_layer()?)
            .layer(config.extra_headers_layer()?)
            .map_err(BoxError::from)
            .service(pooled);
        let client = Client::new(service, config.default_namespace);
        Ok(Self { client, path: format!("/{}", settings.reference) })
    }
}

impl Peer for Layered {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        Ok(self.client.request(Request::get(&self.path).body(Vec::new())?).await?)
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        let request = Request::post(&self.path)
            .header(header::CONTENT_TYPE, HeaderValue::from_static(ACCEPT))
            .body(serde_json::to_vec(user)?)?;
        Ok(self.client.request(request).await?)
    }

    async fn download(&mut self) -> Result<u64> {
        length(self.client.send(Request::get(&self.path).body(Body::empty())?).await?).await
    }
}
