//! The pooled client of hyper-util, and above it what people write by hand when they have a base
//! URL, default headers and a token, and want checked and decoded answers.

use super::{
    Settings, check,
    legacy::{Pooled, pooled},
    length,
};
use crate::{
    Result,
    drive::Peer,
    work::{ACCEPT, TOKEN, USER_AGENT, User},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use url::Url;

#[derive(Clone)]
pub(super) struct Hand {
    client: Pooled,
    base: Url,
    headers: HeaderMap,
    token: String,
    reference: &'static str,
}

impl Hand {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        Ok(Self {
            client: pooled(settings)?,
            base: settings.base.parse()?,
            headers,
            token: TOKEN.to_owned(),
            reference: settings.reference,
        })
    }

    async fn send(&self, method: Method, body: Option<&User>) -> Result<Response<Incoming>> {
        let url = self.base.join(self.reference)?;
        let mut request = Request::builder().method(method).uri(url.as_str());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let request = match body {
            Some(user) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Full::from(serde_json::to_vec(user)?))?,
            None => request.body(Full::new(Bytes::new()))?,
        };
        Ok(self.client.request(request).await?)
    }
}

async fn decoded<T: DeserializeOwned>(response: Response<Incoming>) -> Result<T> {
    check(response.status())?;
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.map_or(Ok(""), HeaderValue::to_str)?;
    if !content_type.starts_with("application/json") {
        return Err(format!("the server answers with {content_type}").into());
    }
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&bytes)?)
}

impl Peer for Hand {
    async fn get<T: DeserializeOwned + Send>(&mut self) -> Result<T> {
        decoded(self.send(Method::GET, None).await?).await
    }

    async fn post(&mut self, user: &User) -> Result<User> {
        decoded(self.send(Method::POST, Some(user)).await?).await
    }

    async fn download(&mut self) -> Result<u64> {
        length(self.send(Method::GET, None).await?).await
    }
}
