//! The clients. Each sends the same headers, checks the status, and decodes by its own means; where
//! it has none, by `serde_json`.
//!
//! None of them delays packets or asks for compression, and all keep as many idle connections as are
//! used. Everything else is as it is by default.

mod composed;
mod hand;
mod hyper;
mod isahc;
mod kube;
mod legacy;
mod octocrab;
mod ours;
mod reqwest;
mod tower_http_client;
mod ureq;

use crate::{
    Result,
    drive::Meter,
    work::{ACCEPT, AUTHORIZATION, USER_AGENT, User},
};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{error::Error, io::Read, sync::Arc};

#[derive(Clone)]
pub(crate) struct Settings {
    /// With a slash at its end.
    pub(crate) base: String,
    /// The path below the base.
    pub(crate) reference: &'static str,
    pub(crate) connections: usize,
    pub(crate) http2: bool,
    /// Who signed the certificate of the server, as PEM.
    pub(crate) ca: Option<String>,
}

pub(crate) fn measure(client: &str, settings: &Settings, meter: &Meter) -> Result<Value> {
    // Some clients take the provider of the process.
    let _ = ring::default_provider().install_default();
    let connections = settings.connections;
    match client {
        "hyper" => meter.tasks(connections, || hyper::Bare::new(settings)),
        "legacy" => meter.tasks(connections, || legacy::Legacy::new(settings)),
        "composed" => meter.tasks(connections, || composed::new(settings)),
        "hand" => meter.tasks(connections, || hand::Hand::new(settings)),
        "transport" => meter.tasks(connections, || ours::OverTransport::new(settings)),
        "resource" => meter.tasks(connections, || ours::OverResource::new(settings)),
        "tower-http-client" => {
            meter.tasks(connections, || tower_http_client::Extended::new(settings))
        }
        "kube" => meter.tasks(connections, || kube::Layered::new(settings)),
        "octocrab" => meter.tasks(connections, || octocrab::Layered::new(settings)),
        "reqwest" => meter.tasks(connections, || reqwest::Awaited::new(settings)),
        "isahc" => meter.tasks(connections, || isahc::Awaited::new(settings)),
        "blocking" => meter.threads(connections, &ours::OverBlocking::new(settings)?),
        "reqwest-blocking" => meter.threads(connections, &reqwest::Waited::new(settings)?),
        "ureq" => meter.threads(connections, &ureq::Waited::new(settings)?),
        _ => Err(format!("there is no client `{client}`").into()),
    }
}

impl Settings {
    /// The URL as most programs make one.
    fn url(&self) -> String {
        format!("{}{}", self.base, self.reference)
    }

    fn tls(&self) -> Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        if let Some(ca) = &self.ca {
            roots.add(CertificateDer::from_pem_slice(ca.as_bytes())?)?;
        }
        Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth())
    }
}

/// A `GET` request without a body, as cheap as it can be.
fn get(uri: &Uri) -> Request<Full<Bytes>> {
    request(uri, Method::GET, Bytes::new())
}

fn post(uri: &Uri, user: &User) -> Result<Request<Full<Bytes>>> {
    let mut request = request(uri, Method::POST, serde_json::to_vec(user)?.into());
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(ACCEPT));
    Ok(request)
}

fn request(uri: &Uri, method: Method, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.uri_mut() = uri.clone();
    *request.method_mut() = method;
    let headers = request.headers_mut();
    headers.reserve(4);
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static(AUTHORIZATION));
    request
}

fn check(status: StatusCode) -> Result {
    if status.is_success() { Ok(()) } else { Err(format!("the server answers {status}").into()) }
}

async fn decode<T, B>(response: Response<B>) -> Result<T>
where
    T: DeserializeOwned,
    B: Body<Error: Error + Send + Sync + 'static>,
{
    check(response.status())?;
    Ok(serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?)
}

async fn length<B>(response: Response<B>) -> Result<u64>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin,
{
    check(response.status())?;
    let mut body = response.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.map_err(Into::into)?.data_ref().map_or(0, Bytes::len) as u64;
    }
    Ok(length)
}

fn length_of(mut reader: impl Read) -> Result<u64> {
    let mut buffer = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(length),
            read => length += read as u64,
        }
    }
}
