//! What a mock was asked.

use bytes::Bytes;
use http::Request;
use serde::de::DeserializeOwned;
use std::{
    borrow::Cow,
    fmt::{self, Debug},
    ops::Deref,
    str::FromStr,
};

/// A request that a [`Mock`](crate::Mock) was sent, with its whole body. It is an
/// [`http::Request<Bytes>`], and knows what stood in the place of the names of a path.
///
/// ```
/// use tower::ServiceExt;
/// use tower_clients_layers::Body;
/// use tower_clients_mock::{Mock, Reply};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
/// let mock = Mock::new();
/// let user = mock.put("/users/{id}").reply(Reply::status(204));
/// let request = http::Request::put("http://h/users/7").body(Body::from(r#"{"age": 36}"#))?;
/// mock.clone().oneshot(request).await?;
///
/// let call = &user.requests()[0];
/// assert_eq!((call.uri().path(), call.param::<u32>("id")), ("/users/7", 7));
/// assert_eq!(call.json::<serde_json::Value>()["age"], 36);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Call {
    request: Request<Bytes>,
    params: Vec<(String, String)>,
}

impl Call {
    pub(crate) fn new(request: Request<Bytes>, params: Vec<(String, String)>) -> Self {
        Self { request, params }
    }

    /// What stood in the path in place of `{name}`, percent-decoded, as a number or text.
    ///
    /// # Panics
    ///
    /// The path of the rule has no such name, or it is no `T`.
    #[must_use]
    pub fn param<T: FromStr<Err: Debug>>(&self, name: &str) -> T {
        let value = self.params.iter().find(|(other, _)| other == name);
        let (_, value) = value.unwrap_or_else(|| panic!("the path has no {{{name}}}"));
        value.parse().unwrap_or_else(|error| panic!("`{value}` for {{{name}}}: {error:?}"))
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// It is no JSON, or no `T`.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        let parsed = serde_json::from_slice(self.request.body());
        parsed.unwrap_or_else(|error| panic!("the body of {self}: {error}: {}", self.text()))
    }

    /// The body as text; what is no UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.request.body())
    }
}

impl Deref for Call {
    type Target = Request<Bytes>;

    fn deref(&self) -> &Request<Bytes> {
        &self.request
    }
}

/// The method and URI.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.request.method(), self.request.uri())
    }
}
