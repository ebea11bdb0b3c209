//! Values that may be kept elsewhere.

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{env, fmt, fs, path::PathBuf};

/// A value in the file itself, or a secret.
#[derive(Clone)]
pub(super) enum Text {
    Plain(String),
    Secret(Secret),
}

/// Where a secret is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Secret {
    Env(String),
    File(PathBuf),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Raw {
    Text(String),
    Bool(bool),
    Integer(i64),
    Float(f64),
    Secret(Secret),
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted = "expected a text, a number, `{ env = NAME }` or `{ file = PATH }`";
        // Errors of serde show values.
        let raw = Raw::deserialize(deserializer).map_err(|_| D::Error::custom(wanted))?;
        Ok(match raw {
            Raw::Text(text) => Self::Plain(text),
            Raw::Bool(value) => Self::Plain(value.to_string()),
            Raw::Integer(value) => Self::Plain(value.to_string()),
            Raw::Float(value) => Self::Plain(value.to_string()),
            Raw::Secret(secret) => Self::Secret(secret),
        })
    }
}

impl Text {
    pub(super) fn read(&self) -> Result<String, String> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Secret(secret) => secret.read(),
        }
    }

    pub(super) fn header(&self, name: &str) -> Result<(HeaderName, HeaderValue), String> {
        let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
        let mut value = HeaderValue::try_from(self.read()?).map_err(|error| error.to_string())?;
        value.set_sensitive(matches!(self, Self::Secret(_)));
        Ok((name, value))
    }
}

impl Secret {
    /// What is there, without the end of the last line.
    pub(super) fn read(&self) -> Result<String, String> {
        match self {
            Self::Env(name) => env::var(name)
                .map_err(|_| format!("the environment has no variable {name} that is text")),
            Self::File(path) => match fs::read_to_string(path) {
                Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
                Err(error) => Err(format!("cannot read {}: {error}", path.display())),
            },
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain"),
            Self::Secret(secret) => secret.fmt(f),
        }
    }
}
