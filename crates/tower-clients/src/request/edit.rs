//! Changes that undo no other change: a `GET`, then a `PUT` on the condition that nothing happened
//! in between (RFC 9110 §13.1).

use super::{Decoded, Pending, RequestBuilder, WithHead};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode, Uri,
    header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE},
};
use http_body_util::Full;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;
use tower_clients_layers::{
    Body, BoxError, Content, DeadlineLayer, Error, ErrorKind, HttpService, Json, RequestOptions,
    Retries, validators::Validator,
};

const DEFAULT_ROUNDS: u32 = 3;

/// A document to read, change and put back. See [`Resource::edit`](crate::Resource::edit).
///
/// Such a request cannot be awaited: [`with`](RequestBuilder::with),
/// [`try_with`](RequestBuilder::try_with) and [`read`](RequestBuilder::read) send it. Its headers
/// and query go with the `GET` and the `PUT`; its [timeout](RequestBuilder::timeout) is that of
/// each.
#[derive(Debug)]
pub struct Edit(());

/// How a document is edited, as an extension of the request.
#[derive(Debug, Clone, Copy)]
struct Settings {
    rounds: u32,
    unconditional: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rounds: DEFAULT_ROUNDS, unconditional: false }
    }
}

impl<S> RequestBuilder<S, Edit> {
    fn configure(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.set(|request| {
            change(request.extensions_mut().get_or_insert_default());
            Ok(())
        })
    }

    /// How often a document that another has changed meanwhile (412) is read and changed again;
    /// 3 by default, 0 for never. Then the 412 is the error.
    pub fn rounds(self, rounds: u32) -> Self {
        self.configure(|settings| settings.rounds = rounds)
    }

    /// Puts without a condition where the response has no validator to rely on. Changes of others
    /// since the `GET` are lost then.
    pub fn unconditional(self) -> Self {
        self.configure(|settings| settings.unconditional = true)
    }
}

impl<S: HttpService<Body> + Clone> RequestBuilder<S, Edit> {
    /// Reads the document as JSON, to be changed and [put](Updating::put) back; nothing is put
    /// before. There are no rounds: where another was faster, `put` fails with 412.
    ///
    /// # Errors
    ///
    /// Those of a `GET` that is decoded, and [`ErrorKind::Validator`] when the response has no
    /// validator to rely on, unless that is [allowed](Self::unconditional).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the `GET`; nothing was changed.
    pub async fn read<T: DeserializeOwned>(self) -> Result<Updating<S, T>, Error> {
        Exchanges::new(self)?.read().await
    }

    /// Reads the document as JSON, lets `change` change it and puts it back, on the condition that
    /// it is still the one that was read; else again, for some [rounds](Self::rounds). Gives what
    /// the `PUT` answers.
    ///
    /// `change` is called once a round, each time with what was read anew. The whole document is
    /// put, also when nothing changed: that it is accepted proves that the value still holds.
    /// Members that `T` does not know are lost; a [`Value`](serde_json::Value) knows all.
    ///
    /// Where the answer to the `PUT` is lost, whether the change was made is not guessed: a document that is
    /// as it should be may be so by the change of another. A change that knows itself, such as an entry with
    /// an id of its own that is added where it is missing, can simply be edited again.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read) and [`Updating::put`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the exchange that is under way; the `PUT` may have been sent.
    pub async fn with<T, F>(self, mut change: F) -> Result<Content, Error>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(&mut T),
    {
        self.try_with(|value| {
            change(value);
            Ok::<_, Error>(())
        })
        .await
    }

    /// Like [`with`](Self::with), with a change that can fail. Then nothing is put.
    ///
    /// # Errors
    ///
    /// Those of `with`. An [`Error`] of `change` comes back as itself, any other as the source of
    /// one of kind [`Request`](ErrorKind::Request) that was not sent.
    ///
    /// # Cancel safety
    ///
    /// That of `with`.
    pub async fn try_with<T, F, E>(self, mut change: F) -> Result<Content, Error>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(&mut T) -> Result<(), E>,
        E: Into<BoxError>,
    {
        let mut exchanges = Exchanges::new(self)?;
        loop {
            let mut edit = exchanges.read::<T>().await?;
            if let Err(error) = change(&mut edit.value) {
                return Err(edit.exchanges.refused(error));
            }
            let (sending, mut again) = edit.sending()?;
            match sending.await {
                Err(error)
                    if error.is_status()
                        && error.status() == Some(StatusCode::PRECONDITION_FAILED)
                        && again.settings.rounds > 0 =>
                {
                    again.settings.rounds -= 1;
                    exchanges = again;
                }
                outcome => return outcome.map_err(|error| again.named(error)),
            }
        }
    }
}

