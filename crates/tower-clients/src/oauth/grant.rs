//! What a token endpoint is asked.

use crate::call::object;
use http::{
    HeaderValue, Method, Request, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{fmt, time::Duration};
use tower_clients_layers::{Body, Error, ErrorKind, Form, IntoBody, Json, Query, authorize::basic};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// What a token endpoint is asked: an authorization grant (RFC 6749 §1.3), and which client asks.
///
/// Bad input is kept and becomes the error of the fetch. `Debug` shows the names of what is sent.
///
/// ```
/// use tower_clients::oauth::Grant;
///
/// let grant = Grant::password("ada", "opensesame")
///     .client("demo", "s3cret")
///     .scope("read write")
///     .parameter("audience", "https://api.example.com");
/// assert_eq!(
///     format!("{grant:?}"),
///     r#"Grant { body: ["grant_type", "password", "scope", "username"], parameters: ["audience"], .. }"#,
/// );
/// ```
#[derive(Clone)]
#[must_use = "a grant does nothing until a client is authorized by it"]
pub struct Grant {
    body: Result<Map<String, Value>, &'static str>,
    parameters: Map<String, Value>,
    is_json: bool,
    client: Option<Client>,
    in_body: bool,
    timeout: Duration,
}

#[derive(Clone)]
struct Client {
    id: String,
    secret: Option<String>,
}

impl Grant {
    fn new(body: Result<Map<String, Value>, &'static str>, is_json: bool) -> Self {
        Self {
            body,
            parameters: Map::new(),
            is_json,
            client: None,
            in_body: false,
            timeout: DEFAULT_TIMEOUT,
        }
    }

    fn of_type<const N: usize>(name: &str, members: [(&str, &str); N]) -> Self {
        let members = members.into_iter().chain([("grant_type", name)]);
        Self::new(Ok(members.map(|(name, value)| (name.into(), value.into())).collect()), false)
    }

    /// The credentials of the [client](Self::client) itself (§4.4).
    pub fn client_credentials(id: &str, secret: &str) -> Self {
        Self::of_type("client_credentials", []).client(id, secret)
    }

    /// The name and password of a user (§4.3).
    pub fn password(user: &str, password: &str) -> Self {
        Self::of_type("password", [("username", user), ("password", password)])
    }

    /// A refresh token that was issued earlier (§6). Where the server replaces it, the program does
    /// not learn the new one.
    pub fn refresh_token(token: &str) -> Self {
        Self::of_type("refresh_token", [("refresh_token", token)])
    }

    /// Any form: what serializes as an object, such as a struct or a map. A member that is null is
    /// left out.
    pub fn form<T: Serialize + ?Sized>(body: &T) -> Self {
        Self::new(object(body), false)
    }

    /// Any JSON object, for servers that take no forms.
    pub fn json<T: Serialize + ?Sized>(body: &T) -> Self {
        Self::new(object(body), true)
    }

    /// The client that asks, by HTTP Basic authentication (§2.3.1).
    pub fn client(mut self, id: &str, secret: &str) -> Self {
        self.client = Some(Client { id: id.to_owned(), secret: Some(secret.to_owned()) });
        self
    }

    /// The client that asks, which has no secret: its `client_id` is sent in the body (§3.2.1).
    pub fn public_client(mut self, id: &str) -> Self {
        self.client = Some(Client { id: id.to_owned(), secret: None });
        self
    }

    /// Sends the id and secret of the client in the body, for servers without HTTP Basic
    /// authentication (§2.3.1).
    pub fn client_in_body(mut self) -> Self {
        self.in_body = true;
        self
    }

    /// What access is asked for, as words with spaces between (§3.3). It is not asked for again when
    /// a token is refreshed.
    pub fn scope(mut self, scope: &str) -> Self {
        if let Ok(body) = &mut self.body {
            body.insert("scope".into(), scope.into());
        }
        self
    }

    /// Adds a member to every request to the token endpoint, also when a token is refreshed.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Limits the time of every request to the token endpoint; 30 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(super) fn timeout_value(&self) -> Duration {
        self.timeout
    }

    fn grant_type(&self) -> Option<&str> {
        self.body.as_ref().ok()?.get("grant_type")?.as_str()
    }

    /// Whether what the server gives can be expected to have the meaning of RFC 6749.
    pub(super) fn can_be_refreshed(&self) -> bool {
        self.grant_type().is_some()
    }

    /// Whether the grant is good for more than one token.
    pub(super) fn can_be_repeated(&self) -> bool {
        !matches!(self.grant_type(), Some("authorization_code" | "refresh_token"))
    }

    /// The request for a token: by a refresh token if there is one, else by the grant itself.
    pub(super) fn request(&self, uri: &Uri, refresh: Option<&str>) -> Result<Request<Body>, Error> {
        let mut body = match refresh {
            Some(token) => Self::refresh_token(token).body,
            None => self.body.clone(),
        }
        .map_err(|reason| Error::new(ErrorKind::Config, reason))?;
        body.extend(self.parameters.clone());

        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        match &self.client {
            Some(Client { id, secret: Some(secret) }) if !self.in_body => {
                headers.insert(AUTHORIZATION, basic_of_form(id, secret)?);
            }
            Some(Client { id, secret }) => {
                body.insert("client_id".into(), id.as_str().into());
                body.extend(
                    secret.iter().map(|value| ("client_secret".into(), value.as_str().into())),
                );
            }
            None => {}
        }
        let (body, content_type) = if self.is_json {
            (Json(body).into_body()?, Json::<Value>::CONTENT_TYPE)
        } else {
            body.retain(|_, value| !value.is_null());
            (Form(body).into_body()?, Form::<Value>::CONTENT_TYPE)
        };
        request.headers_mut().extend(content_type.map(|value| (CONTENT_TYPE, value)));
        *request.body_mut() = body;
        Ok(request)
    }
}

