//! A client that is described in a file.
//!
//! [`ClientConfig`] is deserialized by serde, from TOML, YAML or JSON, mostly as a part of the configuration
//! of a program. [`read`] does so too, and its errors name the key. Every key but `base_url`
//! can be left out, and then has the default that it has in code; a key that there is not is an error.
//!
//! ```
//! use serde::Deserialize;
//! use tower_clients::config::{self, ClientConfig};
//!
//! #[derive(Debug, Deserialize)]
//! struct App {
//!     upstream: ClientConfig,
//! }
//!
//! let text = r#"
//!     [upstream]
//!     base_url = "https://api.example.com/v1"
//!     headers = { user-agent = "demo/1" }
//!     timeouts = { total = "30s", connect = "500ms" }
//!     retries = { attempts = 4 }
//! "#;
//! let app: App = config::read(text.parse::<toml::Table>()?)?;
//! let client = app.upstream.named("upstream").build()?;
//! assert_eq!(client.to_string(), "https://api.example.com/v1");
//!
//! let text = text.replace("500ms", "half a second").parse::<toml::Table>()?;
//! let error = config::read::<App, _>(text).unwrap_err();
//! assert!(format!("{error:#}").contains("`upstream.timeouts.connect`: expected a time such as"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Secrets
//!
//! A token or password does not stand in the file: it is `{ env = "NAME" }`, a variable of the environment,
//! or `{ file = "PATH" }`. So may be the value of any header and parameter. Neither errors nor `Debug` show
//! what is in there, nor any other value of `headers` and `query`. Where a parser quotes the file in its
//! error, [`read`] keeps the first line only.
//!
//! Files and the environment are read when the client is built. A path is relative to the working directory.

mod auth;
mod error;
mod text;
mod time;
mod transport;

pub use self::error::ConfigError;

use self::{
    auth::Auth,
    error::{at, reason},
    text::Text,
    time::Time,
    transport::Transport,
};
use crate::{Client, ClientBuilder, TransportBuilder};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{collections::BTreeMap, num::NonZeroUsize};
use tower_clients_layers::{BaseUrl, Error, RedirectLayer, RetryBudget, RetryLayer};

