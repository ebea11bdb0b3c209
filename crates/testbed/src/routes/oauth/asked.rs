//! What a client asks of an authorization server.

use super::{
    super::{args::pairs, auth::is_basic, content::media_type},
    Fault,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http::{HeaderMap, header};
use std::collections::HashMap;

/// Form-encoding them, as RFC 6749 wants for the header, would change nothing.
pub(super) const CLIENT: (&str, &str) = ("demo", "s3cret");
pub(super) const USER: (&str, &str) = ("ada", "opensesame");

/// The parameters of a client that is known. One without a value counts as absent (RFC 6749,
/// section 3.2).
pub(super) struct Asked(HashMap<String, String>);

impl Asked {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Fault> {
        self.get(name).ok_or_else(|| Fault::invalid_request(format!("{name} is missing")))
    }

    /// Words of printable ASCII without quotes and backslashes.
    pub(super) fn scope(&self) -> Result<Option<&str>, Fault> {
        let scope = self.get("scope");
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\".contains(&b))
        };
        match scope {
            Some(scope) if !scope.split(' ').all(is_word) => {
                Err(Fault::new("invalid_scope", "the scope is malformed"))
            }
            scope => Ok(scope),
        }
    }

    pub(super) fn check_user(&self) -> Result<(), Fault> {
        if (self.required("username")?, self.required("password")?) == USER {
            Ok(())
        } else {
            Err(Fault::new("invalid_grant", "not the password of this user"))
        }
    }

    fn check_client(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let secret = self.get("client_secret");
        let by_header = headers.contains_key(header::AUTHORIZATION);
        let is_known = match (by_header, secret) {
            (true, Some(_)) => return Err(Fault::invalid_request("two credentials of the client")),
            (true, None) => is_basic(headers, CLIENT.0, CLIENT.1),
            (false, secret) => (self.get("client_id"), secret) == (Some(CLIENT.0), Some(CLIENT.1)),
        };
        if is_known { Ok(()) } else { Err(Fault::invalid_client(by_header)) }
    }
}

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|_| Fault::invalid_request("the body was cut"))?;
        let parameters = match media_type(&headers).as_str() {
            "application/x-www-form-urlencoded" => form(&body)?,
            "application/json" => serde_json::from_slice(&body)
                .map_err(|_| Fault::invalid_request("the body is no object of strings"))?,
            _ => return Err(Fault::invalid_request("the body is neither a form nor JSON")),
        };
        let asked = Self(parameters);
        asked.check_client(&headers)?;
        Ok(asked)
    }
}

fn form(body: &[u8]) -> Result<HashMap<String, String>, Fault> {
    let mut parameters = HashMap::new();
    for (name, value) in pairs(body) {
        if parameters.insert(name, value).is_some() {
            return Err(Fault::invalid_request("a parameter is repeated"));
        }
    }
    Ok(parameters)
}
