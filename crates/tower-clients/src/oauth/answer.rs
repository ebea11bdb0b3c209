//! From the answer of a token endpoint to a token.

use super::OAuthError;
use crate::call::{refused, status_error};
use bytes::Bytes;
use http::response::Parts;
use serde_json::{Map, Value};
use std::time::Duration;
use tower_clients_layers::{BoxError, Check, Error, ErrorKind, Json, Token, content::check_coding};

/// Reads the body first: some servers refuse with 200. A content type is not asked for.
#[derive(Clone, Copy)]
pub(super) struct Answer;

impl Check<Bytes> for Answer {
    type Output = Token;
    type Error = Error;

    fn check(&self, head: &Parts, body: Bytes) -> Result<Token, Error> {
        let members = Json::<Map<String, Value>>::from_slice(&body).ok();
        if let Some(error) = members.as_ref().and_then(OAuthError::read) {
            return Err(refused(head, body, error));
        }
        if !head.status.is_success() {
            return Err(status_error(head, body));
        }
        // The body of such an answer is kept nowhere: it may hold a token.
        let token = check_coding(&head.headers)
            .map_err(BoxError::from)
            .and_then(|()| token(&members.ok_or("the answer is no JSON object")?));
        token.map_err(|reason| Error::new(ErrorKind::Decode, reason))
    }
}

/// The token of a successful answer (RFC 6749 §5.1).
fn token(members: &Map<String, Value>) -> Result<Token, BoxError> {
    let text = |name| members.get(name).and_then(Value::as_str);
    let access_token = text("access_token").ok_or("the answer has no access token")?;
    if !text("token_type").is_some_and(|name| name.eq_ignore_ascii_case("bearer")) {
        return Err("the access token is not of the type `bearer`".into());
    }
    let mut token = Token::bearer(access_token)?;
    if let Some(lifetime) = members.get("expires_in").and_then(lifetime) {
        token = token.expires_in(lifetime);
    }
    if let Some(refresh_token) = text("refresh_token").filter(|token| !token.is_empty()) {
        token = token.refresh_token(refresh_token);
    }
    Ok(token)
}

/// In seconds, which some servers write as text. Nothing above zero is nothing known.
fn lifetime(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // The conversion saturates.
    let seconds = (seconds as u64).min(u32::MAX.into());
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;
    use serde_json::json;

    fn check(status: u16, body: impl Into<Bytes>) -> Result<Token, Error> {
        let head = Response::builder().status(status).body(()).unwrap().into_parts().0;
        Answer.check(&head, body.into())
    }

    fn of(body: &Value) -> Result<Token, Error> {
        check(200, body.to_string())
    }

    #[test]
    fn o3_type_of_the_token_is_compared_without_case() {
        for name in ["Bearer", "bearer", "bEaReR"] {
            let token = of(&json!({"access_token": "t0ken", "token_type": name})).unwrap();
            assert_eq!(token.authorization(), "Bearer t0ken");
        }
    }

    #[test]
    fn o3_answer_without_a_usable_token_is_an_error_that_shows_and_keeps_nothing() {
        for body in [
            json!({"access_token": "CANARY"}),
            json!({"access_token": "CANARY", "token_type": "mac"}),
            json!({"access_token": "CANARY", "token_type": "CANARY"}),
            json!({"access_token": "CANARY", "token_type": ["bearer"]}),
            json!({"access_token": "CANARY\r\nx: y", "token_type": "bearer"}),
            json!({"access_token": "", "token_type": "bearer", "x": "CANARY"}),
            json!({"access_token": {"CANARY": 1}, "token_type": "bearer"}),
            json!({"access_token": null, "error": "CANARY \n", "token_type": "bearer"}),
            json!({"token_type": "bearer", "CANARY": "CANARY"}),
            json!(["CANARY"]),
            json!("CANARY"),
            Value::Null,
        ] {
            let error = of(&body).unwrap_err();
            assert!(error.is_decode() && error.failure().is_none(), "{body}");
            assert!(!format!("{error:#} {error:?}").contains("CANARY"), "{error:#}");
        }
        assert!(check(200, "access_token=CANARY&token_type=bearer").unwrap_err().is_decode());
        assert!(check(200, "").unwrap_err().is_decode());
    }

    #[test]
    fn o3_lifetime_is_read_from_numbers_and_text() {
        for (value, seconds) in [
            (json!(3600), Some(3600)),
            (json!("3600"), Some(3600)),
            (json!(" 3600 "), Some(3600)),
            (json!(3600.9), Some(3600)),
            (json!(1e18), Some(u32::MAX.into())),
            (json!("1e300"), Some(u32::MAX.into())),
            (json!(u64::MAX), Some(u32::MAX.into())),
            (json!(0), None),
            (json!(-1), None),
            (json!(0.5), None),
            (json!("soon"), None),
            (json!("NaN"), None),
            (json!(null), None),
            (json!([1]), None),
        ] {
            let body = json!({"access_token": "a", "token_type": "bearer", "expires_in": value});
            let given = of(&body).unwrap().expires_in_value();
            assert_eq!(given, seconds.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn refusal_is_one_whatever_its_status() {
        let body = json!({"error": "invalid_grant", "error_description": "CANARY", "x": "CANARY"});
        for status in [200, 400, 401, 500] {
            let error = check(status, body.to_string()).unwrap_err();
            assert!(error.is_check() && error.status().unwrap().as_u16() == status);
            let refusal: &OAuthError = error.find_source().unwrap();
            assert_eq!((refusal.code(), refusal.description()), ("invalid_grant", Some("CANARY")));
            assert!(!format!("{error:#} {error:?}").contains("CANARY"));
        }
    }

    #[test]
    fn other_error_keeps_the_response() {
        for body in ["busy", r#"{"error": {"message": "x"}}"#, r#"{"error": "no code"}"#, ""] {
            let error = check(503, body).unwrap_err();
            assert!(error.is_status() && error.failure().unwrap().bytes() == body);
        }
        let token = r#"{"access_token": "a", "token_type": "bearer"}"#;
        assert!(check(400, token).unwrap_err().is_status());
    }

    #[test]
    fn refresh_token_is_kept_if_there_is_one() {
        let with = |value| {
            let answer =
                json!({"access_token": "a", "token_type": "bearer", "refresh_token": value});
            of(&answer).unwrap().refresh_token_value().map(str::to_owned)
        };
        assert_eq!(
            (with(json!("r")), with(json!("")), with(json!(1))),
            (Some("r".into()), None, None)
        );
    }
}