/// The settings of a client, from a file. See the [module docs](self), and `docs/configuration.md` for the
/// keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    #[serde(skip)]
    name: String,
    #[serde(deserialize_with = "base_url")]
    base_url: BaseUrl,
    #[serde(default)]
    headers: BTreeMap<String, Text>,
    #[serde(default)]
    query: BTreeMap<String, Text>,
    auth: Option<Auth>,
    #[serde(default)]
    timeouts: Timeouts,
    retries: Option<Retries>,
    redirects: Option<Redirects>,
    compression: Option<bool>,
    #[serde(default)]
    pool: transport::Pool,
    #[serde(default)]
    http: transport::Version,
    tls: Option<transport::Tls>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Timeouts {
    total: Option<Time>,
    attempt: Option<Time>,
    idle: Option<Time>,
    connect: Option<Time>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retries {
    attempts: Option<NonZeroUsize>,
    backoff: Option<Backoff>,
    max_wait: Option<Time>,
    budget: Option<Budget>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Backoff {
    base: Time,
    max: Time,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    percent: u32,
    per_second: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Redirects {
    #[serde(default)]
    follow: Follow,
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Follow {
    Never,
    #[default]
    SameOrigin,
    CrossOrigin,
}

fn base_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BaseUrl, D::Error> {
    let url = String::deserialize(deserializer)?;
    BaseUrl::parse(&url).map_err(|error| D::Error::custom(reason(&error)))
}

/// Reads any configuration. Errors name the key, also when it is deep inside, and whatever the format.
///
/// # Errors
///
/// [`ErrorKind::Config`](crate::ErrorKind::Config) with a [`ConfigError`].
pub fn read<'de, T, D>(deserializer: D) -> Result<T, Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let key = error.path().to_string();
        let error = error.into_inner().to_string();
        // What is behind the first line is mostly what stands in the file, a secret perhaps.
        at(key)(error.lines().next().unwrap_or_default()).into()
    })
}

impl ClientConfig {
    /// Says which client this is, for errors: with `upstream` they name `upstream.auth` in place of `auth`.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The builder of a client with these settings, to go on from in code. What is of the transport is in
    /// [`transport_builder`](Self::transport_builder).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with a [`ConfigError`] that names the key: a header
    /// that is none, a variable of the environment or a file that cannot be read, a feature that is not
    /// compiled in.
    pub fn builder(&self) -> Result<ClientBuilder, Error> {
        self.to_builder().map_err(|error| error.within(&self.name).into())
    }

    /// The builder of a transport with these settings, to go on from in code.
    ///
    /// # Errors
    ///
    /// As [`builder`](Self::builder).
    pub fn transport_builder(&self) -> Result<TransportBuilder, Error> {
        self.transport().to_builder().map_err(|error| error.within(&self.name).into())
    }

    /// A client over a transport, both with these settings.
    ///
    /// # Errors
    ///
    /// As [`builder`](Self::builder), or a client certificate and a key that do not belong together.
    pub fn build(&self) -> Result<Client, Error> {
        let transport = self.transport_builder()?.build();
        let transport = transport.map_err(|error| at("tls")(reason(&error)).within(&self.name))?;
        self.builder()?.build_over(transport)
    }

    fn transport(&self) -> Transport<'_> {
        let connect = self.timeouts.connect.map(Into::into);
        Transport { connect, pool: &self.pool, version: self.http, tls: self.tls.as_ref() }
    }

    fn to_builder(&self) -> Result<ClientBuilder, ConfigError> {
        let mut builder = Client::builder(self.base_url.clone());
        for (name, value) in &self.headers {
            let (name, value) = value.header(name).map_err(at(format!("headers.{name}")))?;
            builder = builder.header(name, value);
        }
        for (name, value) in &self.query {
            let value = value.read().map_err(at(format!("query.{name}")))?;
            builder = builder.query(&[(name, value)]);
        }
        if let Some(auth) = &self.auth {
            builder = auth.apply(builder)?;
        }
        let Timeouts { total, attempt, idle, connect: _ } = self.timeouts;
        builder = set(builder, total, |builder, time| builder.timeout(time.into()));
        builder = set(builder, attempt, |builder, time| builder.attempt_timeout(time.into()));
        builder = set(builder, idle, |builder, time| builder.idle_timeout(time.into()));
        builder = set(builder, self.retries.as_ref(), |builder, it| builder.retry(it.layer()));
        builder = set(builder, self.redirects.as_ref(), |builder, it| builder.redirect(it.layer()));
        match self.compression {
            Some(wanted) => compression(builder, wanted).map_err(at("compression")),
            None => Ok(builder),
        }
    }
}

/// What is not set in the file is left alone.
fn set<B, T>(builder: B, value: Option<T>, how: impl FnOnce(B, T) -> B) -> B {
    match value {
        Some(value) => how(builder, value),
        None => builder,
    }
}

#[cfg(feature = "compression")]
fn compression(builder: ClientBuilder, wanted: bool) -> Result<ClientBuilder, &'static str> {
    use tower_clients_layers::DecompressLayer;
    Ok(builder.decompression(if wanted { DecompressLayer::new() } else { DecompressLayer::none() }))
}

#[cfg(not(feature = "compression"))]
fn compression(builder: ClientBuilder, wanted: bool) -> Result<ClientBuilder, &'static str> {
    if wanted { Err("it needs the feature `compression`") } else { Ok(builder) }
}

impl Retries {
    fn layer(&self) -> RetryLayer {
        let layer = set(RetryLayer::new(), self.backoff.as_ref(), |layer, it| {
            layer.backoff(it.base.into(), it.max.into())
        });
        let layer = set(layer, self.attempts, |layer, attempts| layer.attempts(attempts.get()));
        let layer = set(layer, self.max_wait, |layer, time| layer.max_wait(time.into()));
        set(layer, self.budget.as_ref(), |layer, it| {
            let budget = RetryBudget::percent(it.percent);
            layer.budget(set(budget, it.per_second, RetryBudget::per_second))
        })
    }
}

impl Redirects {
    fn layer(&self) -> RedirectLayer {
        let layer = match self.follow {
            Follow::Never => RedirectLayer::none(),
            Follow::SameOrigin => RedirectLayer::new(),
            Follow::CrossOrigin => RedirectLayer::new().allow_cross_origin(),
        };
        set(layer, self.limit, RedirectLayer::limit)
    }
}

#[cfg(test)]
mod tests;
