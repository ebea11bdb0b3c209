//! Clients of remote procedures: a call POSTs an object, and its answer is checked.
//!
//! ```
//! use axum::{Json, Router, routing::post};
//! use http::response::Parts;
//! use serde_json::{Value, json};
//! use tower_clients::Remote;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients::Error> {
//! // It answers 200 whatever happens, as some APIs do.
//! let server = Router::new().route("/api/greet", post(async |Json(body): Json<Value>| {
//!     Json(match body["name"].as_str() {
//!         Some(name) => json!({"ok": true, "text": format!("{}, {name}", body["greeting"])}),
//!         None => json!({"ok": false, "error": "who?"}),
//!     })
//! }));
//!
//! // In a program: Remote::new("https://chat.example.com/api")?
//! let chat = Remote::with_service("http://in.process/api", server)?
//!     .defaults(json!({"greeting": 1}))
//!     .check(|_: &Parts, body: Value| match body["ok"] == true {
//!         true => Ok(body),
//!         false => Err("the chat refused the call"),
//!     });
//!
//! let answer = chat.call("greet", &json!({"name": "Ada"})).await?;
//! assert_eq!(answer["text"], "1, Ada");
//! assert!(chat.call("greet", &()).await.unwrap_err().is_check());
//! # Ok(())
//! # }
//! ```

use crate::{
    Client, Session,
    call::{Call, Judge, object},
    over_client::{authorizes, blocking_forms, constructors},
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{fmt, ops::Div, sync::Arc};
use tower_clients_layers::{Check, Error, ErrorKind, Form, Unchecked, url::ToReference};
use tower_clients_transport::Transport;

/// A [`Client`] that POSTs objects, as JSON or as a form, and checks the answers.
///
/// The members of an object are those of the [defaults](Self::defaults) and of the call; where both
/// have one, that of the call wins as a whole. `C` is the [`Check`] of the answers. A
/// status outside of 2xx is an error in any case: that of the check, if it refuses the body, else
/// an [`ErrorKind::Status`] error; both keep the response.
///
/// See the [module docs](self) for an example.
#[derive(Clone)]
pub struct Remote<S = Session<Transport>, C = Unchecked> {
    client: Client<S>,
    defaults: Result<Arc<Map<String, Value>>, &'static str>,
    is_form: bool,
    check: C,
}

constructors!(Remote, "remote");
blocking_forms!(Remote<C> { defaults, is_form, check });
authorizes!(Remote, C);

impl<S, C> Remote<S, C> {
    /// The members that every call has, unless it has its own: anything that serializes as a JSON
    /// object. In place of earlier defaults. When it is no object, the calls fail with the reason.
    #[must_use]
    pub fn defaults(mut self, members: impl Serialize) -> Self {
        self.defaults = object(&members).map(Arc::new);
        self
    }

    /// Sends forms (`application/x-www-form-urlencoded`) in place of JSON. A member that is null is
    /// left out, an array repeats its key, an object is an error of the call.
    #[must_use]
    pub fn form(mut self) -> Self {
        self.is_form = true;
        self
    }

    /// Checks the answers, which must be JSON, by a [`Check`] or a closure with named
    /// types: `|head: &Parts, body: Value| ..`. In place of an earlier check.
    #[must_use]
    pub fn check<D: Check<Value>>(self, check: D) -> Remote<S, D> {
        let Self { client, defaults, is_form, .. } = self;
        Remote { client, defaults, is_form, check }
    }

    /// The client below, whose requests give responses.
    pub fn client(&self) -> &Client<S> {
        &self.client
    }

    /// The same remote at another URL, given as a reference to this one. See [`Client::at`].
    #[must_use]
    pub fn at(&self, reference: impl ToReference) -> Self
    where
        Self: Clone,
    {
        let mut child = self.clone();
        child.client /= reference;
        child
    }
}

impl<S: Clone, C: Clone> Remote<S, C> {
    /// POSTs `parameters`: anything that serializes as a JSON object, or as null for none.
    ///
    /// Awaiting the call gives the output of the check: the JSON of the answer, unless there is a
    /// [check](Self::check). [`Call::json`] decodes it.
    pub fn call<P>(&self, reference: impl ToReference, parameters: &P) -> Call<S, Judge<C>>
    where
        P: Serialize + ?Sized,
    {
        let request = self.client.post(reference);
        let request = match self.body(parameters) {
            Ok(body) if self.is_form => request.body(Form(body)),
            Ok(body) => request.json(&body),
            Err(error) => request.fail(Error::new(ErrorKind::Request, error)),
        };
        Call::new(request, Judge::new(self.check.clone()))
    }

    fn body<P>(&self, parameters: &P) -> Result<Map<String, Value>, &'static str>
    where
        P: Serialize + ?Sized,
    {
        let mut body = Map::clone(self.defaults.as_ref().map_err(|error| *error)?);
        body.append(&mut object(parameters)?);
        if self.is_form {
            body.retain(|_, value| !value.is_null());
        }
        Ok(body)
    }
}

/// The remote [at](Remote::at) a reference.
impl<S: Clone, C: Clone, R: ToReference> Div<R> for &Remote<S, C> {
    type Output = Remote<S, C>;

    fn div(self, reference: R) -> Remote<S, C> {
        self.at(reference)
    }
}

impl<S> From<Client<S>> for Remote<S> {
    fn from(client: Client<S>) -> Self {
        Self { client, defaults: Ok(Arc::default()), is_form: false, check: Unchecked }
    }
}

impl<S, C> From<Remote<S, C>> for Client<S> {
    fn from(remote: Remote<S, C>) -> Self {
        remote.client
    }
}

impl<S, C> fmt::Display for Remote<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

/// The base URL and the keys of the defaults.
impl<S, C> fmt::Debug for Remote<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("base_url", &format_args!("{}", self.client))
            .field(
                "defaults",
                &self.defaults.as_ref().map(|members| Vec::from_iter(members.keys())),
            )
            .field("is_form", &self.is_form)
            .finish_non_exhaustive()
    }
}