/// RFC 6749 §2.3.1 wants both form-encoded first, and so without a colon.
fn basic_of_form(id: &str, secret: &str) -> Result<HeaderValue, Error> {
    let pair = Query::new(&[(id, secret)])?;
    let (id, secret) = pair.as_str().split_once('=').unwrap_or_default();
    basic(id, secret)
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |members: &Map<String, Value>| Vec::from_iter(members.keys().cloned());
        let mut debug = f.debug_struct("Grant");
        match &self.body {
            Ok(body) => debug.field("body", &names(body)),
            Err(reason) => debug.field("error", reason),
        };
        debug.field("parameters", &names(&self.parameters)).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use serde_json::json;

    /// The headers `authorization` and `content-type`, and the body.
    async fn sent(grant: Grant, refresh: Option<&str>) -> [String; 3] {
        let request = grant.request(&Uri::from_static("http://h/token"), refresh).unwrap();
        assert_eq!(
            (request.method(), &request.headers()[ACCEPT]),
            (&Method::POST, &HeaderValue::from_static("application/json"))
        );
        let (head, body) = request.into_parts();
        let text =
            |name| head.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let body = body.collect().await.unwrap().to_bytes();
        [text(AUTHORIZATION), text(CONTENT_TYPE), String::from_utf8(body.into()).unwrap()]
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn grants_are_forms_with_the_client_in_the_header() {
        for (grant, body) in [
            (Grant::client_credentials("id", "s"), "grant_type=client_credentials"),
            (
                Grant::password("ada", "a b&c").client("id", "s").scope("x y"),
                "grant_type=password&password=a+b%26c&scope=x+y&username=ada",
            ),
            (
                Grant::refresh_token("r").client("id", "s").parameter("audience", "a"),
                "audience=a&grant_type=refresh_token&refresh_token=r",
            ),
            (Grant::form(&json!({"a": "b", "c": null})).client("id", "s"), "a=b"),
        ] {
            assert_eq!(sent(grant, None).await, ["Basic aWQ6cw==", FORM, body]);
        }
    }

    #[tokio::test]
    async fn client_can_be_in_the_body_with_or_without_a_secret() {
        let grant = || Grant::form(&json!({}));
        let body = async |grant| sent(grant, None).await;
        let secret = "client_id=i%3Ad&client_secret=s";
        assert_eq!(body(grant().client("i:d", "s").client_in_body()).await, ["", FORM, secret]);
        assert_eq!(body(grant().client_in_body().client("i:d", "s")).await, ["", FORM, secret]);
        assert_eq!(body(grant().public_client("i:d")).await, ["", FORM, "client_id=i%3Ad"]);
    }

    #[tokio::test]
    async fn id_and_secret_are_form_encoded_before_they_are_basic() {
        let [authorization, ..] = sent(Grant::client_credentials("i:d é", "s=+%\n"), None).await;
        assert_eq!(authorization, basic("i%3Ad+%C3%A9", "s%3D%2B%25%0A").unwrap());
        assert_eq!(sent(Grant::client_credentials("", ""), None).await[0], "Basic Og==");
    }

    #[tokio::test]
    async fn refreshing_leaves_out_the_grant_and_keeps_client_and_parameters() {
        let grant = Grant::password("ada", "p").client("id", "s").scope("x").parameter("a", "b");
        let body = "a=b&grant_type=refresh_token&refresh_token=r";
        assert_eq!(sent(grant, Some("r")).await, ["Basic aWQ6cw==", FORM, body]);
    }

    #[tokio::test]
    async fn json_is_sent_as_json() {
        let grant = Grant::json(&json!({"user": "ada"})).public_client("id");
        let body = r#"{"client_id":"id","user":"ada"}"#;
        assert_eq!(sent(grant, None).await, ["", "application/json", body]);
    }

    #[test]
    fn body_that_is_no_object_is_an_error_of_the_fetch() {
        let error = Grant::json(&[1]).scope("x").request(&Uri::from_static("http://h/"), None);
        assert!(error.unwrap_err().is_config());
        assert!(
            Grant::form(&json!({"a": {"b": "c"}}))
                .request(&Uri::from_static("http://h/"), None)
                .is_err()
        );
    }
}
