//! How a configured client authorizes.

use super::{
    ConfigError,
    error::{at, reason},
    text::Secret,
};
use crate::ClientBuilder;
use serde::{Deserialize, Deserializer, de::Error as _};
use tower_clients_layers::authorize::{basic, bearer};

#[derive(Debug, Clone)]
pub(super) struct Auth(Scheme);

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scheme {
    Bearer(Secret),
    Basic(Basic),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basic {
    user: String,
    password: Secret,
}

impl<'de> Deserialize<'de> for Auth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted = "expected `{ bearer = SECRET }` or `{ basic = { user = NAME, password = SECRET } }`, \
                      where SECRET is `{ env = NAME }` or `{ file = PATH }`";
        // Errors of serde show values.
        Scheme::deserialize(deserializer).map(Self).map_err(|_| D::Error::custom(wanted))
    }
}

impl Auth {
    pub(super) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, ConfigError> {
        match &self.0 {
            Scheme::Bearer(token) => {
                let token = token.read().map_err(at("auth.bearer"))?;
                bearer(&token).map_err(|error| reason(&error)).map_err(at("auth.bearer"))?;
                Ok(builder.bearer_auth(&token))
            }
            Scheme::Basic(Basic { user, password }) => {
                let password = password.read().map_err(at("auth.basic.password"))?;
                basic(user, &password).map_err(|error| reason(&error)).map_err(at("auth.basic"))?;
                Ok(builder.basic_auth(user, &password))
            }
        }
    }
}
