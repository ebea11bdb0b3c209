//! tower-http-client over the pooled client of hyper-util.

use super::{
    Settings, check,
    legacy::{Pooled, pooled},
    length,
};
use crate::{
    Result,
    drive::Peer,
    work::{ACCEPT, AUTHORIZATION, USER_AGENT, User},
};
use bytes::Bytes;
use http::{HeaderValue, Method, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use tower_http_client::{ResponseExt, ServiceExt};

#[derive(Clone)]
pub(super) struct Extended {
    client: Pooled,
    settings: Settings,
}

impl Extended {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        Ok(Self { client: pooled(settings)?, settings: settings.clone() })
    }

    async fn send(&mut self, method: Method, user: Option<&User>) -> Result<Response<Incoming>> {
        // The client has a method of that name itself.
        let request = ServiceExt::request(&mut self.client, method, self.settings.url())
            .header(header::USER_AGENT, HeaderValue::from_static(USER_AGENT))
            .header(header::ACCEPT, HeaderValue::from_static(ACCEPT))
            .header(header::AUTHORIZATION, HeaderValue::from_static(AUTHORIZATION));
        let response = match user {
            Some(user) => request.json(user)?.send::<Full<Bytes>>().await?,
            None => request.send::<Full<Bytes>>().await?,
        };
        check(response.status())?;
        Ok(response)
    }
}

impl Peer for Extended {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        Ok(self.send(Method::GET, None).await?.body_reader().json().await?)
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        Ok(self.send(Method::POST, Some(user)).await?.body_reader().json().await?)
    }

    async fn download(&mut self) -> Result<u64> {
        length(self.send(Method::GET, None).await?).await
    }
}
