//! The part of a configuration that is about connections.

use super::{ConfigError, error::at, set, time::Time};
use crate::TransportBuilder;
use serde::Deserialize;
use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

/// All of it.
pub(super) struct Transport<'a> {
    pub(super) connect: Option<Duration>,
    pub(super) pool: &'a Pool,
    pub(super) version: Version,
    pub(super) tls: Option<&'a Tls>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pool {
    max_open: Option<NonZeroUsize>,
    max_open_per_host: Option<NonZeroUsize>,
    max_idle_per_host: Option<usize>,
    idle_timeout: Option<Time>,
    max_age: Option<Time>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) enum Version {
    #[default]
    #[serde(rename = "auto")]
    Negotiated,
    #[serde(rename = "1.1")]
    Http1,
    #[serde(rename = "2")]
    Http2,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "it is parsed, and then refused"))]
pub(super) struct Tls {
    ca_file: Option<PathBuf>,
    platform_roots: Option<bool>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
}

impl Transport<'_> {
    pub(super) fn to_builder(&self) -> Result<TransportBuilder, ConfigError> {
        use TransportBuilder as Builder;

        let builder = crate::Transport::builder();
        let builder = set(builder, self.connect, Builder::connect_timeout);
        let Pool { max_open, max_open_per_host, max_idle_per_host, idle_timeout, max_age } =
            *self.pool;
        let builder = set(builder, max_open.map(NonZeroUsize::get), Builder::pool_max_open);
        let per_host = max_open_per_host.map(NonZeroUsize::get);
        let builder = set(builder, per_host, Builder::pool_max_open_per_host);
        let builder = set(builder, max_idle_per_host, Builder::pool_max_idle_per_host);
        let builder = set(builder, idle_timeout.map(Into::into), Builder::pool_idle_timeout);
        let builder = set(builder, max_age.map(Into::into), Builder::pool_max_age);
        let builder = match self.version {
            Version::Negotiated => builder,
            Version::Http1 => builder.http1_only(),
            Version::Http2 => http2(builder).map_err(at("http"))?,
        };
        self.tls.map_or(Ok(builder.clone()), |tls| tls.apply(builder))
    }
}

#[cfg(feature = "http2")]
fn http2(builder: TransportBuilder) -> Result<TransportBuilder, &'static str> {
    Ok(builder.http2_prior_knowledge())
}

#[cfg(not(feature = "http2"))]
fn http2(_: TransportBuilder) -> Result<TransportBuilder, &'static str> {
    Err("it needs the feature `http2`")
}

impl Tls {
    #[cfg(feature = "tls")]
    fn apply(&self, builder: TransportBuilder) -> Result<TransportBuilder, ConfigError> {
        use super::error::reason;
        use tower_clients_transport::tls;

        let roots = self.ca_file.as_ref().map(|path| read(path)).transpose();
        let roots = roots.map_err(at("tls.ca_file"))?;
        let tls = match (roots, self.platform_roots.unwrap_or(true)) {
            (Some(pem), true) => tls::Tls::platform().add_roots_pem(pem),
            (Some(pem), false) => tls::Tls::roots_pem(pem),
            (None, true) => Ok(tls::Tls::platform()),
            (None, false) => {
                return Err(at("tls.platform_roots")("without them there has to be a `ca_file`"));
            }
        };
        let tls = tls.map_err(|error| at("tls.ca_file")(reason(&error)))?;
        let tls = match (&self.cert_file, &self.key_file) {
            (None, None) => tls,
            (Some(cert), Some(key)) => {
                let cert = read(cert).map_err(at("tls.cert_file"))?;
                let key = read(key).map_err(at("tls.key_file"))?;
                tls.client_identity_pem(cert, key).map_err(|error| at("tls")(reason(&error)))?
            }
            (Some(_), None) => return Err(at("tls.cert_file")("it needs a `key_file`")),
            (None, Some(_)) => return Err(at("tls.key_file")("it needs a `cert_file`")),
        };
        Ok(builder.tls(tls))
    }

    #[cfg(not(feature = "tls"))]
    fn apply(&self, _: TransportBuilder) -> Result<TransportBuilder, ConfigError> {
        Err(at("tls")("it needs the feature `ring`, `aws-lc-rs` or `tls`"))
    }
}

#[cfg(feature = "tls")]
fn read(path: &std::path::Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