/// What both requests have in common.
struct Exchanges<S> {
    service: S,
    deadline: DeadlineLayer,
    request: Request<()>,
    settings: Settings,
}

impl<S: HttpService<Body> + Clone> Exchanges<S> {
    fn new(builder: RequestBuilder<S, Edit>) -> Result<Self, Error> {
        let (service, deadline, request) = builder.into_parts();
        let mut request = request?.map(|_| ());
        let settings = request.extensions_mut().remove().unwrap_or_default();
        Ok(Self { service, deadline, request, settings })
    }

    fn request(&self, method: Method, body: Body) -> Request<Body> {
        let mut request = self.request.clone().map(|()| body);
        *request.method_mut() = method;
        request
    }

    fn uri(&self) -> &Uri {
        self.request.uri()
    }

    async fn read<T: DeserializeOwned>(self) -> Result<Updating<S, T>, Error> {
        let mut request = self.request(Method::GET, Body::empty());
        let headers = request.headers_mut();
        // A coding has a tag of its own, and what a cache has may be gone.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let get =
            Pending::<S, WithHead<Json<T>>>::new(self.service.clone(), self.deadline, Ok(request));
        let response = get.await?;
        let validator = match Validator::of(response.headers()) {
            Ok(validator) => Some(validator),
            Err(_) if self.settings.unconditional => None,
            Err(reason) => {
                let error = Error::new(ErrorKind::Validator, reason);
                return Err(error.for_request(&Method::GET, self.uri()));
            }
        };
        Ok(Updating { value: response.into_body(), validator, exchanges: self })
    }

    fn named(&self, error: Error) -> Error {
        error.for_request(&Method::PUT, self.uri())
    }

    fn refused(&self, error: impl Into<BoxError>) -> Error {
        match error.into().downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => self.named(Error::new(ErrorKind::Request, error)),
        }
    }
}

/// A document that was read, to be changed and put back. See
/// [`Resource::updating`](crate::Resource::updating).
///
/// Dropping it sends nothing.
#[must_use = "nothing is sent before `put`"]
pub struct Updating<S, T> {
    /// The document.
    pub value: T,
    validator: Option<Validator>,
    exchanges: Exchanges<S>,
}

type Sending<S> = Pending<S, Decoded<Content>>;

impl<S: HttpService<Body> + Clone, T: Serialize> Updating<S, T> {
    /// Puts the document as JSON, on the condition that the resource is still what was read, and
    /// gives what is answered.
    ///
    /// No layer below sends it a second time: it could meet its own effect, and a change that was
    /// made would look like a conflict.
    ///
    /// # Errors
    ///
    /// A status outside of 2xx; 412 says that another was faster. Where the answer was lost,
    /// [`may_have_been_sent`](Error::may_have_been_sent) holds: whether the change was made has to
    /// be read again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is polled sends nothing; later the server may have seen it.
    pub async fn put(self) -> Result<Content, Error> {
        let (sending, exchanges) = self.sending()?;
        sending.await.map_err(|error| exchanges.named(error))
    }

    fn sending(self) -> Result<(Sending<S>, Exchanges<S>), Error> {
        let Self { value, validator, exchanges } = self;
        let bytes = serde_json::to_vec(&value).map_err(|error| exchanges.refused(error))?;
        // A body that cannot be copied cannot be repeated.
        let body = Body::new(Full::new(Bytes::from(bytes)));
        let mut request = exchanges.request(Method::PUT, body);
        let options = RequestOptions::of_mut(&mut request);
        let retries = options.retry_value().unwrap_or_default().min(Retries::IfUnsent);
        *options = std::mem::take(options).retry(retries);
        let headers = request.headers_mut();
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        if let Some(validator) = validator {
            headers.insert(validator.name(), validator.value().clone());
        }
        let sending = Pending::new(exchanges.service.clone(), exchanges.deadline, Ok(request));
        Ok((sending, exchanges))
    }
}

impl<S, T> Updating<S, T> {
    pub(crate) fn service(&self) -> &S {
        &self.exchanges.service
    }

    pub(crate) fn map_service<V>(self, change: impl FnOnce(S) -> V) -> Updating<V, T> {
        let Self { value, validator, exchanges } = self;
        let Exchanges { service, deadline, request, settings } = exchanges;
        let exchanges = Exchanges { service: change(service), deadline, request, settings };
        Updating { value, validator, exchanges }
    }

    /// The condition under which it is put; `None` for one that is
    /// [unconditional](RequestBuilder::unconditional).
    pub fn validator(&self) -> Option<&Validator> {
        self.validator.as_ref()
    }
}

/// Neither the document nor the request.
impl<S, T> fmt::Debug for Updating<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Updating").finish_non_exhaustive()
    }
}
