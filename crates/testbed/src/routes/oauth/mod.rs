//! `/oauth/...`: an authorization server (RFC 6749), and a resource that wants its tokens.
//!
//! The client is `demo` with the secret `s3cret`, the user is `ada` with the password
//! `opensesame`.

mod asked;
mod fault;
#[cfg(test)]
mod tests;
mod tokens;

use self::{asked::Asked, fault::Fault, tokens::Tokens};
use super::{args::Args, auth::credentials};
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/oauth/token", post(token))
        .route("/oauth/revoke", post(revoke))
        .route("/oauth/userinfo", get(userinfo))
        .route("/oauth/stats", get(stats))
        .with_state(Shared::default())
}

/// Of every answer about tokens (RFC 6749, section 5.1).
const UNCACHED: [(HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Tokens>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Tokens> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn token(
    State(shared): State<Shared>,
    args: Args,
    asked: Asked,
) -> Result<impl IntoResponse, Fault> {
    let lifetime = args.parse("expires_in");
    let lifetime = lifetime.map_err(|_| Fault::invalid_request("expires_in is no number"))?;
    let lifetime = lifetime.unwrap_or(3600);
    let scope = asked.scope()?;
    let mut tokens = shared.lock();
    let issued = match asked.required("grant_type")? {
        "client_credentials" => tokens.grant(asked::CLIENT.0, scope, lifetime, false),
        "password" => {
            asked.check_user()?;
            tokens.grant(asked::USER.0, scope, lifetime, true)
        }
        "refresh_token" => tokens.refresh(asked.required("refresh_token")?, scope, lifetime)?,
        _ => return Err(Fault::new("unsupported_grant_type", "no such grant here")),
    };
    let mut answer = json!({
        "access_token": issued.access,
        "token_type": args.get("token_type").unwrap_or("Bearer"),
        "expires_in": lifetime,
    });
    if let Some(scope) = issued.scope {
        answer["scope"] = scope.into();
    }
    if let Some(refresh) = issued.refresh {
        answer["refresh_token"] = refresh.into();
    }
    Ok((UNCACHED, Json(answer)))
}

/// An unknown token is revoked already (RFC 7009, section 2.2).
async fn revoke(State(shared): State<Shared>, asked: Asked) -> Result<StatusCode, Fault> {
    shared.lock().revoke(asked.required("token")?);
    Ok(StatusCode::OK)
}

async fn userinfo(
    State(shared): State<Shared>,
    headers: HeaderMap,
) -> Result<Json<Value>, Response> {
    let mut tokens = shared.lock();
    tokens.userinfo += 1;
    let unauthorized = |challenge: &'static str| {
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
    };
    // Who sent no token is told no error (RFC 6750, section 3.1).
    let token = credentials(&headers, "Bearer");
    let token = token.ok_or_else(|| unauthorized("Bearer realm=\"testbed\""))?;
    let grant = tokens.live(token);
    let grant =
        grant.ok_or_else(|| unauthorized("Bearer realm=\"testbed\", error=\"invalid_token\""))?;
    Ok(Json(json!({ "sub": grant.subject, "scope": grant.scope })))
}

async fn stats(State(shared): State<Shared>) -> Json<Value> {
    let tokens = shared.lock();
    Json(json!({ "issued": tokens.issued, "userinfo": tokens.userinfo }))
}
